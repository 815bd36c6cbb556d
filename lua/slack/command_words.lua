-- What a person typed after a slash command, word by word.
--
-- Slack sends `&`, `<` and `>` of theirs as entities, so a `<` begins a token of
-- Slack's own: a mention, a channel, a link. A token is part of one word, whatever
-- blanks are in it. Quotation marks, straight or curly, hold words together.

local reading = require "slack.mrkdwn.reading"

local M = {}

---@class slack.CommandWord
---@field text string as Slack sent it, without the quotation marks around it
---@field first integer where it begins
---@field is_quoted boolean
---@field is_open? boolean no second quotation mark is there: all the rest is in it

-- What phones and keyboards of some languages put where a space was meant.
local BLANKS = { "\u{A0}", "\u{202F}", "\u{3000}" }

local QUOTES = {}
for _, mark in ipairs { '"', "“", "”", "„", "‟", "«", "»" } do
  QUOTES[mark] = true
end

local MOST_SHOWN = 60 -- bytes

---What was typed, in quotation marks, to be told of: not all of it when it is long, and
---with nothing that mentions anybody.
---@param text string as Slack sent it
---@return string mrkdwn
function M.quote(text)
  text = reading.words(text)
  if #text > MOST_SHOWN then
    local stop = MOST_SHOWN
    while stop > 1 and text:find("^[\x80-\xBF]", stop) do
      stop = stop - 1
    end
    text = text:sub(1, stop - 1) .. "…"
  end
  return ('"%s"'):format(reading.escape(text))
end

-- Where the word ends that has no quotation marks around it.
local function end_of_word(text, at)
  while true do
    local stop = text:find("[%s<]", at)
    if not stop then
      return #text + 1
    elseif text:byte(stop) ~= 60 then -- "<"
      return stop
    end
    at = text:match("^<[^<>]*>()", stop) or stop + 1
  end
end

-- The mark that ends a quotation has a blank behind it, or nothing.
local function end_of_quotation(text, at)
  for place, mark, after in text:gmatch("()(" .. utf8.charpattern .. ")()", at) do
    if QUOTES[mark] and text:sub(place - 1, place - 1) ~= "\\" and not text:find("^%S", after) then
      return place - 1, after
    end
  end
end

local function quoted_word(text, first, at)
  local last, after = end_of_quotation(text, at)
  local inner = text:sub(at, last or -1):gsub('\\([\\"])', "%1")
  return { text = inner, first = first, is_quoted = true, is_open = not last },
    after or #text + 1
end

---@param text string as Slack sent it
---@return slack.CommandWord[]
---@return string text with a plain space for every kind of blank; places of words are in it
function M.split(text)
  for _, blank in ipairs(BLANKS) do
    text = text:gsub(blank, " ")
  end
  local words, at = {}, text:find "%S"
  while at do
    local word, stop
    local mark, after = text:match("^(" .. utf8.charpattern .. ")()", at)
    if QUOTES[mark] then
      word, stop = quoted_word(text, at, after)
    else
      stop = end_of_word(text, at)
      word = { text = text:sub(at, stop - 1), first = at, is_quoted = false }
    end
    words[#words + 1] = word
    at = text:find("%S", stop)
  end
  return words, text
end

return M
