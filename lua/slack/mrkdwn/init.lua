-- Slack's markup of text. One rule for all that writes it: plain text goes in and is
-- escaped, mrkdwn comes out. What is mrkdwn already goes in by %m of a format.

local misuse = require "slack.misuse"
local near_miss = require "slack.near_miss"
local reading = require "slack.mrkdwn.reading"

local escape = reading.escape

---@class slack.mrkdwn
local M = {
  escape = reading.escape,
  unescape = reading.unescape,
  parse = reading.parse,
  mentions = reading.mentions,
  plain = reading.plain,
}

local BROADCASTS = { here = true, channel = true, everyone = true }
local DATE_TOKENS = {
  date_num = true, date = true, date_short = true, date_long = true, date_pretty = true,
  date_short_pretty = true, date_long_pretty = true, time = true, time_secs = true, ago = true,
}
-- A style's own mark inside it would end it; these look like it.
local LOOK_ALIKES = { ["*"] = "∗", ["_"] = "＿", ["~"] = "∼", ["`"] = "ˋ" }
local ZERO_WIDTH_SPACE = "\u{200B}"

-- Kinds of string.format besides %s; all take numbers.
local NUMBER_KINDS = "[diouxXeEfgGaA]"
local FOLDER = misuse.folder()

local function refuse(text, ...)
  misuse.raise(FOLDER, "mrkdwn." .. text:format(...))
end

-- Formats ---------------------------------------------------------------------------

local function format_one(name, directive, value, position)
  local kind = directive:sub(-1)
  if kind == "s" then
    if value == nil then
      refuse("%s: argument %d is nil", name, position)
    end
    return escape(directive:format(tostring(value)))
  elseif kind == "m" then
    if type(value) ~= "string" then
      refuse("%s: argument %d: mrkdwn expected for %%m, got %s", name, position, type(value))
    end
    return value
  elseif not kind:find(NUMBER_KINDS) then
    refuse("%s: %s is unknown: %%s is for plain text, %%m for mrkdwn, %%d and the like for numbers",
      name, directive)
  end
  local ok, text = pcall(string.format, directive, value)
  if not ok then
    refuse("%s: argument %d: a number for %s expected, got %s", name, position, directive,
      tostring(value))
  end
  return text
end

local function fill(name, format, ...)
  local values, used = table.pack(...), 0
  return (format:gsub("%%[%d.+ #-]*.?", function(directive)
    if directive == "%%" then
      return "%"
    end
    used = used + 1
    if used > values.n then
      refuse("%s: no argument for %s, number %d", name, directive, used)
    end
    return format_one(name, directive, values[used], used)
  end))
end

-- Text alone is taken as it is, with arguments it is a format.
local function given(name, text, ...)
  if type(text) ~= "string" and type(text) ~= "number" then
    refuse("%s: text expected, got %s", name, type(text))
  elseif select("#", ...) > 0 then
    return fill(name, text, ...)
  end
  return escape(text)
end

---As string.format, for text with mrkdwn in it: what goes in by `%s` is escaped, so
---that nobody's text becomes a mention or link; `%m` takes mrkdwn as it is.
---@param format string mrkdwn of the program's own
---@param ... any
---@return string mrkdwn
function M.format(format, ...)
  if type(format) ~= "string" then
    refuse("format: text expected, got %s", type(format))
  end
  return fill("format", format, ...)
end

-- Mentions, links, dates ------------------------------------------------------------

local function check_id(name, id, pattern, expected)
  if type(id) ~= "string" or not id:find(pattern) then
    refuse("%s: an id (%s) expected, got %s", name, expected,
      type(id) == "string" and ("%q"):format(id) or type(id))
  end
  return id
end

---@param id string "U…" or "W…", not a name
---@return string mrkdwn
function M.user(id)
  return ("<@%s>"):format(check_id("user", id, "^[UW][%u%d]+$", "U… or W…"))
end

---@param id string "C…", "G…" or "D…"
---@return string mrkdwn
function M.channel(id)
  return ("<#%s>"):format(check_id("channel", id, "^[CGD][%u%d]+$", "C…"))
end

---@param id string "S…"
---@return string mrkdwn
function M.usergroup(id)
  return ("<!subteam^%s>"):format(check_id("usergroup", id, "^S[%u%d]+$", "S…"))
end

---Notifies those who are here, all of the channel, or everyone.
---@param range "here"|"channel"|"everyone"
---@return string mrkdwn
function M.broadcast(range)
  if not BROADCASTS[range] then
    refuse("broadcast: \"here\", \"channel\" or \"everyone\" expected, got %s%s", tostring(range),
      near_miss(range, BROADCASTS))
  end
  return ("<!%s>"):format(range)
end

-- What would end the token is percent-encoded.
local function escape_url(url)
  return (url:gsub("[|<> ^%c]", function(char)
    return ("%%%02X"):format(char:byte())
  end):gsub("&", "&amp;"))
end

local function is_url(url)
  return url:find "^%a[%w+.-]*:%S" ~= nil
end

-- A line's end, with the blanks around it, is a blank; blanks alone stay.
local function on_one_line(blank)
  return blank:find "[\r\n]" and " " or nil
end

---A link. What has no scheme (https:, mailto:) is no URL to Slack and stays text.
---@param url string
---@param text? string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.link(url, text, ...)
  if type(url) ~= "string" then
    refuse("link: a URL expected, got %s", type(url))
  end
  local label = text ~= nil and given("link", text, ...):gsub("%s+", on_one_line) or nil
  if not is_url(url) then
    return label or escape(url)
  elseif not label or label == "" then
    return ("<%s>"):format(escape_url(url))
  end
  return ("<%s|%s>"):format(escape_url(url), label)
end

local function check_date_format(format)
  if type(format) ~= "string" then
    refuse("date: a format expected, got %s", type(format))
  end
  for name in format:gmatch "{(.-)}" do
    if not DATE_TOKENS[name] then
      refuse("date: {%s} is unknown%s", name, near_miss(name, DATE_TOKENS))
    end
  end
  if format:find "[%^|]" then
    refuse("date: ^ and | cannot stand in a format")
  end
  return escape(format)
end

---A time as each reader's own clock has it.
---@param time integer|number seconds since 1970, as os.time gives
---@param format? string with {date}, {date_num}, {date_short}, {date_long}, {date_pretty},
---  {date_short_pretty}, {date_long_pretty}, {time}, {time_secs}, {ago};
---  "{date_short_pretty} {time}"
---@param fallback? string plain, for clients that do not know dates; the time in UTC
---@param url? string makes it a link
---@return string mrkdwn
function M.date(time, format, fallback, url)
  if type(time) ~= "number" or time ~= time or math.abs(time) > 2^52 then
    refuse("date: seconds since 1970 expected, got %s", tostring(time))
  end
  local seconds = math.floor(time)
  format = check_date_format(format or "{date_short_pretty} {time}")
  fallback = escape(fallback or os.date("!%Y-%m-%d %H:%M UTC", seconds)):gsub("[\r\n]+", " ")
  local link = url and is_url(url) and "^" .. escape_url(url) or ""
  return ("<!date^%d^%s%s|%s>"):format(seconds, format, link, fallback)
end

-- Styles ----------------------------------------------------------------------------

-- Within a word a mark is no mark; elsewhere it would end the style.
local function without_mark(text, mark)
  return (text:gsub("()%" .. mark .. "()", function(first, after)
    local in_word = text:sub(first - 1, first - 1):find "%w" and text:sub(after, after):find "%w"
    return not in_word and LOOK_ALIKES[mark] or nil
  end))
end

-- Mentions and links have marks of their own in them, or none.
local function without_marks(line, mark)
  return (line:gsub("([^<]*)(<?[^<>]*>?)", function(text, token)
    return without_mark(text, mark) .. token
  end))
end

-- A style ends with its line, and begins and ends at something that is seen.
local function styled(text, mark)
  return (text:gsub("[^\r\n]+", function(line)
    if not line:find "%S" then
      return nil
    end
    local before, inside, behind = line:match "^(%s*)(.*%S)(.*)$"
    return before .. mark .. without_marks(inside, mark) .. mark .. behind
  end))
end

---@param text string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.bold(text, ...)
  return styled(given("bold", text, ...), "*")
end

---@param text string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.italic(text, ...)
  return styled(given("italic", text, ...), "_")
end

---@param text string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.strike(text, ...)
  return styled(given("strike", text, ...), "~")
end

---Each line in backquotes; a backquote inside becomes a sign that looks like it.
---@param text string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.code(text, ...)
  local escaped = given("code", text, ...):gsub("`", LOOK_ALIKES)
  return (escaped:gsub("[^\r\n]+", "`%0`"))
end

---A block of code; three backquotes inside are kept apart by spaces of no width.
---@param text string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.code_block(text, ...)
  local escaped = given("code_block", text, ...)
  escaped = escaped:gsub("`(`+)", function(rest)
    return "`" .. rest:gsub("`", ZERO_WIDTH_SPACE .. "`")
  end)
  return ("```\n%s\n```"):format(escaped:gsub("^\n+", ""):match "^.*%S" or "")
end

---Each line as a quote.
---@param text string plain, or a format with its arguments
---@param ... any
---@return string mrkdwn
function M.quote(text, ...)
  return (("\n" .. given("quote", text, ...)):gsub("\r?\n", "\n> "):sub(2))
end

---A list, an item a line. Slack has no markup for lists: these are signs and spaces.
---@param items (string|any[])[] plain texts, or tables with a format and its arguments
---@param style? "bullet"|"ordered" "bullet"
---@return string mrkdwn
function M.list(items, style)
  if type(items) ~= "table" then
    refuse("list: a list of texts expected, got %s", type(items))
  elseif style ~= nil and style ~= "bullet" and style ~= "ordered" then
    refuse("list: \"bullet\" or \"ordered\" expected, got %s", tostring(style))
  end
  local lines = {}
  for i, item in ipairs(items) do
    local sign = style == "ordered" and i .. ". " or "• "
    local text = type(item) == "table" and given("list", table.unpack(item))
      or given("list", item)
    lines[i] = sign .. text:gsub("\r?\n", "\n" .. (" "):rep(utf8.len(sign)))
  end
  return table.concat(lines, "\n")
end

return M
