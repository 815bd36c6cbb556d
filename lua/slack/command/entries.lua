-- Entries of an inbox as rows for people and as lines of JSON for programs. Of what
-- Slack sent only the kind and the place are shown: never what people wrote.

local clean = require "slack.stream_text".clean
local columns = require "slack.command.columns"
local core = require "slack.core"
local json = require "slack.json"
local payload = require "slack.payload"
local requests = require "slack.inbox.requests"

local MAX_ERROR, MAX_CELL = 100, 40

local M = {}

-- What came, decoded; an empty table when it cannot be.
local function body_of(entry)
  local body = requests.decode_body(entry.meta, entry.body)
  return body
end

local function type_of(body)
  local event = payload.as_table(body.event)
  return payload.text_of(event and event.type) or payload.text_of(body.command)
    or payload.text_of(body.type)
end

---What there is to tell of an entry.
---@param entry slack.InboxEntry
---@return table described
function M.describe(entry)
  local body = body_of(entry)
  return {
    id = entry.id, state = entry.state, kind = entry.meta.kind, type = type_of(body),
    team = payload.team_id(body), channel = payload.channel_id(body),
    received = entry.received, due = entry.due, attempts = entry.attempts,
    error = entry.error and core.redact(entry.error) or nil,
  }
end

local function age(seconds)
  if seconds < 60 then
    return ("%ds"):format(math.max(seconds // 1, 0))
  elseif seconds < 3600 then
    return ("%dm"):format(seconds // 60)
  elseif seconds < 86400 then
    return ("%dh"):format(seconds // 3600)
  end
  return ("%dd"):format(seconds // 86400)
end

local function cell(value)
  return value and columns.one_line(tostring(value), MAX_CELL) or "-"
end

---@param list slack.InboxEntry[]
---@param now number seconds since the epoch
---@return string lines with a head
function M.table(list, now)
  local rows = { { "ID", "STATE", "KIND", "TYPE", "TEAM", "CHANNEL", "AGE", "ATTEMPTS", "ERROR" } }
  for _, entry in ipairs(list) do
    local told = M.describe(entry)
    table.insert(rows, {
      cell(told.id), cell(told.state), cell(told.kind), cell(told.type), cell(told.team),
      cell(told.channel), age(now - told.received), cell(told.attempts),
      columns.one_line(told.error or "", MAX_ERROR),
    })
  end
  return columns.format(rows)
end

---@param list slack.InboxEntry[]
---@return string lines with an object each
function M.json(list)
  local lines = {}
  for i, entry in ipairs(list) do
    lines[i] = clean(assert(json.encode(M.describe(entry))), true) .. "\n" -- errors are any bytes
  end
  return table.concat(lines)
end

return M
