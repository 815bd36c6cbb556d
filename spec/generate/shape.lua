-- A short notation for the fields of a JSON object, and the annotations that it stands for:
--
--   "channel ts message:slack.objects.Message item{type channel} files[] links[{domain url}] text?"
--
-- NAME?        a field that may be missing; its type follows from its name (field_types.lua)
-- NAME:TYPE    a type as annotations have it, without spaces
-- NAME{…}      an object with these fields; NAME{} one whose fields are not told
-- NAME[]       a list of what the name says; NAME[{…}] a list of objects

local field_types = require "generate.field_types"

local M = {}

---@class generate.Field
---@field name string
---@field type string
---@field is_optional boolean

local read_fields

-- A type as it stands there, up to a space, a comma or "?" outside of brackets.
local function read_given(text, start)
  local at = start
  while true do
    local after = text:match("^%b<>()", at) or text:match("^%b{}()", at)
      or text:match("^[^%s,?<{]()", at)
    if not after then
      local given = text:sub(start, at - 1):gsub("[,:]", "%0 ")
      return given, at
    end
    at = after
  end
end

-- The type behind a name, and where it ends.
local function read_type(text, at, name)
  local list_end = text:match("^%[%]()", at)
  if list_end then
    return field_types.of(name, true) .. "[]", list_end
  end
  local objects = text:match("^%[(%b{})%]", at)
  if objects then
    return M.inline(read_fields(objects:sub(2, -2))) .. "[]", at + #objects + 2
  end
  local object = text:match("^%b{}", at)
  if object then
    return M.inline(read_fields(object:sub(2, -2))), at + #object
  end
  if text:sub(at, at) == ":" then
    return read_given(text, at + 1)
  end
  return field_types.of(name, false), at
end

function read_fields(text)
  local fields, at = {}, 1
  while true do
    at = text:match("^[%s,]*()", at)
    if at > #text then
      return fields
    end
    local name, after = text:match("^([%a_][%w_]*)()", at)
    if not name then
      error(("a field expected at %q"):format(text:sub(at)))
    end
    local early = text:sub(after, after) == "?"
    local kind, finish = read_type(text, early and after + 1 or after, name)
    local late = text:sub(finish, finish) == "?"
    fields[#fields + 1] = { name = name, type = kind, is_optional = early or late }
    at = late and finish + 1 or finish
  end
end

---@param text string
---@return generate.Field[]
function M.read(text)
  return read_fields(text)
end

---Entries "HEAD: FIELDS"; a line that is indented goes on with the one before.
---@param text string
---@return fun(): string?, string? head, fields
function M.entries(text)
  return text:gsub("\n +", " "):gmatch "([^\n]-):%f[%s] ?([^\n]*)\n"
end

---@param fields generate.Field[]
---@return string type `{ name: type, … }`
function M.inline(fields)
  if #fields == 0 then
    return "table"
  end
  local parts = {}
  for i, field in ipairs(fields) do
    parts[i] = ("%s%s: %s"):format(field.name, field.is_optional and "?" or "", field.type)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

return M
