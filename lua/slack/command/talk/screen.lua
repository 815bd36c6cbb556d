-- Prints a conversation: who said what, and how long it took.

local mrkdwn = require "slack.mrkdwn"
local tasks = require "slack.tasks"

---@class slack.command.TalkScreen
---@field workspace slack.sandbox.Workspace
---@field is_colored boolean
---@field pace number seconds between the parts of the play
---@field start string of each line
---@field buttons table[]
local Screen = {}
Screen.__index = Screen
Screen.__name = "slack.command.talk.screen"

local NAME_WIDTH = 8
local TEXT_WIDTH = 62

local COLORS = { dim = "2", name = "1", bot = "1;32", button = "36", bad = "1;31" }

---@param slack_here slack.Sandbox
---@param is_colored boolean
---@param pace number seconds between the parts of the play
function Screen.new(slack_here, is_colored, pace)
  return setmetatable({
    workspace = slack_here.workspace,
    is_colored = is_colored,
    pace = pace,
    start = "", -- of each line; a carriage return where a prompt may stand
    buttons = {}, -- number -> { message or view, action_id, element }
  }, Screen)
end

function Screen:paint(color, text)
  if not self.is_colored or text == "" then
    return text
  end
  return ("\27[%sm%s\27[0m"):format(COLORS[color], text)
end

local function width(text)
  return utf8.len(text) or #text
end

local function padded(text, columns)
  return text .. (" "):rep(columns - width(text))
end

local function milliseconds(seconds)
  return seconds and ("%8.1f ms"):format(seconds * 1000) or ""
end

-- The text in lines that fit, broken between words.
local function wrapped(text)
  local lines, line = {}, ""
  for word, space in text:gmatch "(%S+)(%s*)" do
    if line ~= "" and width(line) + 1 + width(word) > TEXT_WIDTH then
      table.insert(lines, line)
      line = ""
    end
    line = line == "" and word or line .. " " .. word
    if space:find "\n" then
      table.insert(lines, line)
      line = ""
    end
  end
  table.insert(lines, line)
  return lines
end

---A name, a text, and at the right how long it took.
function Screen:line(name, text, seconds, color)
  for number, part in ipairs(wrapped(text)) do
    local first = number == 1
    local left = self:paint(color or "name", padded(first and name or "", NAME_WIDTH))
    if first and seconds then
      print(("%s  %s %s%s"):format(self.start, left, padded(part, TEXT_WIDTH),
        self:paint("dim", milliseconds(seconds))))
    else
      print(("%s  %s %s"):format(self.start, left, part))
    end
  end
  io.stdout:flush()
end

-- The same element of the same message or view keeps its number.
local function button_number(self, place, element)
  local kind = place.ts and "message" or "view"
  local button = { [kind] = place, action_id = element.action_id, element = element }
  for number, other in ipairs(self.buttons) do
    local id = other[kind] and (other[kind].ts or other[kind].id)
    if id == (place.ts or place.id) and other.action_id == element.action_id then
      self.buttons[number] = button
      return number
    end
  end
  table.insert(self.buttons, button)
  return #self.buttons
end

---A heading or remark.
function Screen:note(text, seconds)
  local left = seconds and padded(text, TEXT_WIDTH + NAME_WIDTH + 1) or text
  print(("%s  %s%s"):format(self.start, self:paint("dim", left),
    self:paint("dim", milliseconds(seconds))))
  io.stdout:flush()
end

---A line of the bot's log, without its time and the place of the bot's files.
function Screen:log(line, directory, seconds)
  local level, text = line:match "^%S+ %S+%s+(%u+)%s+%S+%s+(.*)$"
  text = (text or line):gsub(directory:gsub("%p", "%%%0") .. "/", "")
  self:line("log", text, seconds, level == "ERROR" and "bad" or "dim")
end

---An empty line, and time to read what stands above it.
function Screen:pause()
  print()
  if self.pace > 0 then
    tasks.sleep(self.pace)
  end
end

-- Nothing of a message may command the terminal.
local function harmless(text)
  return (text:gsub("[%z\1-\8\11-\31\127]", "?"):gsub("\xC2[\x80-\x9F]", "?"))
end

-- "<@U123>" and "&amp;" as people see them.
function Screen:readable(text)
  return harmless(mrkdwn.unescape((text:gsub("<@(%w+)[^>]*>", function(id)
    local user = self.workspace.users[id]
    return user and "@" .. user.name
  end))))
end

-- What can be pressed or chosen in a block.
local function buttons_of(block)
  if block.type == "actions" or block.type == "context_actions" then
    return block.elements
  end
  return { block.type == "section" and block.accessory or nil }
end

local function label_of(element)
  local text = element.text or element.placeholder
  if element.type == "feedback_buttons" then
    return "good; with any word: bad"
  end
  return type(text) == "table" and text.text or element.type
end

---The buttons and menus of a block, with the numbers by which they are pressed.
---@param place table the message or view
---@param block table
function Screen:show_buttons(place, block)
  for _, element in ipairs(buttons_of(block)) do
    print((" "):rep(NAME_WIDTH + 3) .. self:paint("button",
      ("[%d: %s]"):format(button_number(self, place, element), harmless(label_of(element)))))
  end
end

---A message of the bot. Its buttons get numbers.
---@param place? string where it stands, when that is not #general
function Screen:message(message, seconds, place)
  local text = self:readable(message.text)
  if message.edited then
    text = text .. " (edited)"
  elseif message.is_ephemeral then
    text = text .. " (only you see this)"
  end
  for _, file in ipairs(message.files or {}) do
    text = ("%s [file %s]"):format(text, harmless(file.name or file.id))
  end
  text = place and ("%s (%s)"):format(text, place) or text
  self:line(self.workspace.bot.name, text, seconds, "bot")
  for _, block in ipairs(message.blocks or {}) do
    self:show_buttons(message, block)
  end
end

return Screen
