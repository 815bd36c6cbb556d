-- What a recording does not keep: tokens and secrets never; trigger ids, response and webhook
-- URLs, e-mail addresses and private URLs of files unless all is to be kept; people's texts
-- where that is asked for. What stands in their place has the same form, so that handlers
-- take it.

local core = require "slack.core"
local json = require "slack.json"

---@class slack.recording.Redaction
---@field level "default"|"texts"|"raw"
local Redaction = {}
Redaction.__index = Redaction
Redaction.__name = "slack.recording.redaction"

local MAX_DEPTH = 100

-- Fields that are secrets whatever stands in them.
local SECRETS = {
  token = true, access_token = true, refresh_token = true, bot_access_token = true,
  client_secret = true, signing_secret = true, code = true, ticket = true, id_token = true,
  authorization = true, password = true, verification_token = true, user_token = true,
}
local HIDDEN = "hidden"

-- Fields that let their owner act or see for a while.
local HANDLES = { trigger_id = true, interactivity_pointer = true }
local EMAIL_FIELDS = { email = true }
-- At the beginning of a word alone, or a long one would be looked through from each letter.
local MAIL = "%f[%w._%%+-][%w._%%+-]+@[%w-]+%.[%w.-]*%a"
local HIDDEN_MAIL = "hidden@example.invalid"

-- Fields in which people write, or what names them.
local TEXTS = {
  text = true, typed = true, real_name = true, display_name = true, title = true, topic = true,
  purpose = true, initial_value = true, fallback = true, pretext = true,
  real_name_normalized = true, display_name_normalized = true, first_name = true,
  last_name = true, user_name = true, filename = true, alt_text = true, comment = true,
  markdown_text = true, status_text = true,
}

---@param level? "default"|"texts"|"raw"
---@return slack.recording.Redaction
function Redaction.new(level)
  return setmetatable({ level = level or "default", urls = {}, url_count = 0 }, Redaction)
end

-- The same URL gets the same stand-in.
local function stand_in(self, url, form)
  local known = self.urls[url]
  if not known then
    self.url_count = self.url_count + 1
    known = form:format(self.url_count)
    self.urls[url] = known
  end
  return known
end

local function is_file_url(text)
  return text:find "^https://files[%w-]*%.slack[%w-]*%.com/"
    or text:find "^https://slack%-files[%w-]*%.com/" or text:find "^https://[^/]+/files%-pri/"
end

local function hide_letters(text)
  local parts, at = {}, 1
  while at <= #text do
    local first, last = text:find("<[@#!][^<>]*>", at)
    local plain = text:sub(at, (first or #text + 1) - 1)
    parts[#parts + 1] = plain:gsub("[\128-\191]", ""):gsub("[%w\192-\255]", "x")
    parts[#parts + 1] = first and text:sub(first, last) or nil
    at = (last or #text) + 1
  end
  return table.concat(parts)
end

local function hide_string(self, name, text)
  if self.level == "raw" then
    local is_url = text:find "^https?://"
    return is_url and not text:find "xox" and text or core.redact(text)
  elseif HANDLES[name] then
    return HIDDEN
  elseif EMAIL_FIELDS[name] then
    return HIDDEN_MAIL
  elseif name == "response_url" or text:find "^https://hooks%.slack" then
    return stand_in(self, text, "https://hooks.slack.com/actions/hidden/%d")
  elseif name == "upload_url" or is_file_url(text) then
    return stand_in(self, text, "https://files.slack.com/hidden/%d")
  elseif self.level == "texts" and TEXTS[name] then
    return hide_letters(core.redact(text))
  end
  text = core.redact(text)
  return text:find("@", 1, true) and text:gsub(MAIL, HIDDEN_MAIL) or text
end

-- What a value is: of an input what was typed, of a topic its text; of buttons and menus the
-- program's own data.
local function meaning_of(key, parent, parent_name)
  if key ~= "value" then
    return key
  end
  local is_input = type(parent.type) == "string" and parent.type:find "input$"
  return (is_input or TEXTS[parent_name]) and "typed" or key
end

local function copy(self, name, value, depth)
  local kind = type(value)
  if kind == "string" then
    if SECRETS[name] and value ~= "" then
      return HIDDEN
    end
    return (hide_string(self, name, value))
  elseif kind ~= "table" then
    local is_plain = kind == "number" or kind == "boolean" or value == json.null
    return not is_plain and ("(a %s)"):format(kind) or value
  elseif depth > MAX_DEPTH then
    return "(too deep)"
  end
  local result = json.is_list(value) and json.list {} or {}
  for key, part in pairs(value) do
    -- Those of a list are called as the list is.
    result[type(key) == "string" and core.redact(key) or key] =
      copy(self, type(key) == "string" and meaning_of(key, value, name) or name, part, depth + 1)
  end
  return result
end

---A copy without what is not to be kept.
---@param value any what JSON can hold
---@return any
function Redaction:apply(value)
  return copy(self, nil, value, 1)
end

return Redaction
