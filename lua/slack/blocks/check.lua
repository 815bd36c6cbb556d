-- What Slack would refuse of blocks, messages and views, before it is asked.

local Walk = require "slack.blocks.walk"
local errors = require "slack.errors"
local json = require "slack.json"
local misuse = require "slack.misuse"
local option_checks = require "slack.option_checks"
local rules = require "slack.blocks.rules"
local schema = require "slack.blocks.schema"
local sorted_keys = require "slack.sorted_keys"

-- Slack says 250 KB without saying which; what lies between is left to it.
local MAX_VIEW = 250 * 1024

local BLOCKS = schema.list(schema.typed "blocks", nil, 100, "blocks")
local OPTIONS = {
  surface = { check = option_checks.one_of("message", "modal", "home") },
  strict = { check = option_checks.of_type "boolean" },
}
local FOLDER = misuse.folder()

local M = {}

---@class slack.blocks.CheckOptions
---@field surface? "message"|"modal"|"home" where blocks alone are for
---@field strict? boolean also report fields and types that look like known ones misspelled

---The first problem, with all of them in `problems`.
---@class slack.blocks.Error: slack.Error
---@field path string "blocks[3].accessory.options[101]"; "" when it is about the whole
---@field problems slack.blocks.Problem[]

local function check_view(walk, view)
  walk.surface = view.type
  walk:object(rules.views[view.type], view)
  if view.type == "modal" and walk.together.inputs > 0
    and (view.submit == nil or view.submit == json.null) then
    walk:report("submit", "missing", "it is required in a modal with input blocks")
  end
  local text, problem = json.encode(view)
  if not text then
    walk:report(nil, "not_json", "it cannot be sent as JSON: %s", problem)
  elseif #text > MAX_VIEW then
    walk:report(nil, "too_large", "at most %d bytes as JSON, got %d", MAX_VIEW, #text)
  end
end

-- Where the value is what a type says, or says nothing of the kind.
local function check_typed(walk, value)
  if rules.views[value.type] then
    return check_view(walk, value)
  end
  for _, category in ipairs { "blocks", "elements", "rich_text_parts", "rich_text_leaves" } do
    if rules[category][value.type] then
      return walk:value(schema.typed(category), value)
    end
  end
end

local function check_list(walk, list)
  walk:enter "blocks"
  walk:value(BLOCKS, list)
  walk:leave()
  if walk.surface == "message" and #list > 50 then
    walk:report({ "blocks", 51 }, "too_many", "at most 50 blocks in a message, got %d", #list)
  end
end

-- chat.unfurl: what shows in the place of each URL.
local function check_unfurls(walk, unfurls)
  walk.surface = walk.surface or "message"
  walk:enter "unfurls"
  for _, url in ipairs(sorted_keys(unfurls)) do
    walk:enter(tostring(url))
    walk:value(schema.object "attachment", unfurls[url])
    walk:leave()
  end
  walk:leave()
end

local function check_any(walk, value)
  if type(value.type) == "string" then
    check_typed(walk, value)
  elseif type(value.view) == "table" then
    walk:enter "view"
    check_typed(walk, value.view)
    walk:leave()
  elseif value.options ~= nil or value.option_groups ~= nil then
    walk:object(rules.objects.options_answer, value)
  elseif type(value.unfurls) == "table" then
    check_unfurls(walk, value.unfurls)
  elseif value.blocks ~= nil or value.attachments ~= nil or value.text ~= nil then
    walk.surface = walk.surface or "message"
    walk:object(rules.objects.message, value)
  elseif rawlen(value) > 0 or next(value) == nil then
    check_list(walk, value)
  else
    walk:expect("blocks, a message or a view", value)
  end
end

---@param problems slack.blocks.Problem[]
---@return string the first one, as a sentence
function M.sentence(problems)
  local first = problems[1]
  return (first.path ~= "" and first.path .. ": " or "") .. first.message
end

---All that is wrong with a value.
---@param value table blocks, a message, a view, or arguments of views.*
---@param options? slack.blocks.CheckOptions
---@return slack.blocks.Problem[]
function M.problems(value, options)
  local walk = Walk.new(options or {})
  if type(value) == "table" then
    check_any(walk, value)
  else
    walk:expect("a table with blocks", value)
  end
  return walk.problems
end

local function check_options(options)
  local problem = options ~= nil and option_checks.argument(options, OPTIONS)
  if problem then
    misuse.raise(FOLDER, "blocks.check: " .. problem)
  end
end

---Whether Slack would take it, as far as its published rules say; it is left as it
---is. Types and fields that are not known pass, for Slack adds to them.
---@param value table a list of blocks, a message, a modal or home tab, or one block
---@param options? slack.blocks.CheckOptions
---@return true? ok
---@return slack.blocks.Error? err with `path` and `problems`
function M.check(value, options)
  check_options(options)
  local problems = M.problems(value, options)
  if #problems == 0 then
    return true
  end
  return nil, errors.new {
    code = problems[1].code, path = problems[1].path, message = M.sentence(problems),
    problems = problems,
  }
end

return M
