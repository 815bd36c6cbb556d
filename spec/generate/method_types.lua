-- Annotations of the Web API: a file for each family of methods, one for answers' objects, and
-- one for the calls by name.

local annotations = require "generate.annotations"
local answer_facts = require "generate.answer_facts"
local argument_types = require "generate.argument_types"
local methods = require "slack.web_api.methods"
local object_facts = require "generate.object_facts"
local shape = require "generate.shape"

local FOLDER = "lua/slack/types/"

local M = {}

-- Facts -----------------------------------------------------------------------------

local function answers()
  local fields = {}
  for name, text in shape.entries(answer_facts) do
    fields[name] = shape.read(text)
  end
  return fields
end

local function argument_fields(method)
  local fields, is_required = {}, {}
  for _, name in ipairs(method.required) do
    is_required[name] = true
  end
  for name, kind in pairs(method.arguments) do
    fields[#fields + 1] = {
      name = name, type = argument_types.of(method.name, name, kind),
      is_optional = not is_required[name],
    }
  end
  table.sort(fields, function(a, b)
    if a.is_optional ~= b.is_optional then
      return b.is_optional
    end
    return a.name < b.name
  end)
  return fields
end

-- Words about a method --------------------------------------------------------------

local function rate(method)
  if method.tier == "special" then
    return "Rate: special."
  end
  return method.tier and ("Rate: tier %d."):format(method.tier)
end

local function scope_words(method)
  local by_scopes, order = {}, {}
  for _, kind in ipairs { "bot", "user", "app", "configuration" } do
    if method.tokens and method.tokens[kind] then
      local scopes = table.concat(method.scopes[kind], ", ")
      if not by_scopes[scopes] then
        by_scopes[scopes] = {}
        order[#order + 1] = scopes
      end
      table.insert(by_scopes[scopes], kind)
    end
  end
  local parts = {}
  for i, scopes in ipairs(order) do
    parts[i] = ("%s token%s"):format(table.concat(by_scopes[scopes], " or "),
      scopes == "" and "" or scopes:find "," and " with one of " .. scopes or " with " .. scopes)
  end
  return #parts > 0 and ("Takes a %s."):format(table.concat(parts, "; a "))
end

local function words_of(method)
  local parts = { "`" .. method.name .. "`." }
  local function add(text)
    parts[#parts + 1] = text or nil
  end
  add(rate(method))
  add(not method.needs_token and "Takes no token." or scope_words(method))
  add(method.items and "Has pages: `client:pages`.")
  add(method.status == "undocumented" and "Slack does not document it.")
  return table.concat(parts, " ")
end

local function deprecation(method)
  if method.status ~= "removed" and method.status ~= "deprecated" then
    return nil
  end
  return "---@deprecated"
    .. (method.status == "removed" and " Slack has removed it." or "")
    .. (method.instead and (" Call %s instead."):format(method.instead) or "")
end

-- Families --------------------------------------------------------------------------

local function arguments_class(method)
  return "slack.args." .. method.name
end

local function answer_class(name, known)
  return known[name] and "slack.answers." .. name or "table"
end

-- The local that stands for "chat.scheduledMessages".
local function table_name(path)
  return (path:gsub("%.", "_"))
end

local function function_head(path, last)
  if last == "end" then -- of calls; Lua's own word
    return ('%s["end"] = function(args, options) end'):format(table_name(path))
  end
  return ("function %s.%s(args, options) end"):format(table_name(path), last)
end

local function function_text(method, known)
  local path, last = method.name:match "^(.*)%.([%w]+)$"
  local is_optional = #method.required == 0
  local lines = annotations.comment(words_of(method))
  lines[#lines + 1] = deprecation(method)
  lines[#lines + 1] = "---@async"
  lines[#lines + 1] = ("---@param args%s %s"):format(is_optional and "?" or "",
    next(method.arguments) and arguments_class(method) or "{}")
  lines[#lines + 1] = "---@param options? slack.CallOptions"
  lines[#lines + 1] = ("---@return %s? answer"):format(answer_class(method.name, known))
  lines[#lines + 1] = "---@return slack.Error? err"
  lines[#lines + 1] = function_head(path, last)
  return table.concat(lines, "\n") .. "\n\n"
end

local function method_text(method, known)
  local text = ""
  if next(method.arguments) then
    text = annotations.class(arguments_class(method), nil, argument_fields(method))
  end
  if known[method.name] then
    text = text .. annotations.class("slack.answers." .. method.name, "slack.objects.Answer",
      known[method.name])
  end
  return text .. function_text(method, known)
end

-- Which tables lie in which: "chat.scheduledMessages" in "chat".
local function tables()
  local children, seen = {}, {}
  local function add(path)
    if seen[path] then
      return
    end
    seen[path], children[path] = true, {}
    local parent, last = path:match "^(.*)%.(%w+)$"
    if parent then
      add(parent)
      table.insert(children[parent], { name = last, type = "slack.methods." .. path })
    end
  end
  for name in methods.names() do
    add(name:match "^(.*)%.")
  end
  return children
end

-- Of the family that has a hundred methods each part has a file.
local function file_of(path)
  local family, part = path:match "^(%w+)%.?(%w*)"
  return family == "admin" and part ~= "" and family .. "_" .. part or family
end

local function family_texts(known)
  local texts, children, declared = {}, tables(), {}
  local function declare(path)
    if declared[path] then
      return
    end
    declared[path] = true
    if path:find "%." then
      declare(path:match "^(.*)%.")
    end
    local file, class = file_of(path), annotations.class("slack.methods." .. path, nil,
      children[path])
    texts[file] = texts[file]
      or { annotations.head(("The Web API's methods %s.*."):format((file:gsub("_", ".")))) }
    table.insert(texts[file], class:sub(1, -2) .. ("local %s = {}\n\n"):format(table_name(path)))
  end
  for name in methods.names() do
    local path = name:match "^(.*)%."
    declare(path)
    table.insert(texts[file_of(path)], method_text(methods.find(name), known))
  end
  return texts
end

-- Calls by name ---------------------------------------------------------------------

local CALL = '---@field call fun(self: slack.Client, name: "%s", args%s: %s, '
  .. "options?: slack.CallOptions): %s?, slack.Error?\n"

local function call_text(method, known)
  return CALL:format(method.name, #method.required == 0 and "?" or "",
    next(method.arguments) and arguments_class(method) or "{}", answer_class(method.name, known))
end

-- Of an item of a page: of its list, of a search's matches, of an object that has names.
local function item_type(method, known)
  for _, field in ipairs(known[method.name] or {}) do
    if field.name == method.items then
      return field.type:match "^(.*)%[%]$" or field.type:match "{ matches: ([%w.]+)%[%]"
        or field.type:match "^table<[^,]*, (.*)>$" or "any"
    end
  end
  return "any"
end

-- Both are callable, for loops, and objects with next().
local PAGES = '---@field pages fun(self: slack.Client, name: "%s", args%s: %s, '
  .. "options?: slack.PagesOptions): slack.Pages|fun(): %s?\n"
local EACH = '---@field each fun(self: slack.Client, name: "%s", args%s: %s, '
  .. "options?: slack.EachOptions): slack.Items|fun(): %s?\n"

local function pages_text(method, known)
  local mark, args = #method.required == 0 and "?" or "", arguments_class(method)
  return PAGES:format(method.name, mark, args, answer_class(method.name, known))
    .. EACH:format(method.name, mark, args, item_type(method, known))
end

-- The last ones, for names that are not known here: newer methods, names in variables.
local ANY_NAME = '---@field call fun(self: slack.Client, name: string, args?: table<string, any>, '
  .. "options?: slack.CallOptions): table?, slack.Error?\n"
  .. "---@field pages fun(self: slack.Client, name: string|table|function, "
  .. "args?: table<string, any>, options?: slack.PagesOptions): slack.Pages|fun(): table?\n"
  .. "---@field each fun(self: slack.Client, name: string|table|function, "
  .. "args?: table<string, any>, options?: slack.EachOptions): slack.Items|fun(): any?\n"

local function client_text(known)
  local lines = {
    annotations.head "The client's families of methods, and its calls by name.",
    "---@class (partial) slack.Client\n",
  }
  local last
  for name in methods.names() do
    local family = name:match "^%w+"
    if family ~= last then
      lines[#lines + 1], last = ("---@field %s slack.methods.%s\n"):format(family, family), family
    end
  end
  for name in methods.names() do
    local method = methods.find(name)
    if method.status ~= "removed" then
      lines[#lines + 1] = call_text(method, known)
      lines[#lines + 1] = method.items and pages_text(method, known) or nil
    end
  end
  lines[#lines + 1] = ANY_NAME
  return table.concat(lines)
end

-- Objects ---------------------------------------------------------------------------

local function objects_text()
  return annotations.head "The objects in answers and events."
    .. annotations.classes(object_facts, function(head)
      return "slack.objects." .. head
    end)
end

---@return table<string, string> text by path
function M.files()
  local known = answers()
  local files = {
    [FOLDER .. "client.lua"] = client_text(known),
    [FOLDER .. "objects.lua"] = objects_text(),
  }
  for family, parts in pairs(family_texts(known)) do
    files[FOLDER .. "methods/" .. family .. ".lua"] = table.concat(parts)
  end
  return files
end

return M
