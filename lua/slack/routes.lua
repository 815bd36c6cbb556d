-- The paths that the HTTP side serves besides Slack's: those of the framework and
-- those that app:route registers. Which one a request is for: an exact path goes
-- before one with a parameter in that place, that before one that takes all the
-- rest; of equals the first registered.

local lazy = require "slack.lazy"
local Route = lazy "slack.route"
local form = lazy "slack.form"
local http_options = require "slack.http_options"
local sorted_keys = require "slack.sorted_keys"

---@class slack.Routes
---@field own slack.Route[] of the framework
---@field registered slack.Route[] of the program and its scripts
---@field reserved table<string, string> path -> what is there
---@field exact table<string, slack.Route[]>
---@field patterns slack.Route[]
local Routes = {}
Routes.__index = Routes
Routes.__name = "slack.routes"

-- Slack's own paths never come here.
local function reserve_endpoints(self, options)
  local path = options.http and http_options.receives(options) and options.http.path
  for _, one in pairs(type(path) == "table" and path or { path or nil }) do
    self:reserve(one, "Slack is served")
  end
end

---@param options slack.AppOptions
---@return slack.Routes
function Routes.new(options)
  local self = setmetatable({
    own = {}, registered = {}, reserved = {}, exact = {}, patterns = {},
  }, Routes)
  reserve_endpoints(self, options)
  return self
end

-- Filling -------------------------------------------------------------------------

local function insert(exact, patterns, route)
  if route.exact then
    local list = exact[route.exact] or {}
    exact[route.exact] = list
    list[#list + 1] = route
    return
  end
  local at = #patterns + 1
  while at > 1 and patterns[at - 1].rank > route.rank do
    at = at - 1
  end
  table.insert(patterns, at, route)
end

-- All in one assignment each, so that a request sees the old or the new.
local function build(self)
  local exact, patterns = {}, {}
  for _, list in ipairs { self.own, self.registered } do
    for _, route in ipairs(list) do
      insert(exact, patterns, route)
    end
  end
  self.exact, self.patterns = exact, patterns
end

---No route may be registered for that path.
---@param path string
---@param what string in words that follow "there": "Slack is served"
function Routes:reserve(path, what)
  self.reserved[path] = what
end

---Whether a path is taken, and by whom.
---@param route slack.Route
---@return string? what
function Routes:taken_by(route)
  return route.exact and self.reserved[route.exact]
end

---@class slack.RouteSettings
---@field method string|string[]
---@field path string
---@field handler fun(c: slack.RouteContext): any
---@field what? string who wants the same path is told, "a page for installing is served"
---@field is_probe? boolean answered also when as many handlers run as may, and not waited for

---Adds a route of the framework, whose path nobody else gets.
---@param settings slack.RouteSettings
function Routes:add(settings)
  local route, problem = Route.new(settings.method, settings.path, settings.handler)
  if not route then
    error("routes:add: " .. problem, 2)
  end
  local taken = self:taken_by(route)
  if taken and taken ~= settings.what then
    error(("routes:add: at %q %s already"):format(route.path, taken), 2)
  end
  route.is_probe, route.is_own = settings.is_probe, true
  if route.exact then
    self.reserved[route.exact] = settings.what or "the app is served"
  end
  self.own[#self.own + 1] = route
  build(self)
end

-- One that another keeps from ever being reached.
local function warn_of_covered(self, log)
  local by_shape = {}
  for _, route in ipairs(self.registered) do
    local others = by_shape[route.shape] or {}
    by_shape[route.shape] = others
    for _, other in ipairs(others) do
      if other:covers(route) and not route.is_told then
        route.is_told = true
        log:warn("%s is never reached: %s was registered before", tostring(route), tostring(other))
      end
    end
    others[#others + 1] = route
  end
end

---What is registered from now on, in its order.
---@param list slack.Route[]
---@param log? slack.Logger
function Routes:replace(list, log)
  if #list > 0 or #self.registered > 0 then
    self.registered = list
    build(self)
    if log then
      warn_of_covered(self, log)
    end
  end
end

-- Finding -------------------------------------------------------------------------

-- The list of those whose path matches, the best first, each with its parameters.
local function candidates(self, path)
  local found = {}
  for _, route in ipairs(self.exact[path] or {}) do
    found[#found + 1] = { route = route, params = {} }
  end
  local parts = self.patterns[1] and Route.split(path)
  for _, route in ipairs(self.patterns) do
    local params = route:match(parts)
    if params then
      found[#found + 1] = { route = route, params = params }
    end
  end
  return found
end

local function allowed(found)
  local methods = { OPTIONS = true }
  for _, one in ipairs(found) do
    for name in pairs(one.route.methods) do
      methods[name] = true
      methods.HEAD = methods.HEAD or name == "GET" or nil
    end
  end
  return table.concat(sorted_keys(methods), ", ")
end

---@class slack.RouteMiss
---@field status integer
---@field allow? string methods, for the header Allow

---The route for a request.
---@param method string
---@param path string as it came, without the query
---@return slack.Route? route
---@return table<string, string>|slack.RouteMiss params or why there is none
function Routes:find(method, path)
  if path:find("%", 1, true) then
    if not form.unescape(path) then
      return nil, { status = 400 }
    end
    path = path:gsub("%%%x%x", string.upper)
  end
  local found = candidates(self, path)
  for _, one in ipairs(found) do
    if one.route:takes(method) then
      return one.route, one.params
    end
  end
  if path == "*" then -- OPTIONS about the server, which is all that has it
    return nil, { status = 204 }
  elseif #found == 0 then
    return nil, { status = 404 }
  end
  return nil, { status = method == "OPTIONS" and 204 or 405, allow = allowed(found) }
end

return Routes
