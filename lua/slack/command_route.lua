-- One route of a slash command: the text that describes it, read into segments, and
-- how typed words are held against those.

local Listener = require "slack.listener"
local command_types = require "slack.command_types"
local command_words = require "slack.command_words"
local mrkdwn = require "slack.mrkdwn.reading"
local near_miss = require "slack.near_miss"
local sorted_keys = require "slack.sorted_keys"

local TYPES, TEXT = command_types.TYPES, command_types.TYPES.text

-- The more particular a segment, the earlier in the alphabet.
local LITERAL <const> = "a"
local RANKS = { { "b", "f", "j" }, { "c", "g", "k" }, { "d", "h", "l" }, { "e", "i", "m" } }

---@class slack.CommandSegment
---@field shown string as it stands in the route
---@field rank string
---@field literals? table<string, true> words in lower case, any of which it is
---@field name? string of the parameter
---@field type? slack.CommandType
---@field is_optional? boolean
---@field takes_rest? boolean

---@class slack.CommandRoute
---@field text string
---@field segments slack.CommandSegment[]
---@field rank string sorts the more particular before the more general
---@field handler function
---@field middleware function[]
---@field help? string
---@field place string
local CommandRoute = {}
CommandRoute.__index = CommandRoute
CommandRoute.__name = "slack.command_route"

-- Reading the text ----------------------------------------------------------------------

local function read_type(word, name)
  if name == "" then
    return TEXT
  elseif TYPES[name] then
    return TYPES[name]
  elseif not name:find("|", 1, true) then
    return nil, ("%q: unknown type %q%s (types are %s; or words to choose from, like %s)"):format(
      word, name, near_miss(name, TYPES), table.concat(sorted_keys(TYPES), ", "), "<env:prod|test>")
  end
  local list = {}
  for value in (name .. "|"):gmatch "([^|]*)|" do
    if value == "" then
      return nil, ("%q: a word expected on each side of |"):format(word)
    end
    list[#list + 1] = value
  end
  return command_types.choice(list)
end

local function rank_of(segment)
  local particular = segment.type.values and 1 or segment.type == TYPES.number and 3
    or segment.type == TEXT and 4 or 2
  return RANKS[particular][segment.takes_rest and 3 or segment.is_optional and 2 or 1]
    .. (segment.takes_rest and segment.is_optional and "z" or "")
end

local function read_parameter(word, inner, is_optional)
  local body, dots = inner:gsub("%.%.%.$", "")
  local name, type_name = body:match "^([^:]*):?(.*)$"
  if not name:find "^[%a_][%w_]*$" then
    return nil, ("%q: a name of letters, digits and _ expected, like <env> or [count:integer]")
      :format(word)
  end
  local kind, problem = read_type(word, type_name)
  if not kind then
    return nil, problem
  end
  local segment = {
    shown = word, name = name, type = kind, is_optional = is_optional, takes_rest = dots > 0,
  }
  segment.rank = rank_of(segment)
  return segment
end

local function read_literals(word)
  local literals = {}
  for one in (word .. "|"):gmatch "([^|]*)|" do
    if one == "" or one:find '[<%[%]"]' or one:find ">$" then
      return nil, ("%q: a word, <name> or [name] expected"):format(word)
    end
    literals[one:lower()] = true
  end
  return { shown = word, literals = literals, rank = LITERAL }
end

local function read_segment(word)
  local required, optional = word:match "^<(.*)>$", word:match "^%[(.*)%]$"
  if required or optional then
    return read_parameter(word, required or optional, optional ~= nil)
  end
  return read_literals(word)
end

-- What is wrong with a segment where it stands.
local function misplaced(segment, before, names)
  if segment.name and names[segment.name] then
    return ("the name %q stands in it twice"):format(segment.name)
  elseif before and before.takes_rest then
    return ("%q takes all the rest: it can only stand at the end"):format(before.shown)
  elseif before and before.is_optional and not segment.is_optional then
    return ("%q stands behind %q, which may be left out"):format(segment.shown, before.shown)
  end
end

local function read_text(self, text)
  local names, ranks = {}, {}
  for word in text:gmatch "%S+" do
    local segment, problem = read_segment(word)
    problem = problem or misplaced(segment, self.segments[#self.segments], names)
    if problem then
      return nil, ("route %q: %s"):format(text, problem)
    end
    names[segment.name or 0] = segment.name
    self.segments[#self.segments + 1], ranks[#ranks + 1] = segment, segment.rank
  end
  self.rank = table.concat(ranks)
  return true
end

local function read_functions(self, text, value)
  local functions = { value }
  if type(value) == "table" and not Listener.is_callable(value) then
    for name in pairs(value) do
      if name ~= "help" and math.type(name) ~= "integer" then
        return nil, ('route %q: unknown field %q; there is "help"'):format(text, tostring(name))
      end
    end
    self.help, functions = value.help, table.move(value, 1, #value, 1, {})
    if self.help ~= nil and type(self.help) ~= "string" then
      return nil, ("route %q: help: string expected, got %s"):format(text, type(self.help))
    end
  end
  for i = 1, math.max(#functions, 1) do
    if not Listener.is_callable(functions[i]) then
      return nil, ("route %q: a function, or { middleware…, function, help = text } expected, "
        .. "got %s"):format(text, functions[i] == nil and "no function" or type(functions[i]))
    end
  end
  self.handler, self.middleware = table.remove(functions), functions
  self.place = Listener.place_of(self.handler)
  return true
end

---@param text string that describes it
---@param value any its handler, or a table with middleware, handler and help
---@return slack.CommandRoute? route
---@return string? problem
function CommandRoute.new(text, value)
  if type(text) ~= "string" then
    return nil, ("route: a text like \"to <env>\" expected as key, got %s %s")
      :format(type(text), tostring(text))
  end
  local self = setmetatable({
    text = text:gsub("%s+", " "):match "^ ?(.-) ?$", segments = {},
  }, CommandRoute)
  local ok, problem = read_text(self, text)
  if ok then
    ok, problem = read_functions(self, text, value)
  end
  return ok and self or nil, problem
end

local function have_common(a, b)
  for value in pairs(a) do
    if b[value] then
      return true
    end
  end
  return false
end

local function overlap(a, b)
  if a.literals then
    return have_common(a.literals, b.literals)
  elseif a.type.values then
    return have_common(a.type.values, b.type.values)
  end
  return a.type == b.type
end

---Whether some text is for both, and neither is the more particular one.
---@param other slack.CommandRoute
---@return boolean
function CommandRoute:is_like(other)
  if self.rank ~= other.rank then
    return false
  end
  for i, segment in ipairs(self.segments) do
    if not overlap(segment, other.segments[i]) then
      return false
    end
  end
  return true
end

-- Matching --------------------------------------------------------------------------------

---@class slack.CommandMiss
---@field route slack.CommandRoute
---@field literals integer words of the route's own that were there
---@field matched integer segments
---@field problem string what is wrong with the word that did not match, in mrkdwn
---@field is_setting? boolean the app's settings are to blame

local function read_word(segment, word, command)
  if word.is_open then
    return nil, ("%s: a quotation mark is missing at the end of %s"):format(segment.name,
      command_words.quote(word.text))
  end
  local value, problem, is_setting = segment.type.read(word.text, command)
  if problem then
    return nil, ("%s: %s"):format(segment.name, problem), is_setting
  end
  return value
end

-- Text as it was typed, quotation marks and all, unless one pair holds it together.
local function rest_of(typed, at)
  local word = typed.words[at]
  if word.is_quoted and not word.is_open and not typed.words[at + 1] then
    return word.text
  end
  return typed.text:match("^.*%S", word.first)
end

local function read_rest(segment, typed, at)
  if segment.type == TEXT then
    return rest_of(typed, at)
  end
  local values = {}
  for i = at, #typed.words do
    local value, problem, is_setting = read_word(segment, typed.words[i], typed.command)
    if problem then
      return nil, problem, is_setting
    end
    values[#values + 1] = value
  end
  return values
end

local function has_literal(segment, word)
  return not word.is_quoted and segment.literals[mrkdwn.unescape(word.text):lower()]
end

-- value, or nil and the problem, of the segment that begins at a word.
local function read(segment, typed, at)
  local word = typed.words[at]
  if not word then
    return nil, mrkdwn.escape(segment.shown) .. " is missing"
  elseif segment.literals then
    if has_literal(segment, word) then
      return true
    end
    return nil, ('"%s" expected, got %s'):format(mrkdwn.escape(segment.shown),
      command_words.quote(word.text))
  elseif segment.takes_rest then
    return read_rest(segment, typed, at)
  end
  return read_word(segment, word, typed.command)
end

---@class slack.TypedWords
---@field words slack.CommandWord[]
---@field text string
---@field command string with its slash

---The parameters, if what was typed is for this route.
---@param typed slack.TypedWords
---@return table<string, any>? params
---@return slack.CommandMiss? miss
function CommandRoute:match(typed)
  local params, literals, count = {}, 0, #typed.words
  for i, segment in ipairs(self.segments) do
    if segment.is_optional and i > count then
      return params
    end
    local value, problem, is_setting = read(segment, typed, i)
    if problem then
      return nil, {
        route = self, literals = literals, matched = i - 1, problem = problem,
        is_setting = is_setting,
      }
    elseif segment.takes_rest then
      count = i
    end
    literals = literals + (segment.literals and 1 or 0)
    params[segment.name or 0] = segment.name and value
  end
  if count > #self.segments then
    return nil, {
      route = self, literals = literals, matched = #self.segments,
      problem = ("%s is one word too many"):format(
        command_words.quote(typed.words[#self.segments + 1].text)),
    }
  end
  return params
end

---The route as mrkdwn, with its command before it.
---@param command string
---@return string
function CommandRoute:usage(command)
  return ("`%s`"):format(mrkdwn.escape((command .. " " .. self.text):gsub("%s+$", "")))
end

return CommandRoute
