-- Entries that were claimed from the inbox, as requests: like those that the transports make of
-- deliveries which come in, but nobody waits for an answer any more.

local json = require "slack.json"

-- Texts of one entry in the answer of the storage thread: id, key, meta, body, attempts, reason,
-- and how many processes died that had it.
local FIELDS = 7

local KINDS = { event = true, command = true, interaction = true }

---@class slack.EntryRequest: slack.Request
---@field entry string its id
---@field kind string of the meta: also "peer", which is no delivery
---@field via? "socket"|"http" the transport that it came by
---@field attempts integer how often its handling has failed
---@field received? number seconds since the epoch
---@field is_moved boolean another process has handed it over
local Request = { number = 0, acked = true, takes_payload = false }
Request.__index = Request
Request.__name = "slack.inbox.request"

---Nobody waits for the answer: there is nothing to do.
---@return true
function Request.ack()
  return true
end

function Request.refuse() end

local M = { FIELDS = FIELDS, Request = Request }

-- The fields of a form, which the server thread has decoded: name, NUL, value, NUL and so on.
local function decode_form(text)
  local fields = {}
  for name, value in text:gmatch "([^\0]*)\0([^\0]*)\0" do
    if fields[name] == nil then
      fields[name] = value
    end
  end
  return fields
end

---The body of an entry as a request has it.
---@param meta table
---@param text string
---@return table body empty when it cannot be read
---@return string? problem
function M.decode_body(meta, text)
  local body, problem
  if meta.form then
    body = decode_form(text)
  else
    body, problem = json.decode(text)
  end
  if type(body) ~= "table" then
    return {}, problem or "no object"
  end
  return body
end

local function integer(text)
  return math.tointeger(tonumber(text)) or 0
end

-- before: how often it has been begun without an end.
local function retry_of(meta, before, reason)
  if reason == "moved" or reason == "" and not meta.retry then
    return nil
  elseif reason == "" or reason == "slack" then
    return { number = math.tointeger(meta.retry) or 1, reason = tostring(meta.reason or reason) }
  end
  return { number = math.max(before, 1), reason = reason }
end

---The request of the entry whose texts begin at an index of the list.
---@param list string[]
---@param i integer
---@return slack.EntryRequest
function M.of(list, i)
  local meta = json.decode(list[i + 2])
  meta = type(meta) == "table" and meta or {}
  local attempts, deaths = integer(list[i + 4]), integer(list[i + 6])
  local body, problem = M.decode_body(meta, list[i + 3])
  return setmetatable({
    entry = list[i], kind = meta.kind, body = body, came_as = KINDS[meta.kind] and meta.kind or nil,
    problem = problem or nil, retry = retry_of(meta, attempts + deaths, list[i + 5]),
    attempts = attempts, via = meta.via,
    received = type(meta.received) == "number" and meta.received / 1000 or nil,
    is_moved = list[i + 5] == "moved",
  }, Request)
end

return M
