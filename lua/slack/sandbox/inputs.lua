-- What Slack's client does not let people submit or choose: a required input left
-- empty, a number that is none, an option that a menu does not have.

local json = require "slack.json"
local state = require "slack.sandbox.state"

local M = {}

local DECIMAL, INTEGER = "^%-?%d+%.?%d*$", "^%-?%d+$"

local function is_empty(value)
  return value == nil or value == json.null or value == ""
    or type(value) == "table" and next(value) == nil
end

local CHECKS = {}

function CHECKS.plain_text_input(element, value)
  local length = utf8.len(value) or #value
  if length < (element.min_length or 0) then
    return ("%d characters at least"):format(element.min_length)
  elseif length > (element.max_length or 3000) then
    return ("%d characters at most"):format(element.max_length or 3000)
  end
end

function CHECKS.number_input(element, value)
  if not value:find(DECIMAL) then
    return ("a number expected, got %q"):format(value)
  elseif not element.is_decimal_allowed and not value:find(INTEGER) then
    return ("a number without decimals expected, got %q"):format(value)
  end
  local number = tonumber(value)
  local least, most = tonumber(element.min_value), tonumber(element.max_value)
  if least and number < least then
    return ("%s or more expected, got %s"):format(element.min_value, value)
  elseif most and number > most then
    return ("%s or less expected, got %s"):format(element.max_value, value)
  end
end

function CHECKS.email_text_input(_, value)
  if not value:find "^[^%s@]+@[^%s@]+$" then
    return ("an e-mail address expected, got %q"):format(value)
  end
end

function CHECKS.url_text_input(_, value)
  if not value:find "^%a[%w+.-]*://%S+$" then
    return ("a URL expected, got %q"):format(value)
  end
end

-- What a program gives may be ids alone, of which nothing is known.
function CHECKS.file_input(element, value)
  local most = element.max_files or 10
  if #value > most then
    return ("%d files at most"):format(most)
  end
  local is_allowed = {}
  for _, kind in ipairs(element.filetypes or {}) do
    is_allowed[kind:lower()] = true
  end
  for _, file in ipairs(next(is_allowed) and value or {}) do
    local kind = type(file) == "table" and file.filetype
    if kind and not is_allowed[kind] then
      return ("files of type %s expected, got %s"):format(table.concat(element.filetypes, ", "),
        tostring(file.name))
    end
  end
end

local function is_day(text)
  local year, month, day = tostring(text):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  return year and os.date("%Y-%m-%d", os.time { year = year, month = month, day = day, hour = 12 })
    == text
end

function CHECKS.datepicker(_, value)
  if not is_day(value) then
    return ("a day such as 2026-12-24 expected, got %q"):format(tostring(value))
  end
end

function CHECKS.timepicker(_, value)
  local hour, minute = tostring(value):match "^(%d%d):(%d%d)$"
  if not hour or tonumber(hour) > 23 or tonumber(minute) > 59 then
    return ("a time such as 09:30 expected, got %q"):format(tostring(value))
  end
end

function CHECKS.datetimepicker(_, value)
  if not (math.type(value) == "integer" and #tostring(value) == 10) then
    return ("a Unix time of ten digits expected, got %q"):format(tostring(value))
  end
end

-- Whether an option of the menu has this value.
local function offers(options, groups, value)
  for _, group in ipairs(groups or { { options = options } }) do
    for _, option in ipairs(group.options or {}) do
      if option.value == value then
        return true
      end
    end
  end
  return false
end

---Whether a menu has that option; one whose options the app gives has what it gave last.
---@param element table
---@param value string
---@param offered? { options: table[]?, option_groups: table[]? }
function M.offers(element, value, offered)
  if element.type:find "external_select" then
    local initial = element.initial_options or { element.initial_option }
    return offers(initial, nil, value)
      or offered ~= nil and offers(offered.options, offered.option_groups, value)
  end
  return offers(element.options, element.option_groups, value)
end

local function chosen_problem(element, value, offered)
  local items = type(value) == "table" and value[1] ~= nil and value or { value }
  if element.max_selected_items and #items > element.max_selected_items then
    return ("%d at most can be chosen"):format(element.max_selected_items)
  end
  for _, option in ipairs(items) do
    if type(option) ~= "table" or not M.offers(element, option.value, offered) then
      local name = tostring(type(option) == "table" and option.value or option)
      return element.type:find "external" and ("the app has not offered %q"):format(name)
        or ("there is no option %q"):format(name)
    end
  end
end

---What is wrong with the value of an element.
---@param element table
---@param value any as its state has it
---@param offered? table what the app gave last for a menu of its own
---@return string? problem
function M.problem(element, value, offered)
  local field = state.field(element.type)
  if is_empty(value) then
    return nil
  elseif field == "selected_option" or field == "selected_options" then
    return chosen_problem(element, value, offered)
  elseif CHECKS[element.type] then
    if field == "files" and type(value) ~= "table" then
      return "a list of files expected, got a " .. type(value)
    elseif field == "value" and type(value) ~= "string" then
      return "a text expected, got a " .. type(value)
    end
    return CHECKS[element.type](element, value)
  end
end

---The inputs of a view that keep it from being submitted, in their order.
---@param view table
---@param filled_in { values: table } the state that would be sent
---@param offered fun(action_id: string): table?
---@return { block_id: string, action_id: string, text: string }[]
function M.find_problems(view, filled_in, offered)
  local problems = {}
  for _, block in ipairs(view.blocks or {}) do
    for _, element in ipairs(block.elements or { block.accessory or block.element }) do
      local id = element.action_id
      local held = (filled_in.values[block.block_id] or {})[id]
      local value = held and held[state.field(element.type) or "value"]
      local problem = M.problem(element, value, offered(id))
      if block.type == "input" and not block.optional and is_empty(value) then
        problem = "a value is needed"
      end
      if problem then
        table.insert(problems, { block_id = block.block_id, action_id = id, text = problem })
      end
    end
  end
  return problems
end

return M
