-- One route of the program's own: for which methods and paths it is, and its
-- handler. A path is compared as it came, nothing in it is tidied up before.

local Listener = require "slack.listener"
local form = require "slack.form"
local sorted_keys = require "slack.sorted_keys"

---@class slack.Route
---@field methods table<string, true>
---@field any_method boolean
---@field path string as it was registered
---@field exact? string the path in a request, when there is only one
---@field segments? slack.RouteSegment[]
---@field shape string the same for paths that differ in the names of parameters only
---@field rank string sorts the more particular before the more general
---@field handler fun(c: slack.RouteContext): any
---@field script? string
---@field is_probe? boolean answered also when as many handlers run as may
local Route = {}
Route.__index = Route
Route.__name = "slack.route"

---@class slack.RouteSegment
---@field literal? string as it stands in a request
---@field name? string of the parameter
---@field takes_rest? boolean

---What stands between the slashes of a path.
---@param path string
---@return string[]
function Route.split(path)
  local parts = {}
  for part in (path:sub(2) .. "/"):gmatch "([^/]*)/" do
    parts[#parts + 1] = part
  end
  return parts
end

-- Making --------------------------------------------------------------------------

local function read_methods(self, method)
  local list = type(method) == "table" and method or { method }
  if #list == 0 then
    return nil, "method: a name, a list of names, or \"*\" expected, got "
      .. (type(method) == "table" and "an empty list" or type(method))
  end
  for _, name in ipairs(list) do
    if type(name) ~= "string" then
      return nil, "method: string expected, got " .. type(name)
    elseif name == "*" then
      self.any_method = true
    elseif name:find "^%a[%w_%-]*$" then
      self.methods[name:upper()] = true
    else
      return nil, ('method: "GET", "POST" or the like expected, got %q'):format(name)
    end
  end
  return true
end

-- A percent sign that begins an encoding stays.
local function canonical(literal)
  literal = literal:gsub("%%(%x%x)", function(hex) return "\0" .. hex:upper() end)
  literal = form.escape(literal, "[^%w%-._~!$&'()*+,;=:@\0]")
  return (literal:gsub("\0", "%%"))
end

local function read_segment(text, is_last, names)
  local mark, name = text:match "^([:*])(.*)$"
  if not mark then
    return { literal = canonical(text) }
  elseif not name:find "^[%a_][%w_]*$" then
    return nil, ("%q: a name of letters, digits and _ expected after %q"):format(text, mark)
  elseif names[name] then
    return nil, ("the parameter %q stands in it twice"):format(name)
  elseif mark == "*" and not is_last then
    return nil, ("%q takes all the rest: it can only stand at the end"):format(text)
  end
  names[name] = true
  return { name = name, takes_rest = mark == "*" }
end

local function rank_of(segment)
  return segment.literal and "0" or segment.takes_rest and "2" or "1"
end

local function read_path(self, path)
  if type(path) ~= "string" then
    return nil, "path: string expected, got " .. type(path)
  elseif path:sub(1, 1) ~= "/" then
    return nil, ("path: %q does not begin with a slash"):format(path)
  elseif path:find "[?#%c]" or not utf8.len(path) then
    return nil, ("path: %q: a path in UTF-8 without query expected"):format(path)
  end
  local segments, literals, shape, ranks, names = {}, {}, {}, {}, {}
  local parts = Route.split(path)
  for i, text in ipairs(parts) do
    local segment, problem = read_segment(text, i == #parts, names)
    if not segment then
      return nil, "path: " .. problem
    end
    segments[i], ranks[i] = segment, rank_of(segment)
    shape[i] = segment.literal or segment.takes_rest and "*" or ":"
    literals[#literals + 1] = segment.literal
  end
  self.path, self.rank, self.shape = path, table.concat(ranks), table.concat(shape, "/")
  if #literals == #segments then
    self.exact = "/" .. table.concat(literals, "/")
  else
    self.segments = segments
  end
  return true
end

---@param method string|string[] "*": any
---@param path string
---@param handler function
---@return slack.Route? route
---@return string? problem what is wrong with the arguments
function Route.new(method, path, handler)
  local self = setmetatable({ methods = {}, any_method = false, handler = handler }, Route)
  local ok, problem = read_methods(self, method)
  if ok then
    ok, problem = read_path(self, path)
  end
  if not ok then
    return nil, problem
  elseif not Listener.is_callable(handler) then
    return nil, "handler: function expected, got " .. type(handler)
  end
  self.place = Listener.place_of(handler)
  return self
end

---Like `GET /orders/:id`.
---@return string
function Route:words()
  local methods = self.any_method and "*" or table.concat(sorted_keys(self.methods), ",")
  return methods .. " " .. self.path
end

---Like `app:route GET /orders/:id (handlers/orders.lua:3)`.
function Route:__tostring()
  return ("app:route %s (%s)"):format(self:words(), self.place)
end

-- Matching --------------------------------------------------------------------------

---Whether nothing is left for another route where this one goes first.
---@param other slack.Route
---@return boolean
function Route:covers(other)
  if self.shape ~= other.shape or other.any_method and not self.any_method then
    return false
  end
  for name in pairs(other.methods) do
    if not self.any_method and not self.methods[name] then
      return false
    end
  end
  return true
end

---HEAD is answered like GET where nothing else is there for it.
---@param method string
---@return boolean
function Route:takes(method)
  return self.any_method or self.methods[method] == true
    or method == "HEAD" and self.methods.GET == true
end

-- "." and ".." are no names: where one comes in encoded, somebody is after files.
local function is_climbing(text)
  return ("/" .. text .. "/"):find "/%.%.?/" ~= nil
end

local function parameter(text)
  local value = form.unescape(text)
  if value and not is_climbing(value) and not value:find("\0", 1, true) then
    return value
  end
end

---The parameters, if the path of a request is one of its.
---@param parts string[] between the slashes, still encoded
---@return table<string, string>? params
function Route:match(parts)
  local segments, params = self.segments, {}
  local count = #segments
  if #parts < count or #parts > count and not segments[count].takes_rest then
    return nil
  end
  for i = 1, count do
    local segment, part = segments[i], parts[i]
    if segment.literal then
      if segment.literal ~= part then
        return nil
      end
    else
      local text = segment.takes_rest and table.concat(parts, "/", i) or part
      local value = parameter(text)
      if not value or value == "" and not segment.takes_rest then
        return nil
      end
      params[segment.name] = value
    end
  end
  return params
end

return Route
