-- Reads what recorder.lua has written: deliveries in their order, each with its acks and calls.

local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"

local FORMAT <const> = 1

---@class slack.recording.Delivery
---@field n integer in the file, from 1 on
---@field line integer
---@field at number seconds since the epoch
---@field kind "event"|"command"|"interaction"|"unknown"
---@field transport string
---@field retry? { number: integer, reason: string }
---@field acked boolean by the C side, before its handlers
---@field body table
---@field ack? slack.recording.Ack the first one
---@field calls slack.recording.Call[]

---@class slack.recording.Ack
---@field payload any slack.null: empty
---@field seconds? number
---@field late? boolean the deadline has answered
---@field refused? string

---@class slack.recording.Call
---@field line integer
---@field method string
---@field args table
---@field answer? any
---@field error? { code: string, message: string?, status: integer? }

---What slack.fetch was answered.
---@class slack.recording.Fetch
---@field method string
---@field url string without what stands in its query
---@field status integer
---@field content_type? string
---@field text? string the body
---@field left_out? string why there is none
---@field error? { code: string, message: string? }

---@class slack.Recording
---@field head table
---@field deliveries slack.recording.Delivery[]
---@field calls slack.recording.Call[] those that no delivery's handler made
---@field fetches slack.recording.Fetch[] the same

local M = {}

local TEXT, NUMBER, TABLE, COUNT = "string", "number", "table", "integer"

-- What a line of each type must have.
local FIELDS = {
  recording = { format = COUNT },
  delivery = { n = COUNT, at = NUMBER, kind = TEXT, body = TABLE },
  ack = { delivery = COUNT },
  call = { method = TEXT, args = TABLE },
  fetch = { method = TEXT, url = TEXT },
}

local function check(fields, reading)
  local wanted = FIELDS[fields.type]
  if not wanted then
    return ("\"type\": recording, delivery, ack, call or fetch expected, got %s"):format(
      json.encode(fields.type) or "nothing")
  end
  for name, kind in pairs(wanted) do
    if type(fields[name]) ~= kind and math.type(fields[name]) ~= kind then
      return ("%q of %s: %s expected, got %s"):format(name, fields.type, kind,
        type(fields[name]))
    end
  end
  if fields.type == "recording" and fields.format ~= FORMAT then
    return ("format %s; this lua-slack reads format %d"):format(fields.format, FORMAT)
  elseif fields.type ~= "recording" and not reading.head then
    return "a line {\"type\":\"recording\",…} expected first: is this a recording?"
  end
end

-- A file may hold several runs, whose numbers begin anew.
local function key_of(reading, fields, n)
  return ("%d/%s/%d"):format(reading.runs, tostring(fields.worker or ""), n)
end

local TAKE = {}

function TAKE.recording(reading, fields)
  reading.head, reading.runs = reading.head or fields, reading.runs + 1
end

function TAKE.delivery(reading, fields)
  local list = reading.deliveries
  local delivery = {
    n = #list + 1, line = reading.line, at = fields.at, kind = fields.kind, body = fields.body,
    retry = fields.retry, transport = fields.transport, acked = fields.acked == true, calls = {},
    fetches = {},
  }
  list[#list + 1] = delivery
  reading.by_key[key_of(reading, fields, fields.n)] = delivery
end

local function delivery_of(reading, fields)
  local delivery = reading.by_key[key_of(reading, fields, fields.delivery)]
  return delivery, not delivery and ("there is no delivery %d before it"):format(fields.delivery)
    or nil
end

-- Where a call or a fetch goes, by name of the list: to its delivery, else to the program's own.
local function list_of(reading, fields, name)
  if math.type(fields.delivery) ~= "integer" then
    return reading[name]
  end
  local delivery, problem = delivery_of(reading, fields)
  return delivery and delivery[name], problem
end

function TAKE.ack(reading, fields)
  local delivery, problem = delivery_of(reading, fields)
  if not delivery then
    return problem
  end
  delivery.ack = delivery.ack or {
    payload = fields.payload == nil and json.null or fields.payload, seconds = fields.seconds,
    late = fields.late, refused = fields.refused,
  }
end

function TAKE.call(reading, fields)
  local list, problem = list_of(reading, fields, "calls")
  if list then
    list[#list + 1] = {
      line = reading.line, method = fields.method, args = fields.args, answer = fields.answer,
      error = fields.error,
    }
  end
  return problem
end

function TAKE.fetch(reading, fields)
  local list, problem = list_of(reading, fields, "fetches")
  if list then
    list[#list + 1] = {
      method = fields.method, url = fields.url, status = math.tointeger(fields.status) or 200,
      content_type = type(fields.content_type) == "string" and fields.content_type or nil,
      text = type(fields.text) == "string" and fields.text or nil, left_out = fields.left_out,
      error = type(fields.error) == "table" and fields.error or nil,
    }
  end
  return problem
end

local function take_line(reading, text)
  local fields, problem = json.decode(text)
  if type(fields) ~= "table" or json.is_list(fields) or fields[1] ~= nil then
    return problem or "a JSON object expected"
  end
  return check(fields, reading) or TAKE[fields.type](reading, fields)
end

local function failure(code, message)
  return nil, errors.new { code = code, message = message }
end

---@param text string what a recording holds
---@param name? string of its file
---@return slack.Recording?
---@return slack.Error? err code "recording", with file and line
function M.parse(text, name)
  local reading = { deliveries = {}, calls = {}, fetches = {}, by_key = {}, runs = 0, line = 0 }
  for line, ended in text:gmatch "([^\n]*)(\n?)" do
    reading.line = reading.line + 1
    if line:find "%S" then
      local problem = take_line(reading, line)
      if problem then
        local is_cut = ended == "" and problem:find("JSON", 1, true)
        return failure("recording", ("%s:%d: %s%s"):format(name or "recording", reading.line,
          problem, is_cut and " (the file ends here: was it cut off?)" or ""))
      end
    end
  end
  if not reading.head then
    return failure("recording", ("%s:1: it is empty, and no recording"):format(name or "recording"))
  end
  return {
    head = reading.head, deliveries = reading.deliveries, calls = reading.calls,
    fetches = reading.fetches,
  }
end

---@param path string
---@return slack.Recording?
---@return slack.Error? err code "missing", or "recording" with file and line
function M.read(path)
  local _, kind = core.stat(path)
  if kind ~= "file" then
    return failure("missing", kind and ("%s is no file"):format(path)
      or ("there is no file %s"):format(path))
  end
  local file <close>, message = io.open(path, "rb")
  local text = file and file:read "a"
  if not text then
    return failure("missing", ("%s cannot be read%s"):format(path,
      message and ": " .. message:gsub("^.*: ", "") or ""))
  end
  return M.parse(text, path)
end

return M
