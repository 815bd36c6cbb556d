-- Where a text that grows may be cut: between characters, at the end of a paragraph, a
-- line or a word, and outside of code blocks if that can be.

local M = {}

local REPLACEMENT <const> = "\u{FFFD}"

-- Where a character begins at the end of the text of which bytes are still to come.
local function unfinished_at(text)
  for back = 1, math.min(3, #text) do
    local byte = text:byte(-back)
    if byte < 0x80 then
      return nil
    elseif byte >= 0xC0 then
      local length = byte >= 0xF0 and 4 or byte >= 0xE0 and 3 or 2
      return length > back and #text - back + 1 or nil
    end
  end
end

---Text as UTF-8, with what is none replaced.
---@param text string
---@param is_last? boolean nothing more comes: a half character at the end is none
---@return string clean
---@return string rest bytes of a character whose others are still to come
function M.clean(text, is_last)
  local rest, at = "", not is_last and unfinished_at(text)
  if at then
    text, rest = text:sub(1, at - 1), text:sub(at)
  end
  local _, wrong = utf8.len(text)
  if not wrong then
    return text, rest
  end
  local parts, from = {}, 1
  while wrong do
    parts[#parts + 1] = text:sub(from, wrong - 1)
    parts[#parts + 1] = REPLACEMENT
    from = wrong + 1
    _, wrong = utf8.len(text, from)
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts), rest
end

local function marker_of(line)
  local marker, info = line:match "^ ? ? ?(```+)([^`]*)$"
  if not marker then
    marker, info = line:match "^ ? ? ?(~~~+)(.*)$"
  end
  return marker, info
end

---The code block that is open where the text ends.
---@param text string Markdown
---@return string? marker that closes it
---@return string? line that opened it
---@return integer? at where that line begins
function M.open_fence(text)
  local open, opener, at
  for from, line in text:gmatch "()([^\n]*)" do
    local marker, info = marker_of(line)
    if marker and not open then
      open, opener, at = marker, line, from
    elseif marker and marker:sub(1, 1) == open:sub(1, 1) and #marker >= #open
      and not info:find "%S" then
      open, opener, at = nil, nil, nil
    end
  end
  return open, opener, at
end

-- Behind the last paragraph, line or word; not in the first half, which would leave
-- too short a piece.
local function last_break(text)
  for _, pattern in ipairs { "^.*\n\n()", "^.*\n()", "^.* ()" } do
    local at = text:match(pattern)
    if at and at > #text // 2 then
      return at - 1
    end
  end
  return #text
end

---How many bytes of a text may follow what is there already.
---@param before string
---@param text string
---@param room integer characters
---@return integer bytes 0 to #text
function M.fitting(before, text, room)
  if room <= 0 then
    return 0
  end
  local behind = utf8.offset(text, room + 1)
  if not behind or behind > #text then
    return #text
  end
  local count = last_break(text:sub(1, behind - 1))
  local _, _, opened = M.open_fence(before .. text:sub(1, count))
  if opened and opened > #before and (before .. text):sub(1, opened - 1):find "%S" then
    return opened - #before - 1
  end
  return count
end

return M
