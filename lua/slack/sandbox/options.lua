-- The options of a local Slack, checked.

local RateLimits = require "slack.sandbox.rate_limits"
local checks = require "slack.sandbox.checks"

---@class slack.SandboxOptions: slack.sandbox.WorkspaceOptions
---@field port? integer of the Web API; 0, the default: any free one
---@field websocket_port? integer of Socket Mode; 0: any free one
---@field bot_token? string "xoxb-…"; by default a new one at each start
---@field app_token? string "xapp-…"; by default a new one at each start
---@field signing_secret? string by default a new one at each start
---@field client_id? string by default a new one at each start
---@field client_secret? string by default a new one at each start
---@field redirect_urls? string[] where an installation may return to; any of this machine
---@field token_rotation? boolean tokens that OAuth gives live for twelve hours
---@field installed? boolean false: the app has to be installed first; see install
---@field enterprise? { id: string?, name: string? } whose workspace it is
---@field tls? boolean false: plain http and ws
---@field certificate? table names, starts_in, ends_in: see core.certificate
---@field hello? boolean false: connections are never greeted
---@field ping_interval? number seconds, 10
---@field ack_timeout? number seconds until an event is delivered again, 3
---@field retry_delays? number[] seconds, { 0, 60, 300 }
---@field patience? number seconds, for slow machines: how long what has a timeout waits when
---  none is given, and triggers live; instead of Slack's 3 and of 5
---@field stream_timeout? number seconds that a message may be written on with
---  chat.appendStream, 300
---@field rate_limits? boolean|slack.PacingOptions answer 429 to what is over Slack's limits, or
---  over these; false
---@field scopes? string[] that the app has; what needs others is refused with missing_scope, and
---  events that need others do not come. nil: nothing is refused
---@field events? string[] the app's event subscriptions, "message.channels" for instance; nil: all
---@field page? boolean|{ port: integer? } a page in the browser, see page_url; false
---@field most_calls? integer how many calls of the Web API are remembered at least, the newest;
---  nil: all
---@field log? slack.Logger

local OPTIONS = {
  port = "number", websocket_port = "number", tls = "boolean", certificate = "table",
  hello = "boolean", ping_interval = "number", ack_timeout = "number", retry_delays = "table",
  patience = "number", log = "table", team_name = "string", bot_name = "string", bot = "table",
  users = "table", channels = "table", clock = "function", bot_token = "string",
  app_token = "string", signing_secret = "string", client_id = "string",
  client_secret = "string", redirect_urls = "table", token_rotation = "boolean",
  installed = "boolean", stream_timeout = "number", enterprise = "table",
  rate_limits = "any", scopes = "table", events = "table", unfurl_domains = "table",
  metadata_events = "table", home_tab = "boolean", page = "any",
  most_calls = "number",
}

-- Nothing that would not stand in a header as it is.
local TOKENS = { bot_token = "^xoxb%-[%w.-]+$", app_token = "^xapp%-[%w.-]+$" }

local function limits_problem(value)
  local problem, is_whole = RateLimits.check(value)
  return problem and not is_whole and "option 'rate_limits': " .. problem or problem
end

local function page_problem(page)
  local port = type(page) == "table" and page.port
  if type(page) ~= "boolean" and type(page) ~= "table" then
    return "option 'page': true or a table with port expected, got " .. type(page)
  elseif port and (math.type(port) ~= "integer" or port < 0 or port > 65535) then
    return "option 'page': field \"port\": a port from 0 to 65535 expected"
  end
  for name in pairs(type(page) == "table" and page or {}) do
    if name ~= "port" then
      return ("option 'page': unknown field %q; port is what it has"):format(tostring(name))
    end
  end
end

---Raises at the caller of the caller.
---@param options table
---@return slack.SandboxOptions
local function check(options)
  for name, value in pairs(options) do
    local problem = checks.option_problem(name, value, OPTIONS)
      or name == "rate_limits" and limits_problem(value)
      or name == "page" and page_problem(value)
    if problem then
      error("sandbox.start: " .. problem, 3)
    elseif TOKENS[name] and not value:find(TOKENS[name]) then
      error(("sandbox.start: option '%s': %s-, then letters, digits, dots and dashes expected")
        :format(name, TOKENS[name]:sub(2, 5)), 3)
    end
  end
  return options
end

return check
