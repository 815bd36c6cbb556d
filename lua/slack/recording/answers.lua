-- The answers to a bot's calls, out of a recording: of each method in their order, those that
-- handlers of the same delivery got first. A call that is tried again gets the same once more.

local Redaction = require "slack.recording.redaction"
local json = require "slack.json"
local sorted_keys = require "slack.sorted_keys"

---@class slack.recording.Answers
---@field loose slack.recording.Call[] of calls that no handler made
---@field redaction slack.recording.Redaction
local Answers = {}
Answers.__index = Answers
Answers.__name = "slack.recording.answers"

-- Slack's word for what cannot be answered from a recording.
local NOT_RECORDED = "not_recorded"

---@param recording slack.Recording
---@return slack.recording.Answers
function Answers.new(recording)
  local level = recording.head.redaction
  return setmetatable({
    loose = recording.calls, redaction = Redaction.new(level), identity = false,
    ids = {}, -- of then -> of now
    taken = setmetatable({}, { __mode = "k" }), -- recorded call -> task that has it
    ended = setmetatable({}, { __mode = "k" }),
  }, Answers)
end

local function next_in(self, list, method, task)
  local free
  for _, call in ipairs(list) do
    if call.method == method and not self.ended[call] then
      if self.taken[call] == task and task ~= nil then
        return call
      elseif not self.taken[call] then
        free = free or call
      end
    end
  end
  return free
end

---The recorded call that stands for one that is made now.
---@param delivery? slack.recording.Delivery whose handler makes it
---@param method string
---@param task? slack.Task
---@return slack.recording.Call?
function Answers:find(delivery, method, task)
  local call = delivery and next_in(self, delivery.calls, method, task)
    or next_in(self, self.loose, method, task)
  if call then
    self.taken[call] = task or true
  end
  return call
end

---It has ended: the next one of its method gets the next answer.
---@param call slack.recording.Call
function Answers:finish(call)
  self.ended[call] = true
end

-- As HTTP has them ------------------------------------------------------------------------

local JSON = { "content-type", "application/json; charset=utf-8" }

local function of_json(status, value)
  return { status = status, headers = JSON, body = assert(json.encode(value)) }
end

local function of_failure(err)
  if not err.status then
    return { code = err.code, message = err.message or err.code }
  elseif err.status == 429 then
    return { status = 429, headers = { "retry-after", "1" }, body = "" }
  end
  return of_json(err.status, { ok = false, error = err.code })
end

---@param call? slack.recording.Call nil: it is not in the recording
---@param method string
---@return slack.fake_network.Told
function Answers:told(call, method)
  if not call and method == "auth.test" and self.identity then
    return of_json(200, self.identity)
  elseif not call then
    return of_json(200, { ok = false, error = NOT_RECORDED })
  elseif call.error then
    return of_failure(call.error)
  elseif method == "response_url" then
    return { status = 200, headers = {}, body = "ok" }
  end
  return of_json(200, type(call.answer) == "table" and call.answer or { ok = true })
end

-- Comparing -------------------------------------------------------------------------------

local function canonical(value, parts)
  if type(value) ~= "table" then
    parts[#parts + 1] = json.encode(value) or tostring(value)
    return parts
  end
  parts[#parts + 1] = "{"
  for _, key in ipairs(sorted_keys(value)) do
    parts[#parts + 1] = tostring(key) .. ":"
    canonical(value[key], parts)
    parts[#parts + 1] = ","
  end
  parts[#parts + 1] = "}"
  return parts
end

-- Ids that this framework gives to buttons and views that handlers wait for: random ones.
local OWN_ID = "lua_slack:%x+"

-- Stand-ins are numbered as they come, which is not the same from run to run.
local function text_of(value)
  local text = table.concat(canonical(value, {}))
  return (text:gsub("/hidden/%d+", "/hidden/N"):gsub(OWN_ID, "lua_slack:N")), text
end

---Whether two values, of which one was recorded and the other is new, say the same.
---@param recorded any
---@param new any
---@return boolean
function Answers:is_same(recorded, new)
  return (text_of(recorded)) == (text_of(self.redaction:apply(new)))
end

---Remembers which ids of ours stand now for those of then, in the same places of a call.
---@param recorded any
---@param new any
function Answers:learn_ids(recorded, new)
  local _, text = text_of(recorded)
  local now = text:find(OWN_ID) and select(2, text_of(new)):gmatch(OWN_ID)
  for id in text:gmatch(now and OWN_ID or "^$") do
    self.ids[id] = now()
  end
end

---A body with the ids of now.
---@param body table
---@return table
function Answers:with_ids(body)
  if next(self.ids) == nil then
    return body
  end
  return assert(json.decode((assert(json.encode(body)):gsub(OWN_ID, self.ids))))
end

return Answers
