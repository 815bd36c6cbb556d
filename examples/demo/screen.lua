-- Prints a conversation: who said what, and how long it took.

local tasks = require "slack.tasks"

local Screen = {}
Screen.__index = Screen
Screen.__name = "demo.screen"

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
    buttons = {}, -- number -> { message, action_id }
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
      print(("  %s %s%s"):format(left, padded(part, TEXT_WIDTH),
        self:paint("dim", milliseconds(seconds))))
    else
      print(("  %s %s"):format(left, part))
    end
  end
  io.stdout:flush()
end

---A button of that message; the same one keeps its number.
function Screen:button_number(message, action_id)
  for number, button in ipairs(self.buttons) do
    if button.message.ts == message.ts and button.action_id == action_id then
      button.message = message
      return number
    end
  end
  table.insert(self.buttons, { message = message, action_id = action_id })
  return #self.buttons
end

---A heading or remark.
function Screen:note(text, seconds)
  local left = seconds and padded(text, TEXT_WIDTH + NAME_WIDTH + 1) or text
  print(("  %s%s"):format(self:paint("dim", left), self:paint("dim", milliseconds(seconds))))
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

-- "<@U123>" as people see it.
function Screen:readable(text)
  return (text:gsub("<@(%w+)[^>]*>", function(id)
    local user = self.workspace.users[id]
    return user and "@" .. user.name
  end))
end

local function buttons_of(message)
  local buttons = {}
  for _, block in ipairs(message.blocks or {}) do
    for _, element in ipairs(block.type == "actions" and block.elements or {}) do
      table.insert(buttons, element)
    end
  end
  return buttons
end

---A message of the bot. Its buttons get numbers.
function Screen:message(message, seconds)
  local text = self:readable(message.text)
  if message.edited then
    text = text .. " (edited)"
  elseif message.is_ephemeral then
    text = text .. " (only you see this)"
  end
  self:line(self.workspace.bot.name, text, seconds, "bot")
  for _, button in ipairs(buttons_of(message)) do
    local number = self:button_number(message, button.action_id)
    print((" "):rep(NAME_WIDTH + 3)
      .. self:paint("button", ("[%d: %s]"):format(number, button.text.text)))
  end
end

return Screen
