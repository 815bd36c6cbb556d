-- What becomes of a delivery whose handling failed: it is handled again after a while, by the
-- listeners that had not finished with it; after so many attempts it is given up, and lies
-- among the dead until somebody looks.
--
-- What found no room (option queue of a listener) has not been tried: it is put off without
-- using up an attempt, so that no burst, however long, ends among the dead.

local Generations = require "slack.generations"
local core = require "slack.core"
local raised = require "slack.raised"

-- Failed deliveries of which it is remembered which listeners had finished.
local MOST_REMEMBERED = 10000
-- Seconds to the next attempt at most (sqlite_entries.h), and bytes of an error in the store.
local LONGEST_DELAY, MOST_TEXT = 3600, 1000

---@class slack.InboxRetries
---@field attempts integer
---@field backoff number seconds
---@field random fun(): number from 0 to 1, for specs
---@field finished slack.Generations by event_id: listeners that had finished
---@field counts { failed: integer, overloaded: integer, dead: integer }
local Retries = {}
Retries.__index = Retries
Retries.__name = "slack.inbox.retries"

---@param settings slack.InboxOptions
---@param log slack.Logger
---@return slack.InboxRetries
function Retries.new(settings, log)
  return setmetatable({
    attempts = settings.attempts, backoff = settings.backoff, log = log, random = math.random,
    finished = Generations.new(MOST_REMEMBERED), counts = { failed = 0, overloaded = 0, dead = 0 },
  }, Retries)
end

-- As text for who looks into the inbox: short, and with no secret in it.
local function text_of(caught)
  if not caught then
    return "a handler was cut off"
  end
  local text = raised.text(caught.err)
  if caught.listener then
    text = ("%s: %s"):format(tostring(caught.listener), text)
  end
  text = core.redact(text)
  if #text <= MOST_TEXT then
    return text
  end
  local last = utf8.offset(text, 0, MOST_TEXT + 1) or MOST_TEXT + 1
  return text:sub(1, last - 1) .. "…"
end

local function jittered(self, seconds)
  return seconds * (0.5 + self.random() / 2)
end

-- How it is named in the log.
local function name_of(c)
  return ("%s %q"):format(c.kind, tostring(c.kind == "command" and c.payload.command or c.type))
end

local function bury(self, c, text, tries)
  self.counts.dead = self.counts.dead + 1
  local name = name_of(c)
  return text, -1, function(where)
    self.log:error("%s is given up after %s: %s. %s, `lua-slack inbox retry` has it handled again",
      name, tries == 1 and "1 attempt" or ("%d attempts"):format(tries), text, where)
  end
end

---Whether a delivery that fails now is handled again.
---@param request slack.Request
---@return boolean
function Retries:will_retry(request)
  return request.acked == true and not request.is_live and not request.no_retry
    and (request.attempts or 0) + 1 < self.attempts
end

---There was no room for it.
---@return string text
---@return number delay seconds
function Retries:overloaded()
  self.counts.overloaded = self.counts.overloaded + 1
  return "no room: too many waited for their turn (option queue)",
    jittered(self, math.min(self.backoff, LONGEST_DELAY))
end

---It failed.
---@param c slack.Context
---@param caught? slack.Caught
---@param finished? table<string, true>
---@return string text
---@return number delay seconds; negative: it is given up
---@return fun(where: string)? on_dead says so in the log
function Retries:failed(c, caught, finished)
  local request, text = c.request, text_of(caught)
  local tries = (request.attempts or 0) + 1
  if not self:will_retry(request) then
    return bury(self, c, text, tries)
  end
  self.counts.failed = self.counts.failed + 1
  local event_id = c.kind == "event" and c.event_id
  if event_id and finished then
    self.finished:put(event_id, finished)
  end
  local delay = math.min(self.backoff * 2.0 ^ (tries - 1), LONGEST_DELAY)
  delay = jittered(self, delay)
  self.log:info("%s is handled again in %.1f s (it has failed in %d of %d attempts)", name_of(c),
    delay, tries, self.attempts)
  return text, delay
end

---Listeners of this process that had finished with an event when it failed.
---@param event_id string
---@return table<string, true>? finished
function Retries:take_finished(event_id)
  local finished = self.finished:get(event_id)
  if finished then
    self.finished:remove(event_id)
  end
  return finished
end

return Retries
