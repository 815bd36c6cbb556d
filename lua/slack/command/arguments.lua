-- The words behind a command: options, and others.
--
-- An option is { name =, text = } or, where a value follows it, { name =, value =, text =,
-- check =, default = }: `value` is its name in the help, `check` gives what to take for the
-- text of the value, or nil and what is wrong with it. With is_optional it is only taken from
-- "--name=value"; without it the option is true. A command with `takes_rest` gets what stands
-- behind "--" apart from its words, for a program that it runs.

local near_miss = require "slack.near_miss"

local M = {}

---@class slack.command.Option
---@field name string without the hyphens
---@field text string what it does
---@field value? string what its value is called in the help
---@field is_optional? boolean it may stand without its value
---@field check? fun(text: string): any, string?
---@field default? any

---Whether the words, up to a "--", ask how the command is used.
---@param words string[]
---@return boolean
function M.asks_for_help(words)
  for _, word in ipairs(words) do
    if word == "--" then
      return false
    elseif word == "--help" or word == "-h" then
      return true
    end
  end
  return false
end

local function by_word(options)
  local known = { ["--help"] = true }
  for _, option in ipairs(options) do
    known["--" .. option.name] = option
  end
  return known
end

-- The value that an option has here, and at which word it ends; or nil and the problem.
local function value_of(option, words, at, attached)
  local name = "--" .. option.name
  if not option.value then
    if attached then
      return nil, name .. " takes no value"
    end
    return true, at
  end
  local text = attached
  if not text and option.is_optional then
    return true, at
  elseif not text then
    at = at + 1
    text = words[at]
  end
  if not text then
    return nil, ("%s: %s is missing"):format(name, option.value)
  elseif not option.check then
    return text, at
  end
  local value, problem = option.check(text)
  if value == nil then
    return nil, ("%s: %s"):format(name, problem)
  end
  return value, at
end

local function with_defaults(command)
  local given = { words = {}, rest = command.takes_rest and {} or nil }
  for _, option in ipairs(command.options or {}) do
    given[option.name] = option.default
  end
  return given
end

---What words say to a command.
---@param command table
---@param words string[]
---@return table? given values by the names of options, `words`: the others, and `rest`
---@return string? problem
function M.read(command, words)
  local known, given = by_word(command.options or {}), with_defaults(command)
  local at, only_words = 1, false
  while at <= #words do
    local word = words[at]
    local name, attached = word:match "^(%-%-?[^=]+)=(.*)$"
    name = name or word
    if only_words or not word:find "^%-." then
      table.insert(only_words and given.rest or given.words, word)
    elseif word == "--" then
      only_words = true
    elseif not known[name] then
      return nil, ("there is no option %q%s"):format(name, near_miss(name, known))
    else
      local value, ended = value_of(known[name], words, at, attached)
      if value == nil then
        return nil, ended
      end
      given[known[name].name], at = value, ended
    end
    at = at + 1
  end
  if #given.words > 0 and not command.words then
    return nil, ("it takes no words, got %q"):format(given.words[1])
  end
  return given
end

local values_of = setmetatable({}, { __mode = "k" })

---The words that a check of one_of takes, for those who offer them.
---@param check function
---@return string[]?
function M.values_of(check)
  return values_of[check]
end

---A check of options whose values are among some words.
---@param ... string
---@return fun(text: string): string?, string?
function M.one_of(...)
  local words, known = { ... }, {}
  for _, word in ipairs(words) do
    known[word] = true
  end
  local function check(text)
    if known[text] then
      return text
    end
    return nil, ("one of %s expected, got %q%s"):format(table.concat(words, ", "), text,
      near_miss(text, known))
  end
  values_of[check] = words
  return check
end

---A check of options that are the beginnings of URLs: a scheme and a host.
---@param text string
---@return string? url
---@return string? problem
function M.origin(text)
  if text:find "^https?://[^/%s]+/?$" then
    return text
  end
  return nil, ("the beginning of a URL expected, like https://bot.example, got %q"):format(text)
end

---A check of options that are counts.
---@param text string
---@return integer? count
---@return string? problem
function M.count(text)
  local count = text:find "^%d+$" and math.tointeger(tonumber(text))
  if not count or count < 1 then
    return nil, ("a number of at least 1 expected, got %q"):format(text)
  end
  return count
end

return M
