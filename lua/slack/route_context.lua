-- What the handler of a route gets: one HTTP request, its parts read when they are
-- asked for.

local form = require "slack.form"
local headers = require "slack.headers"
local json = require "slack.json"

local FORM = "application/x-www-form-urlencoded"

---@class slack.RouteContext
---@field kind "route"
---@field type "route"
---@field app slack.App
---@field method string
---@field path string as it came
---@field params table<string, string> of the path, decoded
---@field query table<string, string> the first value of each name, decoded
---@field query_values table<string, string[]> all of them
---@field headers table<string, string> by name in any case; of several with one name all, joined
---@field cookies table<string, string>
---@field body string as it came
---@field form? table<string, string> of a form: the first value of each name
---@field form_values? table<string, string[]> all of them
---@field form_error? string why there is none, for another content type too
---@field json any the decoded body; nil when it is no JSON
---@field json_error? string why there is none
---@field client slack.Client with the app's own token; with oauth or authorize there may be
---  none, and app:client_for has those of workspaces
---@field log slack.Logger
---@field data table free for the program
---@field state table the states of app:state by name
---@field received number when it came, on the clock of slack.loop
---@field listener slack.Route
---@field request { acked: boolean } whether it has been answered
local RouteContext = { __name = "slack.route_context" }

-- Fields computed when asked for -----------------------------------------------------

local fields = {}

-- Without blanks at its ends, however many there are: each pattern begins in one place.
local function trimmed(text)
  local start = text:find "%S"
  return start and text:match("^.*%S", start) or ""
end

-- Cookies of others need not be encoded.
function fields.cookies(c)
  local cookies = {}
  for pair in (c.headers.cookie or ""):gmatch "[^;]+" do
    local name, value = pair:match "^([^=]*)=(.*)$"
    name, value = trimmed(name or ""), trimmed(value or "")
    if name ~= "" and not name:find "%s" and not cookies[name] then
      value = value:match '^"(.*)"$' or value
      cookies[name] = form.unescape(value) or value
    end
  end
  return cookies
end

local function read_form(c)
  local media_type = (c.headers["content-type"] or ""):match "^[^;%s]*":lower():sub(1, 80)
  if media_type ~= FORM then
    c.form_error = ("a body of the type %s expected, got %s"):format(FORM,
      media_type == "" and "one without a type" or media_type)
    return
  end
  local values, all = form.decode(c.body)
  c.form = values
  c.form_values, c.form_error = values and all, not values and all or nil
end

local function read_json(c)
  local value, problem = json.decode(c.body)
  c.json, c.json_error = value, value == nil and problem or nil
end

-- Several fields that come of one reading.
local function of_reading(name, read)
  return function(c)
    local done = c._readings
    if not done[read] then
      done[read] = true
      read(c)
    end
    return rawget(c, name)
  end
end

for _, name in ipairs { "form", "form_values", "form_error" } do
  fields[name] = of_reading(name, read_form)
end
for _, name in ipairs { "json", "json_error" } do
  fields[name] = of_reading(name, read_json)
end

function fields._readings()
  return {}
end

function fields.client(c)
  return c.app.client
end

function fields.log(c)
  return c.app.log:with { listener = tostring(c.listener) }
end

function fields.state(c)
  return c.app.states
end

function fields.data()
  return {}
end

function RouteContext.__index(c, name)
  local compute = fields[name]
  local value = compute and compute(c)
  if value ~= nil then
    rawset(c, name, value)
  end
  return value
end

function RouteContext:__tostring()
  return ("slack.route_context: %s %s"):format(self.method, self.listener and self.listener.path)
end

---@param request table its method, path, query, query_values, headers (raw lines), body, received
---@param app slack.App
---@param route slack.Route
---@param params table<string, string>
---@return slack.RouteContext
function RouteContext.new(request, app, route, params)
  return setmetatable({
    kind = "route", type = "route", app = app, listener = route, params = params,
    method = request.method, path = request.path, headers = headers.parse(request.headers),
    query = request.query, query_values = request.query_values, body = request.body,
    received = request.received, request = request,
  }, RouteContext)
end

return RouteContext
