-- What a person has filled in, as Lua values: c.values, flat by action_id, and
-- c.block_values by block_id and action_id.

local json = require "slack.json"
local payload = require "slack.payload"
local sorted_keys = require "slack.sorted_keys"

local as_table, present, text_of = payload.as_table, payload.present, payload.text_of

-- Where elements of all types keep what was chosen or typed; each has one of them.
local PLAIN = {
  "value", "selected_user", "selected_conversation", "selected_channel", "selected_date",
  "selected_time", "selected_date_time", "rich_text_value",
}
local LISTS = {
  "selected_users", "selected_conversations", "selected_channels", "files",
}

local function option_value(option)
  option = as_table(option)
  return option and present(option.value)
end

local function option_values(options)
  local values = json.list {}
  for _, option in ipairs(options) do
    values[#values + 1] = option_value(option)
  end
  return values
end

local function list_of(items)
  local list = json.list {}
  for i, item in ipairs(items) do
    list[i] = item
  end
  return list
end

local M = {}

---The value of an element, as the state of a view has it, or an action.
---@param element table
---@return any value nil when it is empty
function M.of(element)
  for _, name in ipairs(PLAIN) do
    local value = present(element[name])
    if value ~= nil then
      return element.type == "number_input" and tonumber(value) or value
    end
  end
  local options = as_table(element.selected_options)
  if options then
    return option_values(options)
  end
  for _, name in ipairs(LISTS) do
    local list = as_table(element[name])
    if list then
      return list_of(list)
    end
  end
  return option_value(element.selected_option)
end

-- The ids of the blocks of a view or message in the order in which they are seen; those
-- that it does not show come last.
local function block_order(values, blocks)
  local ids, seen = {}, {}
  for _, block in ipairs(as_table(blocks) or {}) do
    local id = as_table(block) and text_of(block.block_id)
    if id and as_table(values[id]) and not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  for _, id in ipairs(sorted_keys(values)) do
    if not seen[id] and as_table(values[id]) then
      ids[#ids + 1] = id
    end
  end
  return ids
end

local function is_empty(value)
  return value == nil or type(value) == "table" and next(value) == nil
end

-- The state's values, and the blocks that they belong to.
local function state_of(c)
  local view = c.view
  local state = as_table(view and view.state) or as_table(c.body.state)
  local message = c.message
  return state and as_table(state.values) or {}, view and view.blocks or message and message.blocks
end

local function has_values(c)
  local kind = c.kind
  return kind == "view" or kind == "action" or kind == "options" or c.view ~= nil
end

local fields = {}

---By block_id and action_id.
function fields.block_values(c)
  if not has_values(c) then
    return nil
  end
  local all = {}
  for block_id, elements in pairs((state_of(c))) do
    local block = {}
    for action_id, element in pairs(as_table(elements) or {}) do
      block[action_id] = M.of(as_table(element) or {})
    end
    all[block_id] = block
  end
  return all
end

-- What a dialog was submitted with is flat already.
local function dialog_values(submission)
  local values = {}
  for name, value in pairs(submission) do
    values[name] = present(value)
  end
  return values
end

---By action_id; of several elements with one the first that is filled in counts.
function fields.values(c)
  local submission = as_table(c.body.submission)
  if submission then
    return dialog_values(submission)
  end
  local by_block = c.block_values
  if not by_block then
    return nil
  end
  local values = {}
  local raw, blocks = state_of(c)
  for _, block_id in ipairs(block_order(raw, blocks)) do
    for action_id, value in pairs(by_block[block_id]) do
      if is_empty(values[action_id]) then
        values[action_id] = value
      end
    end
  end
  return values
end

M.fields = fields

return M
