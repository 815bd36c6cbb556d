-- Looks over a value by the rules and collects what is wrong with it, each with its
-- path. Raises for no value, unless a metamethod of it does; goes no deeper than the rules.

local json = require "slack.json"
local near_miss = require "slack.near_miss"
local schema = require "slack.blocks.schema"
local Together = require "slack.blocks.together"
local sorted_keys = require "slack.sorted_keys"

local null = json.null

-- More than anybody reads.
local MAX_PROBLEMS = 100
-- A container holds blocks, also itself by mistake.
local MAX_DEPTH = 50

---@class slack.blocks.Problem
---@field code string
---@field path string "blocks[3].accessory.options[101]"; "" for the whole
---@field message string without the path

---@class slack.blocks.Walk
---@field problems slack.blocks.Problem[]
---@field surface? "message"|"modal"|"home" nil when it is not known
---@field is_strict boolean also advise on names that Slack may have added
---@field together slack.blocks.Together
---@field action_ids table<string, string> path by action_id, of one block
---@field focused? string path of the element that has the focus
local Walk = {}
Walk.__index = Walk

---@param options { surface: string?, strict: boolean? }
---@return slack.blocks.Walk
function Walk.new(options)
  return setmetatable({
    problems = {}, surface = options.surface, is_strict = options.strict or false,
    together = Together.new(), action_ids = {}, _path = {}, _depth = 0,
  }, Walk)
end

-- Paths and problems ----------------------------------------------------------------

local function path_text(path, depth)
  local parts = {}
  for i = 1, depth do
    local step = path[i]
    parts[i] = type(step) == "number" and ("[%d]"):format(step)
      or not step:find "^[%a_][%w_]*$" and ("[%q]"):format(step)
      or (i > 1 and "." or "") .. step
  end
  return table.concat(parts)
end

---@param step string|integer
function Walk:enter(step)
  local depth = self._depth + 1
  self._depth, self._path[depth] = depth, step
end

function Walk:leave()
  self._depth = self._depth - 1
end

---@return string
function Walk:path()
  return path_text(self._path, self._depth)
end

---@param field nil|string|integer|(string|integer)[] below where the walk is
---@param code string
---@param message string
function Walk:report(field, code, message, ...)
  if #self.problems >= MAX_PROBLEMS then
    return
  end
  local steps = type(field) == "table" and field or { field }
  for _, step in ipairs(steps) do
    self:enter(step)
  end
  self.problems[#self.problems + 1] = {
    code = code, path = self:path(),
    message = select("#", ...) > 0 and message:format(...) or message,
  }
  self._depth = self._depth - #steps
end

-- What a value is, for messages; never much of it.
local function described(value)
  if type(value) == "string" then
    return #value <= 40 and ("%q"):format(value) or "a longer text"
  elseif type(value) == "table" or value == null then
    return value == null and "null" or "a table"
  end
  return type(value) == "nil" and "nothing" or tostring(value)
end

function Walk:expect(expected, value)
  self:report(nil, "wrong_type", "%s expected, got %s", expected, described(value))
end

-- Characters as Slack counts them: code points. Bytes that are no UTF-8 count as well.
local function length_of(text)
  return utf8.len(text) or #text:gsub("[\128-\191]", "")
end

function Walk:check_length(text, min, max)
  if max and #text > max then
    local length = length_of(text)
    if length > max then
      self:report(nil, "too_long", "at most %d characters, got %d", max, length)
    end
  end
  if min and min > 0 and #text < min then
    self:report(nil, "too_short", min == 1 and "it is empty"
      or ("at least %d characters, got %d"):format(min, #text))
  end
end

-- Kinds -----------------------------------------------------------------------------

---@type table<string, fun(walk: slack.blocks.Walk, kind: slack.blocks.Kind, value: any)>
local kinds = {}

function kinds.any() end

function kinds.boolean(walk, _, value)
  if type(value) ~= "boolean" then
    walk:expect("true or false", value)
  end
end

function kinds.string(walk, kind, value)
  if type(value) ~= "string" then
    return walk:expect("text", value)
  end
  walk:check_length(value, kind.min, kind.max)
  if kind.pattern and not value:find(kind.pattern) then
    walk:report(nil, "malformed", "%s expected, got %s", kind.expected, described(value))
  end
end

function kinds.integer(walk, kind, value)
  local number = math.tointeger(value)
  if type(value) ~= "number" or not number then
    return walk:expect("a whole number", value)
  elseif kind.min and number < kind.min then
    walk:report(nil, "out_of_range", "at least %d, got %d", kind.min, number)
  elseif kind.max and number > kind.max then
    walk:report(nil, "out_of_range", "at most %d, got %d", kind.max, number)
  end
end

function kinds.numeral(walk, _, value)
  if type(value) ~= "string" or not (value:find "^-?[%d.]+$" and value:find "%d$"
    and tonumber(value)) then
    walk:report(nil, type(value) == "string" and "malformed" or "wrong_type",
      "a number as text expected (\"9.5\"), got %s", described(value))
  end
end

function kinds.one_of(walk, kind, value)
  if not kind.allowed[value ~= nil and value or false] then
    local words = {}
    for i, word in ipairs(kind.words) do
      words[i] = ("%q"):format(word)
    end
    local last = table.remove(words)
    walk:report(nil, type(value) == "string" and "unknown_value" or "wrong_type",
      "%s expected, got %s%s", (#words > 0 and table.concat(words, ", ") .. " or " or "") .. last,
      described(value), type(value) == "string" and near_miss(value, kind.allowed) or "")
  end
end

function kinds.text(walk, kind, value)
  if type(value) ~= "table" then
    return walk:expect("a text object", value)
  end
  local markup = value.type
  if markup ~= "plain_text" and (kind.is_plain or markup ~= "mrkdwn") then
    walk:report("type", markup == nil and "missing" or markup == "mrkdwn" and "not_allowed"
      or "unknown_value", kind.is_plain and "\"plain_text\" expected, got %s"
      or "\"plain_text\" or \"mrkdwn\" expected, got %s", described(markup))
  elseif markup == "mrkdwn" and value.emoji ~= nil and value.emoji ~= null then
    walk:report("emoji", "not_allowed", "only text of type plain_text has it")
  end
  walk:enter "text"
  if type(value.text) == "string" then
    walk:check_length(value.text, 1, kind.max)
  elseif value.text == nil then
    walk:report(nil, "missing", "it is required")
  else
    walk:expect("text", value.text)
  end
  walk:leave()
end

local function is_list(value)
  return type(value) == "table" and (rawlen(value) > 0 or next(value) == nil)
end

function kinds.list(walk, kind, value)
  if not is_list(value) then
    return walk:expect("a list of " .. kind.what, value)
  end
  local count = rawlen(value)
  if kind.max and count > kind.max then
    walk:report(kind.max + 1, "too_many", "at most %d %s, got %d", kind.max, kind.what, count)
  elseif kind.min and count < kind.min then
    walk:report(nil, "too_few", "at least %d %s, got %d", kind.min, kind.what, count)
  end
  for i = 1, math.min(count, kind.max or count) do
    if #walk.problems >= MAX_PROBLEMS then
      return
    end
    walk:enter(i)
    walk:value(kind.of, value[i])
    walk:leave()
  end
end

function kinds.object(walk, kind, value)
  if type(value) ~= "table" then
    return walk:expect(("an object (%s)"):format(kind.name:gsub("^menu_", "")), value)
  end
  walk:object(schema.rules.objects[kind.name], value)
end

-- Objects that say their type -------------------------------------------------------

local function category_of(type_name, besides)
  for _, category in ipairs { "blocks", "elements", "views" } do
    if category ~= besides and schema.rules[category][type_name] then
      return category
    end
  end
end

-- Types that a block may hold, for messages.
local function allowed_in(kind)
  local names = {}
  for name, rule in pairs(schema.rules[kind.category]) do
    if not (kind.place and not rule.places[kind.place]) and not (kind.only and not kind.only[name])
    then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function is_misplaced(kind, rule, name)
  if kind.only then
    return not kind.only[name]
  elseif rule then
    return kind.place and not rule.places[kind.place]
  end
  return category_of(name, kind.category) ~= nil
end

local WORDS = {
  blocks = "block", elements = "element", rich_text_parts = "part of a rich text",
  rich_text_leaves = "part of a rich text", cells = "cell", views = "view",
}

-- A URL to answer with comes with a submission only.
local function check_response_url(walk, kind, value)
  if value.response_url_enabled == true
    and (kind.place ~= "input" or walk.surface and walk.surface ~= "modal") then
    walk:report("response_url_enabled", "not_allowed", "it is for input blocks of modals only")
  end
end

function kinds.typed(walk, kind, value)
  if type(value) ~= "table" then
    return walk:expect(("a table (%s)"):format(WORDS[kind.category]), value)
  elseif type(value.type) ~= "string" then
    local code = value.type == nil and "missing" or "wrong_type"
    return walk:report("type", code, "the type of the %s expected, got %s", WORDS[kind.category],
      described(value.type))
  end
  local known = schema.rules[kind.category]
  local rule = known[value.type]
  if kind.category == "blocks" then
    walk.action_ids = {}
    walk.together:add(walk, value)
  end
  if is_misplaced(kind, rule, value.type) then
    return walk:report("type", "not_allowed", "%s cannot stand here%s; what can: %s", value.type,
      kind.place and (", in a block of type %s"):format(kind.place) or "", allowed_in(kind))
  elseif rule then
    if kind.place then
      check_response_url(walk, kind, value)
    end
    return walk:object(rule, value)
  end
  local advice = walk.is_strict and near_miss(value.type, known) or ""
  if advice ~= "" then
    walk:report("type", "unknown_value", "no type %q is known%s", value.type, advice)
  end
end

-- Objects ---------------------------------------------------------------------------

function Walk:value(kind, value)
  if self._depth > MAX_DEPTH then
    return self:report(nil, "too_deep", "nested more than %d deep", MAX_DEPTH)
  end
  return kinds[kind.kind](self, kind, value)
end

function Walk:check_surface(rule, object)
  if rule.surfaces and self.surface and not rule.surfaces[self.surface] then
    self:report(nil, "not_allowed", "%s is for %ss only, not for a %s", rule.name,
      table.concat(sorted_keys(rule.surfaces), "s and "), self.surface)
  end
  if object.focus_on_load == true and rule.fields.focus_on_load then
    if self.focused then
      self:report("focus_on_load", "duplicate", "%s has it already; one element of a view can",
        self.focused)
    else
      self.focused = self:path()
    end
  end
end

-- Two elements of a block cannot be told apart by one action_id.
function Walk:check_action_id(rule, object)
  local ids, id = self.action_ids, object.action_id
  if rule.category ~= "elements" or type(id) ~= "string" then
    return
  elseif ids[id] then
    self:report("action_id", "duplicate", "%q is that of %s already", id, ids[id])
  else
    ids[id] = self:path()
  end
end

function Walk:check_unknown(rule, object)
  for _, name in ipairs(sorted_keys(object)) do
    if not rule.fields[name] and not (name == "type" and rule.has_type) then
      local advice = near_miss(name, rule.fields)
      if advice ~= "" then
        self:report(tostring(name), "unknown_field", "no such field of %s is known%s", rule.name,
          advice)
      end
    end
  end
end

---@param rule slack.blocks.Rule
---@param object table
function Walk:object(rule, object)
  for _, name in ipairs(rule.names) do
    local kind, value = rule.fields[name], object[name]
    if value == nil or value == null then
      if kind.is_required then
        self:report(name, "missing", "it is required")
      end
    else
      self:enter(name)
      self:value(kind, value)
      self:leave()
    end
  end
  for _, relation in ipairs(rule.relations) do
    local code, field, message = relation(object)
    if code then
      self:report(field, code, message)
    end
  end
  for _, name in ipairs(rule.forbidden and sorted_keys(rule.forbidden) or {}) do
    if object[name] ~= nil and object[name] ~= null then
      self:report(name, "not_allowed", rule.forbidden[name])
    end
  end
  self:check_surface(rule, object)
  self:check_action_id(rule, object)
  if self.is_strict then
    self:check_unknown(rule, object)
  end
end

return Walk
