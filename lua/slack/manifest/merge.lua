-- A manifest upon another: what listeners need goes into one that people have written, and
-- leaves the rest of that as it is.

local init = require "slack.manifest"
local json = require "slack.json"

local M = {}

-- What entries of lists are known by.
local KEYS = { "command", "callback_id" }

local function key_of(item)
  for _, key in ipairs(KEYS) do
    if type(item) == "table" and item[key] then
      return item[key]
    end
  end
  return item
end

local merge

local function merge_lists(base, needed)
  local merged, places = json.list(), {}
  for i, item in ipairs(base) do
    merged[i], places[key_of(item)] = item, i
  end
  for _, item in ipairs(needed) do
    local place = places[key_of(item)]
    if not place then
      merged[#merged + 1] = item
    elseif type(item) == "table" then
      merged[place] = merge(merged[place], item)
    end
  end
  return merged
end

local function is_list(value)
  return type(value) == "table" and (json.is_list(value) or value[1] ~= nil)
end

-- What is needed switches on; texts are people's, but for a URL that is known better now.
local function merge_scalars(base, needed, is_needed)
  if type(needed) == "boolean" then
    return is_needed and needed or base or needed
  elseif base == nil or base == json.null then
    return needed
  elseif is_needed and type(needed) == "string"
    and needed:find(init.UNKNOWN_HOST, 1, true) ~= 1 then
    return needed
  end
  return base
end

-- Facts about the program, in which the base has no say.
local FACTS = {
  socket_mode_enabled = true, is_enabled = true, function_runtime = true,
  request_url = true, url = true, message_menu_options_url = true,
}

function merge(base, needed)
  if type(base) ~= "table" then
    return needed
  elseif is_list(needed) then
    return merge_lists(base, needed)
  end
  local merged = {}
  for key, value in pairs(base) do
    merged[key] = value
  end
  for key, value in pairs(needed) do
    if type(value) == "table" then
      merged[key] = merge(base[key], value)
    elseif key == "socket_mode_enabled" then
      merged[key] = value
    else
      merged[key] = merge_scalars(base[key], value, FACTS[key])
    end
  end
  return merged
end

-- Slack refuses one without, and of a workflow's function people have written what it takes.
local function keep_functions(base, merged)
  for id, entry in pairs(type(base.functions) == "table" and base.functions or {}) do
    merged.functions[id] = entry
  end
end

-- Where listeners do not say which type of shortcut they are for, people have.
local function set_types(merged, needs)
  for _, shortcut in ipairs(merged.features and merged.features.shortcuts or {}) do
    local known = needs.shortcuts[shortcut.callback_id]
    shortcut.type = known and known.type or shortcut.type
  end
end

---@param base table
---@param needed table as slack.manifest builds it
---@param needs slack.manifest.Needs
---@return table merged
function M.merge(base, needed, needs)
  local merged = merge(base, needed)
  set_types(merged, needs)
  if merged.functions then
    keep_functions(base, merged)
  end
  return merged
end

return M
