-- Block Kit: a function for each block, element, composition object and view. All of
-- them take their main values in order and then a table with the rest, or the table
-- alone; in a table, items without a name are those of the list that the thing holds,
-- or the main values. What comes out is plain tables, checked by the rules of Slack.

local Walk = require "slack.blocks.walk"
local build = require "slack.blocks.build"
local check = require "slack.blocks.check"
local json = require "slack.json"
local misuse = require "slack.misuse"
local near_miss = require "slack.near_miss"
local rules = require "slack.blocks.rules"

local FOLDER = misuse.folder()
local MAX_OPTIONS, MAX_OPTION_TEXT = 100, 75

-- Composition objects that are of use by themselves.
local OBJECTS = {
  "option", "option_group", "confirm", "conversation_filter", "dispatch_action_config",
  "slack_file", "trigger", "workflow", "feedback_button", "column_setting", "raw_text",
  "url_source", "message",
}

local M = { check = check.check, rich = {} }

-- What is misspelled in a plain table may be new at Slack; here it is a mistake.
local STRICT = { strict = true }

local function problems_of(rule, object)
  if rule.category == "views" or rule.name == "message" then
    return check.problems(object, STRICT)
  end
  local walk = Walk.new(STRICT)
  walk:object(rule, object)
  return walk.problems
end

local function constructor(name, rule)
  return function(...)
    if ... == M or ... == M.rich then
      misuse.raise(FOLDER, ("blocks.%s: call it with a dot, not with a colon"):format(name))
    end
    local ok, object = pcall(build.construct, rule, ...)
    if not ok then
      misuse.raise(FOLDER, ("blocks.%s: %s"):format(name, type(object) == "table" and object.misuse
        or tostring(object)))
    end
    local problems = problems_of(rule, object)
    if #problems > 0 then
      misuse.raise(FOLDER, ("blocks.%s: %s"):format(name, check.sentence(problems)))
    end
    return object
  end
end

-- A block and an element of one type are made by the block's, which has more fields.
for _, category in ipairs { "elements", "blocks", "views" } do
  for name, rule in pairs(rules[category]) do
    M[name] = constructor(name, rule)
  end
end
for _, name in ipairs(OBJECTS) do
  M[name] = constructor(name, rules.objects[name])
end
for name, rule in pairs(rules.rich_text_leaves) do
  M.rich[name] = constructor("rich." .. name, rule)
end
for name, rule in pairs(rules.rich_text_parts) do
  local short = name:gsub("^rich_text_", "")
  M.rich[short] = constructor("rich." .. short, rule)
  M[name] = M.rich[short]
end

-- Answers to menus ------------------------------------------------------------------

-- Titles come from elsewhere and may have any length.
local function shortened(text)
  if type(text) ~= "string" or (utf8.len(text) or 0) <= MAX_OPTION_TEXT then
    return text
  end
  return text:sub(1, utf8.offset(text, MAX_OPTION_TEXT) - 1) .. "…"
end

local function option_of(item)
  if type(item) ~= "table" then
    return M.option(shortened(item), { value = item })
  elseif item[1] ~= nil then
    return M.option(shortened(item[1]), item[2] == nil and item[1] or item[2], item[3])
  end
  return M.option(item)
end

local function matching(list, query)
  local found = json.list()
  for _, item in ipairs(list) do
    local option = option_of(item)
    if #found == MAX_OPTIONS then
      break
    elseif option.text.text:lower():find(query, 1, true) then
      found[#found + 1] = option
    end
  end
  return found
end

local function matching_groups(groups, query)
  local found = json.list()
  for _, group in ipairs(groups) do
    local options = matching(group.options, query)
    if #options > 0 and #found < MAX_OPTIONS then
      found[#found + 1] = M.option_group(group.label, options)
    end
  end
  return found
end

---The answer of an options listener: of all options those whose text has what the
---person has typed in it, at most the 100 that Slack takes. Long texts are cut.
---@param all (string|any[]|table)[] options or groups in any of their forms
---@param query? string what was typed, in any case; nil: all
---@return table answer
function M.options(all, query)
  if type(all) ~= "table" then
    misuse.raise(FOLDER, "blocks.options: a list of options expected, got " .. type(all))
  elseif query ~= nil and type(query) ~= "string" then
    misuse.raise(FOLDER, "blocks.options: what was typed expected, got " .. type(query))
  end
  query = (query or ""):lower()
  if type(all[1]) == "table" and all[1].options then
    return { option_groups = matching_groups(all, query) }
  end
  return { options = matching(all, query) }
end

-- Says which name was meant, where there is none of that.
local function advising(list, prefix)
  return setmetatable(list, {
    __index = function(_, name)
      misuse.raise(FOLDER, ("%s.%s: there is no such function%s; for a type that is new, write a"
        .. " plain table"):format(prefix, tostring(name), near_miss(name, list)))
    end,
  })
end

advising(M.rich, "blocks.rich")
return advising(M, "blocks")
