-- Events that Slack gets an answer for when their handlers have ended (option
-- http.answer_events = "handled"), so that it delivers again what failed. To the
-- handlers they are acked like all events.

---@class slack.HeldEvents
---@field twins table<string, slack.Request[]> by event_id: deliveries of an event that came
---  while its handlers ran
local HeldEvents = {}
HeldEvents.__index = HeldEvents
HeldEvents.__name = "slack.held_events"

---@return slack.HeldEvents
function HeldEvents.new()
  return setmetatable({ twins = {} }, HeldEvents)
end

---Its handlers are going to run.
---@param request slack.Request
---@param event_id any
function HeldEvents:begin(request, event_id)
  if type(event_id) == "string" then
    request.event_id = event_id
    self.twins[event_id] = {}
  end
end

local function answer(request, why)
  if why then
    request:refuse(why)
  else
    request:ack(nil)
  end
end

---Another delivery of an event is not handled: its answer is that of the first.
---@param request slack.Request
---@param event_id string
function HeldEvents:join(request, event_id)
  local list = self.twins[event_id]
  if list then
    list[#list + 1] = request
  else
    answer(request) -- that has been handled
  end
end

---Its handlers have ended, or wait for people.
---@param request slack.Request
---@param why? string nil when all went well
function HeldEvents:finish(request, why)
  why = why or request.is_unknown and "unmatched" or nil
  local list = self.twins[request.event_id]
  if request.event_id then
    self.twins[request.event_id] = nil
  end
  answer(request, why)
  request.held = nil -- from here on it is as any event
  for _, twin in ipairs(list or {}) do
    twin.no_retry = request.no_retry
    answer(twin, why)
  end
end

return HeldEvents
