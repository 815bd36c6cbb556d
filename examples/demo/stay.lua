-- The terminal as a person in #general: lines are messages, /words are commands.

local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local CHANNEL = "general"

local HELP = [[
  A line is a message in #general; /lunch PLACE and any other /word is a slash command.
  /click N presses button N, /as NAME makes you another person (ada, grace), /quit ends.
  The bot's handlers are in %s: edit one, save, and talk on.]]

local Stay = {}
Stay.__index = Stay
Stay.__name = "demo.stay"

-- What is to be shown: messages of the bot that are new or have changed.
local function news(self)
  local slack, shown, found = self.slack, self.shown, {}
  local function look(message)
    local version = message.text .. "\0" .. tostring(message.edited and message.edited.ts)
    if message.bot_id == slack.workspace.bot.id and shown[message.ts] ~= version then
      shown[message.ts] = version
      table.insert(found, message)
    end
  end
  for _, message in ipairs(slack:messages(CHANNEL)) do
    look(message)
  end
  for _, message in ipairs(slack:ephemeral(self.user, CHANNEL)) do
    look(message)
  end
  return #found > 0 and found
end

local function prompt(self)
  io.stdout:write(self.user, "> ")
  io.stdout:flush()
end

local function show_news(self)
  while true do
    local found = self.slack:wait(function() return news(self) end, 3600) or {}
    local seconds = self.asked_at and core.monotonic() - self.asked_at
    io.stdout:write("\r")
    for _, message in ipairs(found) do
      self.screen:message(message, seconds)
    end
    prompt(self)
  end
end

local function click(self, number)
  local button = self.screen.buttons[tonumber(number)]
  if not button then
    return self.screen:note("there is no button " .. number)
  end
  self.slack:click { message = button.message, action_id = button.action_id, user = self.user }
end

local function command(self, name, text)
  local outcome = self.slack:command {
    command = name, text = text, user = self.user, channel = CHANNEL,
  }
  if not outcome.seconds then
    io.stdout:write("\r")
    self.screen:note(name .. " was not acknowledged within three seconds")
    prompt(self)
  end
end

local function become(self, name)
  local user = self.slack.workspace:find_user(name)
  if user then
    self.user = user.name
  else
    self.screen:note("there is nobody called " .. name)
  end
end

local function obey(self, line)
  local name, text = line:match "^(/%S+)%s*(.-)%s*$"
  self.asked_at = core.monotonic()
  if name == "/quit" then
    self.ended:resolve()
  elseif name == "/help" then
    print(HELP:format(self.bot.directory .. "/handlers"))
  elseif name == "/as" then
    become(self, text)
  elseif name == "/click" then
    tasks.spawn(click, self, text)
  elseif name then
    tasks.spawn(command, self, name, text)
  elseif line ~= "" then
    self.slack:say { user = self.user, channel = CHANNEL, text = line }
  end
end

local function read_line(self)
  local line = io.read "l"
  if not line then
    return self.ended:resolve()
  end
  obey(self, line)
  prompt(self)
end

---Reads the terminal until /quit, the end of the input, or an interrupt.
---@async
---@param stage demo.Stage
return function(stage)
  local self = setmetatable({
    slack = stage.slack,
    bot = stage.bot,
    screen = stage.screen,
    user = "ada",
    shown = {},
    ended = tasks.waiter(),
  }, Stay)
  news(self) -- what the play has shown counts as seen
  print(HELP:format(self.bot.directory .. "/handlers"))
  io.stdin:setvbuf "no" -- else stdio takes lines that readability then does not tell of
  local signals <close> = assert(core.signals { "INT", "TERM" })
  loop.watch(signals:fd(), function() self.ended:resolve() end)
  loop.watch(0, function() read_line(self) end)
  local watcher = tasks.spawn(show_news, self)
  prompt(self)
  self.ended:await()
  watcher:cancel()
  loop.unwatch(0)
  loop.unwatch(signals:fd())
  print()
end
