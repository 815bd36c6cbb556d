-- Requests of Slack's that come to a path where nobody takes them: a Request URL that
-- was mistyped shows nowhere else.

local LogLimit = require "slack.log_limit"
local http_options = require "slack.http_options"
local loop = require "slack.loop"

local PERIOD = 10
local MOST_SHOWN = 100 -- bytes of a path

---@class slack.Strays
---@field settings table of the app
---@field log slack.Logger
---@field lines slack.LogLimit
local Strays = {}
Strays.__index = Strays
Strays.__name = "slack.strays"

---@param settings table of the app
---@param log slack.Logger
---@return slack.Strays
function Strays.new(settings, log)
  return setmetatable({
    settings = settings, log = log, lines = LogLimit.new(loop.now, PERIOD),
  }, Strays)
end

-- What the Request URL should have been.
local function advice(settings)
  if not settings.http or not http_options.receives(settings) then
    return ("Slack's come over %s here, which has no Request URL"):format(
      settings.transport == "rtm" and "RTM" or "Socket Mode")
  end
  local paths = {}
  for i, served in ipairs(http_options.served_paths(settings.http.path)) do
    paths[i] = served.path
  end
  return "the Request URL's path is " .. table.concat(paths, " or ")
end

---A request was refused that no route is for: says so once in a while, when it looks like
---one of Slack's.
---@param method string
---@param path string
---@param headers string lines as received
function Strays:note(method, path, headers)
  if method ~= "POST" or not ("\n" .. headers):lower():find("\nx-slack-signature:", 1, true) then
    return
  end
  local is_due, unsaid = self.lines:is_due "stray"
  if is_due then
    path = #path > MOST_SHOWN and path:sub(1, MOST_SHOWN) .. "…" or path
    self.log:info("nobody takes POST %s%s: %s", path,
      unsaid > 0 and (" (nor %d like it)"):format(unsaid) or "", advice(self.settings))
  end
end

return Strays
