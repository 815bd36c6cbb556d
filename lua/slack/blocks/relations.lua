-- What fields of one object have to do with each other. A relation looks at an
-- object and gives nil, or the code of the problem, the field, and the message.

local json = require "slack.json"

local M = {}

local function has(object, name)
  return object[name] ~= nil and object[name] ~= json.null
end

local function names_in_words(names, last)
  return #names == 1 and names[1]
    or table.concat(names, ", ", 1, #names - 1) .. last .. names[#names]
end

-- The field that a message is about: none, for it is about what is missing.
---At least one of the fields.
---@param ... string
function M.some_of(...)
  local names = { ... }
  return function(object)
    for _, name in ipairs(names) do
      if has(object, name) then
        return nil
      end
    end
    return "missing", nil, ("%s is required"):format(names_in_words(names, " or "))
  end
end

---Exactly one of two fields.
---@param first string
---@param second string
function M.either(first, second)
  return function(object)
    if has(object, first) and has(object, second) then
      return "conflict", second, ("%s and %s cannot both be there"):format(first, second)
    elseif not has(object, first) and not has(object, second) then
      return "missing", nil, ("%s or %s is required"):format(first, second)
    end
  end
end

---The number in the first field is not above the one in the second.
---@param low string
---@param high string
function M.ordered(low, high)
  return function(object)
    local least, most = tonumber(object[low]), tonumber(object[high])
    if least and most and least > most then
      return "conflict", low, ("%s (%s) is above %s (%s)"):format(low, object[low], high,
        object[high])
    end
  end
end

---The number in the field lies between those of two others.
---@param name string
---@param low string
---@param high string
function M.between(name, low, high)
  return function(object)
    local value = tonumber(object[name])
    local least, most = tonumber(object[low]), tonumber(object[high])
    if value and least and value < least then
      return "out_of_range", name, ("at least %s (%s), got %s"):format(object[low], low,
        object[name])
    elseif value and most and value > most then
      return "out_of_range", name, ("at most %s (%s), got %s"):format(object[high], high,
        object[name])
    end
  end
end

-- Options ---------------------------------------------------------------------------

local function text_of(option)
  local text = option.text
  return type(text) == "table" and text.text or text
end

---Calls visit(option) for each option of a menu, with groups or without; what it
---returns ends the walk.
---@param menu table
---@param visit fun(option: table): any
---@return any
function M.each_option(menu, visit)
  local function walk(list)
    for _, option in ipairs(type(list) == "table" and list or {}) do
      local result = type(option) == "table" and visit(option)
      if result then
        return result
      end
    end
  end
  local found = walk(menu.options)
  for _, group in ipairs(type(menu.option_groups) == "table" and menu.option_groups or {}) do
    found = found or type(group) == "table" and walk(group.options)
  end
  return found
end

local function is_among(menu, chosen)
  return type(chosen) ~= "table" or M.each_option(menu, function(option)
    return option.value == chosen.value and text_of(option) == text_of(chosen)
  end)
end

local function not_among(field, chosen)
  return "unknown_value", field, ("it must be one of the options, with the same text and value;"
    .. " there is none with the value %s"):format(tostring(chosen.value))
end

---@param menu table
function M.initial_option(menu)
  local chosen = menu.initial_option
  if has(menu, "initial_option") and not is_among(menu, chosen) then
    return not_among("initial_option", chosen)
  end
end

---@param menu table
function M.initial_options(menu)
  local all = menu.initial_options
  for i, chosen in ipairs(type(all) == "table" and all or {}) do
    if not is_among(menu, chosen) then
      return not_among({ "initial_options", i }, chosen)
    end
  end
end

---No more are chosen at first than may be.
---@param field string
function M.at_most_selected(field)
  return function(menu)
    local chosen, max = menu[field], math.tointeger(menu.max_selected_items)
    if type(chosen) == "table" and max and #chosen > max then
      return "too_many", { field, max + 1 },
        ("at most %d (max_selected_items), got %d"):format(max, #chosen)
    end
  end
end

return M
