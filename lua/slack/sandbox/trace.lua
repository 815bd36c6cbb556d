-- What has gone to and fro between the local Slack and the app: every envelope and
-- ack, call and answer, hello and disconnect, in order, the last ones of them.
--
-- Kept as it was sent, as text, and only taken apart when somebody looks: a record
-- costs the app that nobody looks at a table and a place in the list.

local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"
local shown = require "slack.sandbox.shown"

local MOST_RECORDS <const>, MOST_BYTES <const> = 2000, 16 * 1024 * 1024
local MOST_SHOWN <const>, SHOWN_OF_MORE <const> = 512 * 1024, 1000 -- bytes of a body

---@alias slack.sandbox.RecordKind
---| "envelope" | "ack" | "hello" | "disconnect" | "call" | "response_url" | "http"
---| "reload" | "error" | "note"

---One of the things that went to or fro.
---@class slack.sandbox.Record
---@field n integer 1, 2, …; a record that changes keeps it
---@field at number seconds since the epoch
---@field kind slack.sandbox.RecordKind
---@field way "in"|"out" out: from Slack to the app
---@field name string event, command, method, …
---@field summary string
---@field body any JSON value; tokens and secrets are hidden
---@field answer? any of a call or a request
---@field seconds? number until the ack or the answer
---@field state? "waiting"|"acked"|"late"|"failed"|"ok"|"error"
---@field error? string
---@field retry? integer how often it had been delivered before
---@field ref? integer n of the record that this one answers
---@field repeatable boolean whether send_again takes it

---@class slack.sandbox.Trace
---@field records table<integer, table> by n
---@field first integer n of the oldest one that is kept
---@field last integer n of the newest one
---@field dirty table<integer, true>|false those that are new or have changed, when that is asked
---@field bytes integer of all texts
local Trace = {}
Trace.__index = Trace
Trace.__name = "slack.sandbox.trace"

---@param clock fun(): number seconds since the epoch
---@param ack_timeout number seconds after which what is not acked is late
---@return slack.sandbox.Trace
function Trace.new(clock, ack_timeout)
  return setmetatable({
    clock = clock, ack_timeout = ack_timeout, records = {}, first = 1, last = 0, dirty = false,
    bytes = 0, owed = {}, first_owed = 1, last_owed = 0,
  }, Trace)
end

local function size_of(record)
  return #(record.text or "") + #(record.answer_text or "")
end

local function forget_oldest(self)
  local record = self.records[self.first]
  self.bytes = self.bytes - size_of(record)
  self.records[self.first] = nil
  if self.dirty then
    self.dirty[self.first] = nil
  end
  self.first = self.first + 1
end

local function make_room(self)
  while self.last - self.first >= MOST_RECORDS
    or self.bytes > MOST_BYTES and self.first < self.last do
    forget_oldest(self)
  end
end

---Adds a record. Its `text` is what was sent, as JSON or, with `is_form`, as a form.
---@param record table
---@return table record to be changed with `change`
function Trace:add(record)
  local n = self.last + 1
  record.n, record.at = n, self.clock()
  self.last, self.records[n] = n, record
  self.bytes = self.bytes + size_of(record)
  make_room(self)
  if self.dirty then
    self.dirty[n] = true
  end
  return record
end

---@param record table
---@param changes table<string, any>
function Trace:change(record, changes)
  local before = size_of(record)
  for name, value in pairs(changes) do
    record[name] = value
  end
  if self.records[record.n] then
    self.bytes = self.bytes + size_of(record) - before
    make_room(self)
    if self.dirty then
      self.dirty[record.n] = true
    end
  end
end

-- Deliveries -------------------------------------------------------------------

-- Programs deliver what they like: nothing need be of the type it has at Slack.
local function get(value, name)
  local field = type(value) == "table" and value[name]
  return field ~= json.null and field or nil
end

-- By what a person knows an interaction.
local function interaction_name(payload)
  local id = get(get(get(payload, "actions"), 1), "action_id") or get(payload, "action_id")
    or get(payload, "callback_id") or get(get(payload, "view"), "callback_id")
  local kind = tostring(get(payload, "type"))
  return id and id ~= "" and ("%s %s"):format(kind, tostring(id)) or kind
end

---What a delivery is called: its event, command or interaction.
---@param kind string of the envelope
---@param payload any
---@return string
function Trace.name_of(kind, payload)
  if kind == "events_api" then
    local event = get(payload, "event") or payload
    local subtype = get(event, "subtype")
    local name = tostring(get(event, "type"))
    return subtype and ("%s.%s"):format(name, tostring(subtype)) or name
  end
  return tostring(kind == "slash_commands" and get(payload, "command")
    or kind == "interactive" and interaction_name(payload) or kind)
end

---A delivery sets out.
---@param kind "envelope"|"http"
---@param envelope table
---@param text string as it is sent
---@return table record
function Trace:deliver(kind, envelope, text)
  local retry, now = envelope.retry_attempt or 0, core.monotonic()
  local record = self:add {
    kind = kind, way = "out", name = self.name_of(envelope.type, envelope.payload), text = text,
    envelope_type = envelope.type, state = "waiting", retry = retry > 0 and retry or nil,
    error = retry > 0 and envelope.retry_reason or nil,
    sent_at = now, late_at = now + self.ack_timeout,
  }
  self.last_owed = self.last_owed + 1
  self.owed[self.last_owed] = record
  return record
end

---A delivery does not set out, at least not yet.
---@param envelope table
---@param why string
function Trace:kept(envelope, why)
  self:add {
    kind = "note", way = "out", name = self.name_of(envelope.type, envelope.payload),
    summary = why,
  }
end

---The app has acked one, in time or not.
---@param record table
---@param seconds number
---@param text? string the ack as it came
function Trace:acked(record, seconds, text)
  local is_late = seconds > self.ack_timeout
  self:change(record, { state = is_late and "late" or "acked", seconds = seconds })
  self:add {
    kind = "ack", way = "in", name = record.name, text = text, ref = record.n, seconds = seconds,
    state = is_late and "late" or "acked",
  }
end

---The app has answered a signed request, or will not.
---@param record table
---@param outcome { seconds: number, status: integer?, error: string?, text: string? }
function Trace:settled(record, outcome)
  if outcome.error then
    return self:change(record, {
      state = "failed", seconds = outcome.seconds, answer_text = outcome.text,
      error = outcome.status and ("%s: status %d"):format(outcome.error, outcome.status)
        or outcome.error,
    })
  end
  self:acked(record, outcome.seconds, outcome.text)
end

---Marks what should have been acked by now.
function Trace:mark_late()
  local now = core.monotonic()
  while self.first_owed <= self.last_owed do
    local record = self.owed[self.first_owed]
    if record.state == "waiting" and now < record.late_at then
      return
    elseif record.state == "waiting" then
      self:change(record, { state = "late" })
    end
    self.owed[self.first_owed] = nil
    self.first_owed = self.first_owed + 1
  end
end

-- Requests of the app ------------------------------------------------------------

local FORM <const> = "application/x-www-form-urlencoded"

local function media_type(request)
  return (request.headers["content-type"] or FORM):match "^%s*([^;%s]*)":lower()
end

---The app asks something of the local Slack.
---@param kind "call"|"response_url"
---@param name string
---@param request slack.sandbox.Request
---@return table record
function Trace:asked(kind, name, request)
  local media = media_type(request)
  return self:add {
    kind = kind, way = "in", name = name, state = "waiting", began = core.monotonic(),
    text = request.body ~= "" and request.body or request.query,
    is_form = media == FORM or request.body == "",
    media = media,
  }
end

---It has its answer.
---@param record table
---@param status integer|"drop"
---@param text string?
function Trace:answered(record, status, text)
  local answer = type(status) == "number" and text or nil
  local word = status == "drop" and "the connection was closed" or answer
    and answer:match '"ok":false' and answer:match '"error":"([^"]*)"'
    or status ~= 200 and ("status %d"):format(status) or nil
  self:change(record, {
    state = word and "error" or "ok", error = word, answer_text = answer,
    seconds = core.monotonic() - record.began,
  })
end

-- Looking ------------------------------------------------------------------------

-- A form's fields; JSON in them, as in `payload` and `blocks`, is taken apart.
local function decode_form(text)
  local fields = form.decode(text)
  for name, value in pairs(fields or {}) do
    if type(value) == "string" and value:find "^%s*[%[{]" then
      local decoded = json.decode(value)
      fields[name] = decoded == nil and value or decoded
    end
  end
  return fields
end

local function decode(text, is_form)
  if not text or text == "" then
    return nil
  elseif #text > MOST_SHOWN then
    return ("%s… (%d bytes)"):format(text:sub(1, SHOWN_OF_MORE), #text)
  end
  local value
  if is_form then
    value = decode_form(text)
  else
    value = json.decode(text)
  end
  if value == nil then
    return text
  end
  return value
end

local function body_of(record)
  if record.body ~= nil then
    return record.body
  elseif record.media and record.media:find "^multipart/" then
    return ("%s of %d bytes"):format(record.media, #record.text)
  end
  return decode(record.text, record.is_form)
end

---A record as it can be shown: everything taken apart, nothing secret.
---@param record table
---@return slack.sandbox.Record
function Trace.public(record)
  local body, answer = body_of(record), decode(record.answer_text)
  return {
    n = record.n, at = record.at, kind = record.kind, way = record.way, name = record.name,
    summary = record.summary or shown.summary(record.kind, body, answer),
    body = shown.hide(body), answer = shown.hide(answer),
    seconds = record.seconds, state = record.state, error = record.error, retry = record.retry,
    ref = record.ref, repeatable = record.envelope_type ~= nil,
  }
end

---The first of the newest records that are so many, or so many bytes, at most.
---@param count integer
---@param bytes integer
---@return integer n
function Trace:first_of(count, bytes)
  local n, sum = self.last + 1, 0
  while n > self.first and self.last - n + 1 < count do
    sum = sum + size_of(self.records[n - 1])
    if sum > bytes then
      return n
    end
    n = n - 1
  end
  return n
end

---The records from one on, oldest first.
---@param from? integer n; the oldest that is kept
---@return slack.sandbox.Record[]
function Trace:list(from)
  self:mark_late()
  local list = {}
  for n = math.max(from or 1, self.first), self.last do
    list[#list + 1] = self.public(self.records[n])
  end
  return list
end

---From now on, what is new or changes is noted for take_dirty, or no longer.
---@param on boolean
function Trace:watch(on)
  self.dirty = on and (self.dirty or {})
end

---What is new or has changed since the last time, oldest first.
---@return slack.sandbox.Record[]
function Trace:take_dirty()
  local numbers = {}
  for n in pairs(self.dirty or {}) do
    numbers[#numbers + 1] = n
  end
  if #numbers > 0 then
    self.dirty = {}
    table.sort(numbers)
    for i, n in ipairs(numbers) do
      numbers[i] = self.public(self.records[n])
    end
  end
  return numbers
end

return Trace
