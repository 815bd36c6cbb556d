-- The rich_text block that Slack makes of what people type: its `text` again, in parts.

local json = require "slack.json"
local merged = require "slack.merged"
local mrkdwn = require "slack.mrkdwn"
local new_id = require "slack.sandbox.new_id"

local M = {}

local STYLES <const> = { ["*"] = "bold", ["_"] = "italic", ["~"] = "strike", ["`"] = "code" }

-- Of what is in bold and the like, in bytes; more is plain.
local LONGEST <const> = 1000

-- Blocks that were made here, and not given.
local made = setmetatable({}, { __mode = "k" })

-- In a line ---------------------------------------------------------------------------

local function add(elements, element, style)
  element.style = next(style) and style or nil
  elements[#elements + 1] = element
end

local function add_text(elements, raw, style)
  if raw ~= "" then
    add(elements, { type = "text", text = mrkdwn.unescape(raw) }, style)
  end
end

-- What stands in <…>; nil when that is plain text.
local function token_at(text, at)
  local raw = text:match("^<[^<>\n]*>", at)
  local part = raw and mrkdwn.parse(raw)[1]
  if not part or part.type == "text" then
    return nil
  end
  local element = {
    type = part.type, user_id = part.user_id, channel_id = part.channel_id, range = part.range,
    usergroup_id = part.usergroup_id, url = part.url, timestamp = part.timestamp,
    format = part.format, fallback = part.fallback, text = part.type == "link" and part.text or nil,
  }
  return element, at + #raw
end

local function is_word(byte)
  return byte:find "^[%w\x80-\xFF]" ~= nil
end

local function url_at(text, at)
  local url = not is_word(text:sub(at - 1, at - 1)) and text:match("^https?://[^%s<>|]+", at)
  if url then
    url = url:match "^.*[^.,;:!?)*_~]"
    return { type = "link", url = mrkdwn.unescape(url) }, at + #url
  end
end

local function emoji_at(text, at)
  local name, after = text:match("^:([%l%d_+-]+):()", at)
  if not name or not name:find "[%l+1-]" or name:find "^%d+$" and name ~= "100"
    or is_word(text:sub(at - 1, at - 1)) then
    return nil
  end
  local tone, after_tone = text:match("^:skin%-tone%-([2-6]):()", after)
  return { type = "emoji", name = name, skin_tone = math.tointeger(tone) }, after_tone or after
end

-- Marks stand at the edges of words, and hold no blank at their own.
local function styled_at(text, at)
  local mark = text:sub(at, at)
  if not STYLES[mark] or is_word(text:sub(at - 1, at - 1)) then
    return nil
  end
  local rest = text:sub(at + 1, at + LONGEST):match "^[^\n]*"
  if not rest:find("^[^%s%" .. mark .. "]") then
    return nil
  end
  local from, pattern = 1, "%S()%" .. mark .. "()"
  while true do
    local last, after = rest:match(pattern, from)
    if not last then
      return nil
    elseif not is_word(text:sub(at + after, at + after)) then
      return rest:sub(1, last - 1), STYLES[mark], at + after
    end
    from = last
  end
end

local BEGINNINGS <const> = "[<:h*_~`]"
local FINDERS <const> = { token_at, url_at, emoji_at }

local function element_at(text, at)
  for _, find in ipairs(FINDERS) do
    local element, after = find(text, at)
    if element then
      return element, after
    end
  end
end

-- Adds what a text holds; style: that of what is around it.
local function read(elements, text, style)
  local from, at = 1, text:find(BEGINNINGS)
  while at do
    local element, after = element_at(text, at)
    local inside, name, after_styled
    if not element then
      inside, name, after_styled = styled_at(text, at)
    end
    if element or inside then
      add_text(elements, text:sub(from, at - 1), style)
      from = after or after_styled
    end
    if element then
      add(elements, element, style)
    elseif name == "code" then
      add_text(elements, inside, merged(style, { code = true }))
    elseif inside then
      read(elements, inside, merged(style, { [name] = true }))
    end
    at = text:find(BEGINNINGS, math.max(from, at + (from > at and 0 or 1)))
  end
  add_text(elements, text:sub(from), style)
  return elements
end

-- Parts -------------------------------------------------------------------------------

local function add_part(parts, kind, lines)
  if lines[1] then
    parts[#parts + 1] = {
      type = kind, elements = json.list(read({}, table.concat(lines, "\n"), {})),
    }
  end
end

-- Lines that begin with ">" are quoted.
local function add_lines(parts, text)
  local lines, kind = {}, "rich_text_section"
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local quoted = line:match "^&gt; ?(.*)" or line:match "^> ?(.*)"
    local own_kind = quoted and "rich_text_quote" or "rich_text_section"
    if own_kind ~= kind then
      add_part(parts, kind, lines)
      lines, kind = {}, own_kind
    end
    lines[#lines + 1] = quoted or line
  end
  add_part(parts, kind, lines)
end

---@param text string mrkdwn, as messages have it
---@return table[]? blocks nil where there is nothing to be shown
function M.blocks(text)
  if not text:find "%S" then
    return nil
  end
  local parts, from = json.list {}, 1
  for first, code, after in text:gmatch "()```\n?(.-)\n?```\n?()" do
    if code ~= "" then
      if first > from then
        add_lines(parts, (text:sub(from, first - 1):gsub("\n$", "")))
      end
      parts[#parts + 1] = {
        type = "rich_text_preformatted", border = 0,
        elements = { { type = "text", text = mrkdwn.unescape(code) } },
      }
      from = after
    end
  end
  if from <= #text then
    add_lines(parts, text:sub(from))
  end
  local blocks = { { type = "rich_text", block_id = new_id "":sub(1, 5), elements = parts } }
  made[blocks] = true
  return blocks
end

---Whether blocks say again what the text says.
---@param blocks? table[]
---@return boolean
function M.is_made(blocks)
  return blocks ~= nil and made[blocks] == true
end

return M
