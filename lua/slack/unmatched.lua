-- Warnings for what no listener takes, with the line of code that would. Each id
-- is named once in a while, and nothing but ids is shown.

local LogLimit = require "slack.log_limit"

local PERIOD = 600 -- seconds between two warnings about the same

local M = {}

---@class slack.Unmatched
local Unmatched = {}
Unmatched.__index = Unmatched
Unmatched.__name = "slack.unmatched"

---@param app slack.App
---@param clock fun(): number
---@return slack.Unmatched
function M.new(app, clock)
  return setmetatable({ app = app, warnings = LogLimit.new(clock, PERIOD) }, Unmatched)
end

local function line(method, id)
  return ("app:%s(%q, function(c) … end)"):format(method, id)
end

-- An id as text; one that is none of Slack's has no name of its own for each time it comes.
local function name_of(id)
  return type(id) == "table" and "(no text)" or tostring(id)
end

local SUGGEST = {}

function SUGGEST.event(c)
  local id = name_of(c.type)
  return "event", id, id == "message" and "app:message(function(c) … end)" or line("event", id)
end

function SUGGEST.command(c)
  return "command", c.payload.command, line("command", c.payload.command)
end

function SUGGEST.action(c)
  local part = c.payload
  if part.action_id then
    local id = name_of(part.action_id)
    return "action", id, line("action", id)
  end
  local id = name_of(c.body.callback_id)
  return "action", id, ("app:action({ callback_id = %q }, function(c) … end)"):format(id)
end

function SUGGEST.options(c)
  local id = name_of(c.payload.action_id or c.payload.name)
  return "options", id, line("options", id)
end

function SUGGEST.shortcut(c)
  local id = name_of(c.payload.callback_id)
  return "shortcut", id, line("shortcut", id)
end

function SUGGEST.view(c)
  local id = name_of(c.payload.callback_id)
  local method = c.type == "view_closed" and "view_closed" or "view"
  return c.type, id, line(method, id)
end

---@param c slack.Context
---@param named boolean whether listeners for this very id are there: then it is no
---  surprise that another condition of theirs did not hold
function Unmatched:note(c, named)
  local what, id, suggestion = SUGGEST[c.kind](c)
  if named then
    self.app.log:debug("no listener matched %s %q", what, id)
  elseif self.warnings:is_due(what .. " " .. id) then
    self.app.log:warn("no listener for %s %q. To handle it: %s", what, id, suggestion)
  end
end

---For a body of no kind that listeners are for.
---@param body table
---@param problem? string why it could not be read
function Unmatched:note_unknown(body, problem)
  local kind = name_of(body.type)
  if not self.warnings:is_due("unknown " .. (problem and "(unreadable)" or kind)) then
    return
  elseif problem then
    self.app.log:warn("a payload could not be read: %s", problem)
  elseif kind == "app_rate_limited" then
    self.app.log:warn("Slack drops events of this app: more than it delivers in an hour "
      .. "(app_rate_limited)")
  else
    self.app.log:warn("a payload of the unknown type %q came: app:any(function(c) … end) sees it",
      kind)
  end
end

return M
