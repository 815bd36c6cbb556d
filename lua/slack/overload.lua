-- What becomes of a delivery that finds the queue of its listener full (lanes.lua): a person
-- is told, an event is dropped, and the log says so once in a while.

local lazy = require "slack.lazy"
local LogLimit = require "slack.log_limit"
local acks = require "slack.acks"
local loop = require "slack.loop"
local notice = lazy "slack.notice"

-- Nobody waits for an answer to these.
local IS_EVENT = { event = true, unknown = true }
local PERIOD = 60 -- seconds between two warnings about the same listener

---@class slack.Overload
---@field warnings slack.LogLimit
local Overload = {}
Overload.__index = Overload
Overload.__name = "slack.overload"

---@param app slack.App
---@param clock? fun(): number
---@return slack.Overload
function Overload.new(app, clock)
  return setmetatable({ app = app, warnings = LogLimit.new(clock or loop.now, PERIOD) }, Overload)
end

local function warn(self, c, listener)
  local name, lanes = tostring(listener), listener.lanes
  local is_due, more = self.warnings:is_due(name)
  local is_kept = c.request.entry and not c.request.is_live
  if is_due then
    self.app.log:warn("%s is overloaded: %d run and %d wait for their turn, no more may "
      .. "(option queue): %s%s", name, lanes.taken, lanes.waiting,
      is_kept and "a delivery waits in the inbox" or IS_EVENT[c.kind] and "an event was dropped"
        or "a person was asked to try again",
      more > 0 and ("; %d more since the last line"):format(more) or "")
  end
end

local function content_for(c, listener)
  local content = listener.lanes.overload
  if content == nil then
    return acks.overload_text(c.kind == "command" and tostring(c.payload.command))
  end
  return notice.content(content, c)
end

---Answers in place of the listener.
---@async
---@param c slack.Context
---@param listener slack.Listener
function Overload:answer(c, listener)
  local counts = self.app.dispatch.counts
  counts.overloaded = counts.overloaded + 1
  warn(self, c, listener)
  if not IS_EVENT[c.kind] and (not c.request.entry or c.request.is_live) then
    notice.show(c, content_for(c, listener))
  end
end

return Overload
