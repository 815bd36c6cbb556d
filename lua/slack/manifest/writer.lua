-- A manifest as text, JSON or YAML, in the usual order of its keys.

local json = require "slack.json"
local layout = require "slack.manifest.layout"

local M = {}

local INDENT = "  "

local function is_list(value)
  return json.is_list(value) or value[1] ~= nil
end

local function is_empty(value)
  return next(value) == nil
end

local function encode(value)
  return (json.encode(value):gsub("\\(.)", { ["/"] = "/" }))
end

-- JSON ---------------------------------------------------------------------------------

local write_json

local function json_items(value, indent)
  local items = {}
  if is_list(value) then
    for i, item in ipairs(value) do
      items[i] = indent .. write_json(item, indent)
    end
    return items
  end
  for i, key in ipairs(layout.ordered_keys(value)) do
    items[i] = ("%s%s: %s"):format(indent, encode(key), write_json(value[key], indent))
  end
  return items
end

function write_json(value, indent)
  if type(value) ~= "table" then
    return encode(value)
  end
  local first, last = "{", "}"
  if is_list(value) then
    first, last = "[", "]"
  end
  if is_empty(value) then
    return first .. last
  end
  return ("%s\n%s\n%s%s"):format(first, table.concat(json_items(value, indent .. INDENT), ",\n"),
    indent, last)
end

---@param manifest table
---@return string text of several lines
function M.json(manifest)
  return write_json(manifest, "") .. "\n"
end

-- YAML -----------------------------------------------------------------------------------

-- Words that are no texts when they stand there without quotes.
local WORDS = {
  ["true"] = true, ["false"] = true, null = true, yes = true, no = true, on = true, off = true,
  ["~"] = true, y = true, n = true,
}

local function is_plain(text)
  return text:find "^[%a/_][%w_./:+@(),' -]*$" and not text:find ": " and not text:find ":$"
    and not text:find " $" and not WORDS[text:lower()]
end

local function scalar(value)
  if type(value) == "string" and is_plain(value) then
    return value
  elseif type(value) == "table" then
    return is_list(value) and "[]" or "{}"
  end
  return encode(value)
end

local Yaml = {}
Yaml.__index = Yaml

function Yaml:line(text)
  self.lines[#self.lines + 1] = text
end

local function is_leaf(value)
  return type(value) ~= "table" or is_empty(value)
end

function Yaml:list(value, indent, path)
  for _, item in ipairs(value) do
    if is_leaf(item) then
      local comment = self.comment_of and self.comment_of(path, item)
      self:line(("%s- %s%s"):format(indent, scalar(item), comment and "  # " .. comment or ""))
    else
      local at = #self.lines + 1
      self:block(item, indent .. INDENT, path)
      self.lines[at] = indent .. "- " .. self.lines[at]:sub(#indent + 3)
    end
  end
end

function Yaml:map(value, indent, path)
  for _, key in ipairs(layout.ordered_keys(value)) do
    local item = value[key]
    if is_leaf(item) then
      self:line(("%s%s: %s"):format(indent, scalar(key), scalar(item)))
    else
      self:line(("%s%s:"):format(indent, scalar(key)))
      self:block(item, indent .. INDENT, path .. "." .. key)
    end
  end
end

function Yaml:block(value, indent, path)
  self[is_list(value) and "list" or "map"](self, value, indent, path)
end

---@param manifest table
---@param comment_of? fun(path: string, item: any): string? what to write behind an item of a
---  list; path: ".oauth_config.scopes.bot"
---@return string text
function M.yaml(manifest, comment_of)
  local yaml = setmetatable({ lines = {}, comment_of = comment_of }, Yaml)
  yaml:block(manifest, "", "")
  return table.concat(yaml.lines, "\n") .. "\n"
end

return M
