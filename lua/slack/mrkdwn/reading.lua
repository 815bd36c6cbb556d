-- Reading mrkdwn: escaped text, what stands in <…>, and the words without the rest.

local misuse = require "slack.misuse"

local M = {}

local FOLDER = misuse.folder()
local ENTITIES = { ["&lt;"] = "<", ["&gt;"] = ">", ["&amp;"] = "&" }
local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }
local BROADCASTS = { here = true, channel = true, everyone = true, group = "channel" }

local function check_text(name, text)
  if type(text) ~= "string" then
    misuse.raise(FOLDER, ("mrkdwn.%s: text expected, got %s"):format(name, type(text)))
  end
end

---Makes text from outside plain: no mention, link or entity can be in it.
---@param text string|number
---@return string mrkdwn
function M.escape(text)
  if type(text) ~= "number" then
    check_text("escape", text)
  end
  return (tostring(text):gsub("[&<>]", ESCAPES))
end

---The text that was escaped, in one pass, so that nothing is unescaped twice.
---@param text string
---@return string
function M.unescape(text)
  check_text("unescape", text)
  return (text:gsub("&[lga][tm]p?;", ENTITIES))
end

---A part of a mrkdwn text; its fields are named as in rich text.
---@class slack.mrkdwn.Part
---@field type "text"|"user"|"channel"|"usergroup"|"broadcast"|"date"|"link"
---@field raw string as it stood in the text
---@field text? string plain: of a text, or the label of anything else
---@field user_id? string
---@field channel_id? string
---@field usergroup_id? string
---@field range? "here"|"channel"|"everyone"
---@field timestamp? integer
---@field format? string of a date
---@field url? string of a link or date
---@field fallback? string of a date

-- "<#C1|>" has an empty label: the name is not to be shown.
local function split(inside)
  local head, label = inside:match "^([^|]*)|(.*)$"
  if label == "" then
    label = nil
  end
  return head or inside, label and M.unescape(label)
end

local function read_date(inside, raw)
  local head, fallback = split(inside)
  local time, format, url = head:match "^!date%^(%-?%d+)%^([^%^]*)%^?(.*)$"
  if not math.tointeger(time) then
    return nil
  end
  return {
    type = "date", raw = raw, timestamp = math.tointeger(time), format = M.unescape(format),
    url = url ~= "" and M.unescape(url) or nil, fallback = fallback, text = fallback,
  }
end

local function read_special(inside, raw)
  local head, label = split(inside)
  local range = BROADCASTS[head:sub(2)]
  if range then
    return {
      type = "broadcast", raw = raw, range = range == true and head:sub(2) or range, text = label,
    }
  end
  local id = head:match "^!subteam%^(%w+)$"
  if id then
    return { type = "usergroup", raw = raw, usergroup_id = id, text = label }
  end
  return read_date(inside, raw)
end

-- What stands in <…>; nil when that is no token.
local function read_token(inside)
  local raw, first = "<" .. inside .. ">", inside:sub(1, 1)
  if first == "!" then
    return read_special(inside, raw)
  end
  local head, label = split(inside)
  if first == "@" and head:find "^@%w+$" then
    return { type = "user", raw = raw, user_id = head:sub(2), text = label }
  elseif first == "#" and head:find "^#%w+$" then
    return { type = "channel", raw = raw, channel_id = head:sub(2), text = label }
  elseif head:find "^%a[%w+.-]*:" then
    return { type = "link", raw = raw, url = M.unescape(head), text = label }
  end
end

local function add_text(parts, raw)
  local last = parts[#parts]
  if raw == "" then
    return
  elseif last and last.type == "text" then
    raw = last.raw .. raw
    parts[#parts] = nil
  end
  parts[#parts + 1] = { type = "text", raw = raw, text = M.unescape(raw) }
end

---The parts of a text in their order: texts, mentions, links and dates. Whatever
---is no token of Slack's stays text.
---@param text string mrkdwn, as in events and commands
---@return slack.mrkdwn.Part[] parts
function M.parse(text)
  check_text("parse", text)
  local parts, from = {}, 1
  for first, inside, after in text:gmatch "()<([^<>\n]*)>()" do
    local token = read_token(inside)
    if token then
      add_text(parts, text:sub(from, first - 1))
      parts[#parts + 1] = token
      from = after
    end
  end
  add_text(parts, text:sub(from))
  return parts
end

-- Ids in their order, each once.
local LISTS = {
  user = { "users", "user_id" }, channel = { "channels", "channel_id" },
  usergroup = { "usergroups", "usergroup_id" }, broadcast = { "broadcasts", "range" },
  link = { "links", "url" },
}

---What a text mentions.
---@class slack.mrkdwn.Mentions
---@field users string[] ids, in their order, each once
---@field channels string[]
---@field usergroups string[]
---@field broadcasts string[] "here", "channel", "everyone"
---@field links string[] URLs

---@param text string mrkdwn
---@return slack.mrkdwn.Mentions
function M.mentions(text)
  check_text("mentions", text)
  local found, seen = {}, {}
  for _, list in pairs(LISTS) do
    found[list[1]] = {}
  end
  for _, part in ipairs(M.parse(text)) do
    local list = LISTS[part.type]
    local id = list and part[list[2]]
    if id and not seen[part.type .. id] then
      local ids = found[list[1]]
      seen[part.type .. id] = true
      ids[#ids + 1] = id
    end
  end
  return found
end

-- Plain text ------------------------------------------------------------------------

local SIGNS = { user = "@", channel = "#", usergroup = "@", broadcast = "@" }

local function name_of(part, names)
  local id = part.user_id or part.channel_id or part.usergroup_id
  local known
  if type(names) == "function" then
    known = id and names(id, part.type)
  elseif names then
    known = id and names[id]
  end
  local name = tostring(known or part.text or id or part.range):gsub("[\1\2]", "")
  local sign = SIGNS[part.type]
  return name:sub(1, 1) == sign and name or sign .. name
end

local function words_of(part, names)
  if part.type == "text" then
    return part.text
  elseif part.type == "link" then
    return part.text or part.url:gsub("^mailto:", ""):gsub("^tel:", "")
  elseif part.type == "date" then
    return part.fallback or tostring(part.timestamp)
  end
  return name_of(part, names)
end

---A text without anything in it that Slack would make alive: mentions, links and dates are
---their words, and stay so when it is escaped and sent. Marks of style are left.
---@param text string mrkdwn
---@return string plain
function M.words(text)
  local words = {}
  for i, part in ipairs(M.parse(text)) do
    words[i] = words_of(part)
  end
  return table.concat(words)
end

-- Marks of style count at the edges of words, with no space inside them, on one line.
local function is_styled(before, inside, behind)
  return not (before:find "[%w\128-\255]" or behind:find "[%w\128-\255]"
    or inside:find "^%s" or inside:find "%s$")
end

local function without_marks(text, mark)
  local pattern, from, kept = ("()%%%s([^%s\n]+)%%%s()"):format(mark, mark, mark), 1, {}
  while true do
    local first, inside, after = text:match(pattern, from)
    if not first then
      kept[#kept + 1] = text:sub(from)
      return table.concat(kept)
    end
    local before = first > from and text:sub(first - 1, first - 1) or (kept[#kept] or ""):sub(-1)
    local is_style = is_styled(before, inside, text:sub(after, after))
    kept[#kept + 1] = text:sub(from, is_style and first - 1 or first)
    kept[#kept + 1] = is_style and inside or nil
    from = is_style and after or first + 1
  end
end

-- What is no style's business is put aside: "\1number\2" stands for it.
local function put_aside(kept, words)
  kept[#kept + 1] = words
  return ("\1%d\2"):format(#kept)
end

local function without_tokens(text, names, kept)
  local words = {}
  for i, part in ipairs(M.parse((text:gsub("[\1\2]", "")))) do
    words[i] = part.type == "text" and part.raw or put_aside(kept, words_of(part, names))
  end
  return table.concat(words)
end

---The words of a text without its marks: labels of links, names of who is
---mentioned, no stars and quote signs. For logs, searches, notifications.
---@param text string mrkdwn
---@param names? table<string, string>|fun(id: string, type: string): string? names by id;
---  else those in the text, else the ids
---@return string
function M.plain(text, names)
  check_text("plain", text)
  local kept = {}
  local function keep(words)
    return put_aside(kept, M.unescape(words))
  end
  text = without_tokens(text, names, kept)
  text = text:gsub("```\n?(.-)\n?```", keep):gsub("`([^`\n]+)`", keep)
  text = ("\n" .. text):gsub("\n&gt; ?", "\n"):gsub("\n> ?", "\n"):sub(2)
  for _, mark in ipairs { "*", "_", "~" } do
    text = without_marks(text, mark)
  end
  text = M.unescape(text)
  while text:find "\1%d+\2" do
    text = text:gsub("\1(%d+)\2", function(i) return kept[math.tointeger(i)] end)
  end
  return text
end

return M
