-- JSON of what holds blocks. An empty table in a field that the rules know as a list is sent
-- as an empty list: Slack refuses {} there, and no Lua table says which of both it is.

local json = require "slack.json"

-- What programs keep in them is their own.
local OPAQUE = { event_payload = true, metadata = true, state = true, submission = true }
local MAX_DEPTH = 64

local M = {}

local list_fields

-- Read when an empty table is first met, as most programs send none.
local function find_list_fields()
  list_fields = { mrkdwn_in = true } -- of attachments, which have no rules
  for _, category in pairs(require "slack.blocks.rules") do
    for _, rule in pairs(category) do
      for field, kind in pairs(rule.fields) do
        list_fields[field] = list_fields[field] or kind.kind == "list"
      end
    end
  end
  return list_fields
end

local function is_unmarked(value)
  return next(value) == nil and not json.is_list(value)
end

---A copy in which fields that are lists are marked as such where they are empty.
---@param value any
---@param depth? integer
---@return any
function M.marked(value, depth)
  depth = depth or 0
  local is_list = json.is_list(value)
  if type(value) ~= "table" or depth > MAX_DEPTH or getmetatable(value) and not is_list then
    return value
  end
  local fields, copy = list_fields or find_list_fields(), is_list and json.list {} or {}
  for key, item in next, value do
    if type(item) == "table" and not OPAQUE[key] then
      item = fields[key] and is_unmarked(item) and json.list {} or M.marked(item, depth + 1)
    end
    copy[key] = item
  end
  return copy
end

---@param value any
---@return string? text
---@return string? err which value has no form in JSON, and where it is
function M.encode(value)
  local text, problem = json.encode(value)
  if text and text:find("{}", 1, true) then
    return json.encode(M.marked(value))
  end
  return text, problem
end

---Where an object stands in the place of a list, in what was decoded from JSON.
---@param value any
---@param path? string
---@return string? path "view.blocks[3].elements"
function M.misplaced(value, path)
  local fields = list_fields or find_list_fields()
  for key, item in next, value do
    if type(item) == "table" and not OPAQUE[key] then
      local step = type(key) == "number" and ("[%d]"):format(key) or "." .. key
      local place = path and path .. step or key
      if fields[key] and is_unmarked(item) then
        return place
      end
      local found = M.misplaced(item, place)
      if found then
        return found
      end
    end
  end
end

return M
