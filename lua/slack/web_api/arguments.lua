-- Arguments of a Web API method as the body that Slack reads.
--
-- A form is understood by every method; nested values in it are JSON texts, lists of ids are
-- joined by commas, null is an empty value. JSON costs a tenth of that, so it is the body
-- where the method takes it and all values are what the method table says: Slack does not
-- make a number of "5" there, nor a list of "C1,C2".

local block_json = require "slack.blocks.json"
local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"

local escape, math_type, utf8_len = form.escape, math.type, utf8.len
local is_utf8 = core.is_utf8
local encode_json, encode_texts = json.encode, core.json_encode_texts

-- Lists of these are joined by commas, where the method table does not say otherwise.
local JOINED = {
  additional_channels = true, channels = true, emails = true, scopes = true, types = true,
  users = true,
}
-- Empty tables that stand for lists.
local LISTS = {
  attachments = true, blocks = true, chunks = true, unfurled_attachments = true,
  user_auth_blocks = true,
}
-- Those that hold blocks.
local WITH_BLOCKS = {
  attachments = true, blocks = true, chunks = true, description_blocks = true, dialog = true,
  unfurled_attachments = true, unfurls = true, user_auth_blocks = true, view = true,
}
-- Kinds of arguments whose value is nested.
local NESTED = { array = true, json = true, object = true }

-- What Lua types say in JSON what the kind of argument says; null fits all of them.
local TEXT_FITS = { string = true, userdata = true }
local NESTED_FITS = { table = true, userdata = true }
local FITS = {
  array = NESTED_FITS, json = NESTED_FITS, object = NESTED_FITS,
  boolean = { boolean = true, userdata = true }, integer = { number = true, userdata = true },
}
-- Arguments that the table does not know.
local ANY_FITS = { string = true, boolean = true, number = true, table = true, userdata = true }

local NO_KINDS = {}

local M = {}

-- Values in forms -----------------------------------------------------------------

local function is_finite(number)
  return number == number and number ~= math.huge and number ~= -math.huge
end

---Whether the argument is the time stamp of a message, which is text: "1712345678.123400".
---@param name string
---@param kind? string by the method table
---@return boolean
function M.is_ts(name, kind)
  return kind == "timestamp" or kind ~= "integer" and (name == "ts" or name:find "_ts$" ~= nil)
end

-- As a number a ts has lost the zeros at its end, but six digits are still exact.
local function ts_text(number)
  return (("%.6f"):format(number):gsub(",", "."))
end

local function is_joined(name, kind)
  if kind and not NESTED[kind] then
    return true
  end
  return (not kind or kind == "array")
    and (JOINED[name] or name:find("_ids$") or name:find("channel_types$")) ~= nil
end

-- nil when the list holds more than plain words, or has holes.
local function join(list)
  local parts, count = {}, 0
  for _ in next, list do
    count = count + 1
  end
  for i = 1, count do
    local item = list[i]
    if math_type(item) == "integer" then
      item = ("%d"):format(item)
    elseif type(item) ~= "string" or item:find(",", 1, true) then
      return nil
    end
    parts[i] = item
  end
  return #parts > 0 and table.concat(parts, ",") or nil
end

local function is_empty_list(name, value, kind)
  return next(value) == nil
    and (json.is_list(value) or kind == "array" or LISTS[name] ~= nil
      or is_joined(name, kind))
end

local function table_text(name, value, kind)
  if is_empty_list(name, value, kind) then
    local is_text = kind and not NESTED[kind]
      or not kind and is_joined(name) and not json.is_list(value)
    return is_text and "" or "[]"
  end
  local joined = is_joined(name, kind) and join(value)
  if joined then
    return joined
  end
  return (WITH_BLOCKS[name] and block_json.encode or encode_json)(value)
end

local function text_of(name, value, kind)
  local lua_type = type(value)
  if lua_type == "string" then
    return value
  elseif lua_type == "boolean" then
    return value and "true" or "false"
  elseif lua_type == "number" then
    if math_type(value) == "float" and is_finite(value) and M.is_ts(name, kind) then
      return ts_text(value)
    end
    return form.number_text(value)
  elseif lua_type == "table" then
    return table_text(name, value, kind)
  elseif value == json.null then
    return ""
  end
  return nil, "string, number, boolean or table expected, got " .. lua_type
end

local function no_name(name)
  return ("arguments have names, got %s as a key"):format(tostring(name))
end

local function encode_form(args, kinds)
  local parts, count, is_broken = {}, 0, false
  for name, value in next, args do
    if type(name) ~= "string" then
      return nil, no_name(name)
    elseif name ~= "token" then
      local text, problem = text_of(name, value, kinds[name])
      if not text then
        return nil, ("argument '%s': %s"):format(name, problem)
      end
      count = count + 1
      parts[count] = escape(name) .. "=" .. escape(text)
      is_broken = is_broken or not utf8_len(text)
    end
  end
  return table.concat(parts, "&"), nil, is_broken
end

-- JSON ------------------------------------------------------------------------------

-- Whether JSON of the value as it is says to Slack what the program means.
local function fits_as_it_is(name, value, lua_type, kind)
  local fitting = kind and (FITS[kind] or TEXT_FITS) or ANY_FITS
  if not fitting[lua_type] or type(name) ~= "string" then
    return false
  elseif lua_type == "table" then
    if next(value) == nil and not json.is_list(value) and is_empty_list(name, value, kind) then
      return false
    elseif (not kind or kind == "array") and is_joined(name, kind) and rawlen(value) > 0 then
      return false
    end
  end
  return not (lua_type == "number" and M.is_ts(name, kind))
end

-- The same for all of them; and whether they are plain texts, by names that the method has
-- (those that encode_texts takes, but for texts that are no UTF-8).
local function fits_json(args, kinds)
  local is_plain = true
  for name, value in next, args do
    local kind, lua_type = kinds[name], type(value)
    if lua_type ~= "string" or not kind or FITS[kind] then
      is_plain = false
      if not fits_as_it_is(name, value, lua_type, kind) then
        return false
      end
    end
  end
  return args.token == nil, is_plain
end

-- For JSON that the program has asked for.
local function fitted_copy(args, kinds)
  local copy = {}
  for name, value in next, args do
    if type(name) ~= "string" then
      return nil, no_name(name)
    elseif math_type(value) == "float" and is_finite(value) and M.is_ts(name, kinds[name]) then
      value = ts_text(value)
    elseif type(value) == "table" and is_empty_list(name, value, kinds[name]) then
      value = json.list {}
    end
    copy[name] = value
  end
  copy.token = nil
  return copy
end

local function with_lists(args)
  local copy = {}
  for name, value in next, args do
    copy[name] = WITH_BLOCKS[name] and block_json.marked(value) or value
  end
  return copy
end

-- The problem names the argument as a form's does.
local function encode_as_json(args)
  local text, problem = encode_json(args)
  if text and text:find("{}", 1, true) then
    text = encode_json(with_lists(args))
  end
  if text then
    return text
  end
  local name, rest = problem:match "^JSON: ([%w_]+)(.*)$"
  return nil, name and args[name] ~= nil and ("argument '%s'%s"):format(name, rest) or problem
end

---The caller's tables are left as they are; the token stays out, as it travels in a header.
---@param args table<string, any>
---@param method? slack.Method of the method table; without it a form is made
---@param wanted? "form"|"json" instead of what fits best
---@return string? body
---@return string|boolean is_json or the problem: what cannot be sent
---@return boolean? is_broken there is text in it that is no UTF-8
---@return boolean? is_plain all of them are texts, which the method has by these names
function M.encode(args, method, wanted)
  local kinds = method and method.arguments or NO_KINDS
  local body, problem, is_broken, fits, is_plain
  if not wanted and method and method.json and args.token == nil then
    body = encode_texts(args, kinds, FITS) -- so are most, and it is quicker
    if body then
      return body, true, false, true
    end
  end
  if wanted == "json" then
    args, problem = fitted_copy(args, kinds)
    if args then
      body, problem = encode_as_json(args)
    end
    return body, problem or true, body and not utf8_len(body)
  end
  if wanted ~= "form" and method and method.json and next(args) ~= nil then
    fits, is_plain = fits_json(args, kinds)
  end
  if fits then
    body, problem = encode_as_json(args)
    if not body or is_utf8(body) then
      return body, problem or true, false, is_plain
    end -- no JSON without UTF-8; a form leaves it to Slack to replace what is none
  end
  body, problem, is_broken = encode_form(args, kinds)
  return body, problem or false, is_broken
end

-- Text that is no UTF-8 -------------------------------------------------------------

local function broken_place(value, path)
  if type(value) == "string" then
    local _, byte = utf8_len(value)
    return byte and path, byte
  elseif type(value) == "table" then
    for key, item in next, value do
      local step = type(key) == "string" and "." .. key or ("[%s]"):format(key)
      local found, byte = broken_place(item, path .. step)
      if found then
        return found, byte
      end
    end
  end
end

---Which argument has text that is no UTF-8, and from where on.
---@param args table<string, any>
---@return string
function M.broken_text(args)
  for name, value in next, args do
    local place, byte = broken_place(value, name)
    if place then
      return ("argument '%s' is no UTF-8 (byte %d)"):format(place, byte)
    end
  end
  return "a name among the arguments is no UTF-8"
end

return M
