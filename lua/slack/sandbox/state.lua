-- What the elements of a view or message hold, as their payloads say it (protocol §5.2).

local json = require "slack.json"

local M = {}

-- The field of the state, and the element's own for what it begins with.
local FIELDS = {
  plain_text_input = { "value", "initial_value" },
  email_text_input = { "value", "initial_value" },
  url_text_input = { "value", "initial_value" },
  number_input = { "value", "initial_value" },
  rich_text_input = { "rich_text_value", "initial_value" },
  static_select = { "selected_option", "initial_option" },
  external_select = { "selected_option", "initial_option" },
  radio_buttons = { "selected_option", "initial_option" },
  users_select = { "selected_user", "initial_user" },
  conversations_select = { "selected_conversation", "initial_conversation" },
  channels_select = { "selected_channel", "initial_channel" },
  datepicker = { "selected_date", "initial_date" },
  timepicker = { "selected_time", "initial_time" },
  datetimepicker = { "selected_date_time", "initial_date_time" },
  checkboxes = { "selected_options", "initial_options", is_list = true },
  multi_static_select = { "selected_options", "initial_options", is_list = true },
  multi_external_select = { "selected_options", "initial_options", is_list = true },
  multi_users_select = { "selected_users", "initial_users", is_list = true },
  multi_conversations_select = {
    "selected_conversations", "initial_conversations", is_list = true,
  },
  multi_channels_select = { "selected_channels", "initial_channels", is_list = true },
  file_input = { "files", is_list = true },
}

-- The option of a menu that has this value; one of an external menu is made up.
local function option_of(element, value)
  if type(value) ~= "string" then
    return value
  end
  local groups = element.option_groups or { { options = element.options } }
  for _, group in ipairs(groups) do
    for _, option in ipairs(group.options or {}) do
      if option.value == value then
        return option
      end
    end
  end
  return { text = { type = "plain_text", text = value, emoji = true }, value = value }
end

-- What a person has given, as Slack writes it: options may be named by their values.
local function written(element, field, value)
  if field == "selected_option" then
    return option_of(element, value)
  elseif field == "value" and type(value) == "number" then
    return tostring(value)
  elseif type(value) ~= "table" or field == "rich_text_value" then
    return value
  end
  local list = json.list {}
  for i, item in ipairs(value) do
    list[i] = field == "selected_options" and option_of(element, item) or item
  end
  return list
end

local function held(element, names, given, before)
  local field = names[1]
  if given == json.null then
    return names.is_list and json.list {} or json.null
  elseif given ~= nil then
    return written(element, field, given)
  elseif before and before.type == element.type and before[field] ~= nil then
    return before[field]
  elseif names[2] and element[names[2]] ~= nil then
    return element[names[2]]
  end
  return names.is_list and json.list {} or json.null
end

---The state of all elements of the blocks that can hold something.
---@param blocks? table[]
---@param given table<string, any> by action_id; json.null empties one
---@param before? table a state whose values stand where none is given
---@param by_block? table<string, table<string, any>> the same as given, by block_id and action_id
---@return { values: table }
function M.of(blocks, given, before, by_block)
  local values, old = {}, before and before.values or {}
  for _, block in ipairs(blocks or {}) do
    for _, element in ipairs(block.elements or { block.accessory or block.element }) do
      local names = FIELDS[element.type] or block.type == "input" and { "value" }
      if names then
        local id = element.action_id
        local state = values[block.block_id] or {}
        local value = ((by_block or {})[block.block_id] or {})[id]
        if value == nil then
          value = given[id]
        end
        state[id] = {
          type = element.type,
          [names[1]] = held(element, names, value, (old[block.block_id] or {})[id]),
        }
        values[block.block_id] = state
      end
    end
  end
  return { values = values }
end

---Where an element of that type holds its value.
---@param kind string
---@return string? field
function M.field(kind)
  return (FIELDS[kind] or {})[1]
end

---What was chosen, as an action has it.
---@param element table
---@param value any as in a submission: options by their values
---@return string? field nil when nothing can be chosen there
---@return any value
function M.chosen(element, value)
  local field = element.type == "overflow" and "selected_option" or (FIELDS[element.type] or {})[1]
  if field then
    return field, written(element, field, value)
  end
end

---What a click has changed in a state.
---@param state { values: table }
---@param action table of the payload
function M.apply(state, action)
  local names = FIELDS[action.type]
  local element = names and (state.values[action.block_id] or {})[action.action_id]
  if element and action[names[1]] ~= nil then
    element[names[1]] = action[names[1]]
  end
end

---The response URLs of menus that ask for them.
---@param view table
---@param new_url fun(channel_id: string): string
---@return table[]
function M.response_urls(view, new_url)
  local urls = json.list {}
  for _, block in ipairs(view.blocks or {}) do
    local element = block.element
    local names = element and element.response_url_enabled == true and FIELDS[element.type]
    local channel_id = names and view.state.values[block.block_id][element.action_id][names[1]]
    if type(channel_id) == "string" then
      urls[#urls + 1] = {
        block_id = block.block_id, action_id = element.action_id, channel_id = channel_id,
        response_url = new_url(channel_id),
      }
    end
  end
  return urls
end

return M
