-- What the submission of a view is answered with: what a handler gives becomes Slack's
-- response_action.
--
--   { errors = { NAME = text } }   the view stays open; NAME is an action_id or a block_id
--   { update = view }, { push = view }, { clear = true }
--   anything with a response_action of Slack's own

local near_miss = require "slack.near_miss"
local payload = require "slack.payload"
local sorted_keys = require "slack.sorted_keys"

local as_table, text_of = payload.as_table, payload.text_of

local M = {}

local ANSWERS = { errors = true, update = true, push = true, clear = true }
local NAMES = "errors, update, push, clear or Slack's response_action"

-- The inputs of a view by name, and the block_id of the first: errors are shown at inputs
-- alone.
local function inputs_of(view)
  local by_name, ids = {}, {}
  for _, block in ipairs(as_table(view.blocks) or {}) do
    local id = as_table(block) and block.type == "input" and text_of(block.block_id)
    local element = id and as_table(block.element)
    if id then
      ids[#ids + 1] = id
    end
    if element and text_of(element.action_id) and not by_name[element.action_id] then
      by_name[element.action_id] = id
    end
  end
  for _, id in ipairs(ids) do
    by_name[id] = id
  end
  return by_name, ids[1]
end

local function unknown_name(name, by_name, first)
  return ("an error for %q, which names no input of the view%s; there are: %s. It is shown at %q")
    :format(name, near_miss(name, by_name), table.concat(sorted_keys(by_name), ", "), first)
end

-- Slack shows nothing of all errors when one of them is at no input of the view.
local function resolve(errors, view, warn)
  local by_name, first = inputs_of(view)
  if not first then
    return errors
  end
  local at = {}
  for _, name in ipairs(sorted_keys(errors)) do
    local block_id = by_name[name]
    if not block_id then
      warn(unknown_name(tostring(name), by_name, first))
      block_id = first
    end
    at[block_id] = at[block_id] and at[block_id] .. "\n" .. errors[name] or errors[name]
  end
  return at
end

local function read_errors(errors, view, warn)
  if type(errors) ~= "table" then
    return nil, "errors: a table of texts by action_id or block_id expected, got " .. type(errors)
  end
  for name, text in pairs(errors) do
    if type(name) ~= "string" or type(text) ~= "string" then
      return nil, ("errors.%s: text expected, got %s"):format(tostring(name), type(text))
    end
  end
  if next(errors) == nil then
    return nil
  end
  return { response_action = "errors", errors = resolve(errors, view, warn) }
end

local function chosen(given)
  local name
  for key in pairs(given) do
    if not ANSWERS[key] then
      return nil, ("unknown field %q%s; %s expected")
        :format(tostring(key), near_miss(key, ANSWERS), NAMES)
    elseif name then
      return nil, ("%s and %s: one of them expected"):format(name, key)
    end
    name = key
  end
  return name
end

---Slack's form of an answer; nil, without a problem, for an empty ack: so for errors of
---which there are none.
---@param view table that was submitted
---@param given table
---@param warn fun(text: string)
---@return table? answer
---@return string? problem
function M.read(view, given, warn)
  local action = given.response_action
  if action == "errors" then
    return read_errors(given.errors, view, warn)
  elseif action ~= nil then
    return given
  end
  local name, problem = chosen(given)
  if not name then
    return nil, problem
  elseif name == "errors" then
    return read_errors(given.errors, view, warn)
  elseif name == "clear" then
    return given.clear == true and { response_action = "clear" } or nil
  elseif type(given[name]) ~= "table" then
    return nil, ("%s: a view expected, got %s"):format(name, type(given[name]))
  end
  return { response_action = name, view = given[name] }
end

---The answer that shows a text to the person, at the first input of the view.
---@param view table that was submitted
---@param text string
---@return table? answer nil: it has no input
function M.text(view, text)
  local _, first = inputs_of(view)
  return first and { response_action = "errors", errors = { [first] = text } } or nil
end

return M
