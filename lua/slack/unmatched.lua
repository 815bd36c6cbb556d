-- Warnings for what no listener takes, with the line of code that would. Each id
-- is named once in a while, and nothing but ids is shown.

local LogLimit = require "slack.log_limit"
local kinds = require "slack.kinds"
local payload = require "slack.payload"

local PERIOD = 600 -- seconds between two warnings about the same
local MOST_SHOWN = 300 -- bytes of an id; those that Slack takes have 255 characters

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

-- What is remembered of an id, and what a line has of it.
local function short(text)
  return #text <= MOST_SHOWN and text or text:sub(1, MOST_SHOWN) .. "…"
end

-- An id as text; one that is none of Slack's has no name of its own for each time it comes.
local function name_of(id)
  local kind = type(id)
  return kind == "string" and short(id) or kind == "table" and "(no text)" or tostring(id)
end

-- The code for a table of constraints, of which some may have no value.
local function line_for(method, ...)
  local parts = {}
  for i = 1, select("#", ...), 2 do
    local field, id = select(i, ...)
    if type(id) == "string" then
      parts[#parts + 1] = ("%s = %q"):format(field, short(id))
    end
  end
  return ("app:%s({ %s }, function(c) … end)"):format(method, table.concat(parts, ", "))
end

local SUGGEST = {}

local function suggest_message(event)
  if kinds.is_ordinary(event) then
    return "event", "message", "app:message(function(c) … end)"
  end
  return "message", name_of(event.subtype), line_for("message", "subtype", event.subtype)
end

function SUGGEST.event(c)
  local id = name_of(c.payload.type)
  if id == "message" then
    return suggest_message(c.payload)
  elseif id:find "^assistant_thread_" then
    return "event", id, "app:assistant { thread_started = …, user_message = … }"
  elseif id == "function_executed" then
    local callback_id = name_of(payload.callback_id(c.body))
    return "function", callback_id, line("func", callback_id)
  end
  return "event", id, line("event", id)
end

function SUGGEST.command(c)
  local id = name_of(c.payload.command)
  return "command", id, line("command", id)
end

-- Attachments and dialogs have no action_ids; what they send is known by their callback_id.
function SUGGEST.action(c)
  local part, body = c.payload, c.body
  if payload.present(part.action_id) then
    local id = name_of(part.action_id)
    return "action", id, line("action", id)
  end
  return name_of(body.type), name_of(body.callback_id),
    line_for("action", "type", body.type, "callback_id", body.callback_id)
end

function SUGGEST.options(c)
  local part, body = c.payload, c.body
  if payload.present(part.action_id) then
    local id = name_of(part.action_id)
    return "options", id, line("options", id)
  end
  return "options", name_of(part.name),
    line_for("options", "callback_id", body.callback_id, "name", part.name)
end

function SUGGEST.shortcut(c)
  local id = name_of(c.payload.callback_id)
  return "shortcut", id, line("shortcut", id)
end

function SUGGEST.view(c)
  local id = name_of(c.payload.callback_id)
  local method = c.type == "view_closed" and "view_closed" or "view"
  if id == "" then
    return c.type, id, "give the view a callback_id"
  end
  return c.type, id, line(method, id)
end

---@param c slack.Context
---@param named boolean whether listeners for this very id are there: then it is no
---  surprise that another condition of theirs did not hold
function Unmatched:note(c, named)
  if named and not self.app.log:is_enabled "debug" then
    return
  end
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
