-- Prints a conversation: who said what, and how long it took.

local Screen = {}
Screen.__index = Screen
Screen.__name = "demo.screen"

local NAME_WIDTH = 8
local TEXT_WIDTH = 62

local COLOURS = { dim = "2", name = "1", bot = "1;32", button = "36", bad = "1;31" }

---@param slack_here slack.Sandbox
---@param is_coloured boolean
function Screen.new(slack_here, is_coloured)
  return setmetatable({
    workspace = slack_here.workspace,
    is_coloured = is_coloured,
    buttons = {}, -- number -> { message, action_id }
  }, Screen)
end

function Screen:paint(colour, text)
  if not self.is_coloured or text == "" then
    return text
  end
  return ("\27[%sm%s\27[0m"):format(COLOURS[colour], text)
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

---One line: a name, a text, and at the right how long it took.
function Screen:line(name, text, seconds, colour)
  local first = true
  for part in (text .. "\n"):gmatch "(.-)\n" do
    local left = self:paint(colour or "name", padded(first and name or "", NAME_WIDTH))
    local right = first and seconds and self:paint("dim", milliseconds(seconds)) or ""
    print(("  %s %s%s"):format(left, right == "" and part or padded(part, TEXT_WIDTH), right))
    first = false
  end
  io.stdout:flush()
end

---A heading or remark.
function Screen:note(text, seconds)
  local left = seconds and padded(text, TEXT_WIDTH + NAME_WIDTH + 1) or text
  print(("  %s%s"):format(self:paint("dim", left), self:paint("dim", milliseconds(seconds))))
  io.stdout:flush()
end

function Screen.space()
  print()
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
    table.insert(self.buttons, { message = message, action_id = button.action_id })
    local label = ("[%d: %s]"):format(#self.buttons, button.text.text)
    self:line("", self:paint("button", label))
  end
end

return Screen
