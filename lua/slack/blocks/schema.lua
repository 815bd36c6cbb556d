-- The words in which the rules of Block Kit are written down: kinds of values, and
-- rules, which say what an object holds. Constructors and checks both read them.

local merged = require "slack.merged"
local sorted_keys = require "slack.sorted_keys"

---A value that a field may have; what else it has depends on its kind.
---@class slack.blocks.Kind
---@field kind string a function of check.lua and, where strings become objects, of build.lua
---@field is_required? boolean

---What an object holds.
---@class slack.blocks.Rule
---@field category string
---@field name string its type, as Slack calls it
---@field has_type boolean whether it says its type itself
---@field args string[] fields that a constructor takes in this order
---@field items? string the list that a constructor's items without a name go into
---@field fields table<string, slack.blocks.Kind>
---@field names string[] of the fields, sorted, so that the first problem is always the same one
---@field relations function[] between fields: relation(object) -> code?, field, message
---@field defaults table<string, any> what a constructor fills in
---@field places? table<string, boolean> of elements: the blocks that may hold them
---@field surfaces? table<string, boolean> of blocks and elements; nil: all
---@field forbidden? table<string, string> fields that must not be there, and why
---@field finish? fun(object: table, source: table) the last step of a constructor

local M = {}

-- category -> type -> rule
---@type table<string, table<string, slack.blocks.Rule>>
M.rules = {}

-- Kinds -----------------------------------------------------------------------------

---A text object of either markup; strings become mrkdwn.
---@param max integer characters
---@return slack.blocks.Kind
function M.text(max)
  return { kind = "text", max = max, from_string = "mrkdwn" }
end

---A text object without markup.
---@param max integer characters
---@return slack.blocks.Kind
function M.plain(max)
  return { kind = "text", max = max, from_string = "plain_text", is_plain = true }
end

---A text object of either markup, for which strings become text without.
---@param max integer characters
---@return slack.blocks.Kind
function M.label(max)
  return { kind = "text", max = max, from_string = "plain_text" }
end

---@param max? integer characters
---@param more? { min: integer?, pattern: string?, expected: string? }
---@return slack.blocks.Kind
function M.string(max, more)
  more = more or {}
  return {
    kind = "string", max = max, min = more.min, pattern = more.pattern, expected = more.expected,
  }
end

---@type slack.blocks.Kind
M.boolean = { kind = "boolean" }

---@type slack.blocks.Kind
M.any = { kind = "any" }

---@param min? integer
---@param max? integer
---@return slack.blocks.Kind
function M.integer(min, max)
  return { kind = "integer", min = min, max = max }
end

---A number that travels as a string.
---@type slack.blocks.Kind
M.numeral = { kind = "numeral" }

---@param ... string
---@return slack.blocks.Kind
function M.one_of(...)
  local allowed = {}
  for _, word in ipairs { ... } do
    allowed[word] = true
  end
  return { kind = "one_of", allowed = allowed, words = { ... } }
end

---@param of slack.blocks.Kind
---@param min? integer
---@param max? integer
---@param what? string items, in the plural, for messages
---@return slack.blocks.Kind
function M.list(of, min, max, what)
  return { kind = "list", of = of, min = min, max = max, what = what or "items" }
end

---A composition object.
---@param name string
---@return slack.blocks.Kind
function M.object(name)
  return { kind = "object", name = name }
end

---An object that says its type; types of other categories are refused, unknown ones
---let through, for Slack adds them.
---@param category string
---@param place? string the block it stands in, for elements
---@param from_string? string the type of which a string makes one
---@return slack.blocks.Kind
function M.typed(category, place, from_string)
  return { kind = "typed", category = category, place = place, from_string = from_string }
end

---@param only slack.blocks.Kind
---@param names table<string, boolean>
---@return slack.blocks.Kind
function M.only(only, names)
  return merged({ only = names }, only)
end

---The same kind, of which there must be a value.
---@param kind slack.blocks.Kind
---@return slack.blocks.Kind
function M.required(kind)
  return merged({ is_required = true }, kind)
end

-- Rules -----------------------------------------------------------------------------

local function set_of(list)
  if not list then
    return nil
  end
  local set = {}
  for _, word in ipairs(list) do
    set[word] = true
  end
  return set
end

---Adds a rule; fields of `common` are those that all of a category have.
---@param category string
---@param common table<string, slack.blocks.Kind>
---@param name string
---@param rule table
function M.define(category, common, name, rule)
  local fields = rule.fields or {}
  for field, kind in pairs(common) do
    fields[field] = fields[field] or kind
  end
  M.rules[category] = M.rules[category] or {}
  M.rules[category][name] = {
    category = category,
    name = name,
    has_type = category ~= "objects" or rule.has_type or false,
    args = rule.args or {},
    items = rule.items,
    fields = fields,
    names = sorted_keys(fields),
    relations = rule.relations or {},
    defaults = rule.defaults or {},
    places = set_of(rule.places),
    surfaces = set_of(rule.surfaces),
    forbidden = rule.forbidden,
    finish = rule.finish,
  }
end

return M
