-- A delivery that nobody but the console has sent: it goes through the dispatch as those from
-- Slack do, and its ack comes back here.

local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local MAX_ACK = 20480

local INTERACTIONS = {
  block_actions = true, interactive_message = true, block_suggestion = true,
  dialog_suggestion = true, dialog_submission = true, dialog_cancellation = true,
  shortcut = true, message_action = true, view_submission = true, view_closed = true,
}

local M = {}

---@class slack.console.Request: slack.Request
local Request = { max_ack = MAX_ACK }
Request.__index = Request
Request.__name = "slack.console.request"

function Request:ack(text)
  if text and #text >= MAX_ACK then
    return nil, errors.new { code = "too_large", message = "too large", limit = MAX_ACK }
  end
  self.waiter:resolve({ ack = text and json.decode(text) or nil })
  return true
end

function Request:refuse(why)
  self.waiter:resolve({ refused = why or "failed" })
end

local last_event = 0

local function complete_event(app, event)
  last_event = last_event + 1
  local now = ("%.6f"):format(os.time() + last_event % 1000000 / 1e6)
  local whole = { ts = now, event_ts = now }
  if event.type == "message" then
    whole.channel_type = type(event.channel) == "string" and event.channel:find "^D" and "im"
      or "channel"
  end
  for name, value in pairs(event) do
    whole[name] = value
  end
  local identity = app.identity or {}
  return {
    type = "event_callback", team_id = identity.team_id, api_app_id = identity.app_id,
    event_id = ("EvConsole%d.%d"):format(os.time(), last_event), event_time = os.time(),
    event = whole,
  }
end

-- What people do, or a whole delivery, is taken as it is; an event gets its envelope.
local function body_of(app, given)
  if type(given) == "string" then
    given = { type = "message", text = given }
  elseif given.event or given.command or INTERACTIONS[given.type] then
    return given
  end
  if type(given.type) ~= "string" then
    return nil, 'fire: { type = "app_mention", … } or { command = "/name", … } expected'
  end
  return complete_event(app, given)
end

---Gives the app what could have come from Slack. Of an event true; of what owes an ack what
---that was.
---@async
---@param app slack.App
---@param given string|table text of a message; an event; a command; a whole delivery
---@return any ack
---@return string? problem
function M.fire(app, given)
  if type(given) ~= "string" and type(given) ~= "table" then
    return nil, "fire: a text or a table expected, got " .. type(given)
  end
  local body, problem = body_of(app, given)
  if not body then
    return nil, problem
  end
  local is_event = body.event ~= nil
  local request = setmetatable({
    body = body, came_as = is_event and "event" or body.command and "command" or "interaction",
    acked = is_event, takes_payload = true, received = loop.now(), waiter = tasks.waiter(),
    context = false, taken = false, answered = false, acked_by = false,
  }, Request)
  app.dispatch:request(request)
  if is_event then
    return true
  end
  local timer = loop.after(app.settings.ack_deadline, function()
    request.waiter:resolve({ refused = "no ack came in time" })
    app.dispatch:deadline(request)
  end)
  local outcome = request.waiter:await()
  timer:cancel()
  if outcome.refused then
    return nil, "the app refused it: " .. outcome.refused
  end
  return outcome.ack or "acked empty"
end

return M
