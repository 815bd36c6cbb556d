-- The terminal as a person in #general: lines are messages, /words are commands.

local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local CHANNEL = "general"
local LOG_INTERVAL = 0.1

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

-- Reloads and troubles, as the bot logs them.
local function show_log(self)
  local shown = #self.bot:log()
  while true do
    tasks.sleep(LOG_INTERVAL)
    local log = self.bot:log()
    for line in log:sub(shown + 1):gmatch "([^\n]+)\n" do
      if line:find " scripts " or line:find " WARN " or line:find " ERROR " then
        io.stdout:write "\r"
        self.screen:log(line, self.bot.directory)
        prompt(self)
      end
    end
    shown = #log
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

-- false at the end of the input.
local function read_line(self)
  local line = io.read "l"
  if not line then
    self.ended:resolve()
    return false
  end
  obey(self, line)
  prompt(self)
  return true
end

local function watch_input(self)
  io.stdin:setvbuf "no" -- else stdio takes lines that readability then does not tell of
  local can_wait = pcall(loop.watch, 0, function()
    if not read_line(self) then
      loop.unwatch(0)
    end
  end)
  if not can_wait then -- a file, which is always readable
    loop.defer(function()
      repeat until not read_line(self)
    end)
  end
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
  self.bot:edit("greet.lua", "function%(c\n", "function(c)\n") -- what the play has broken
  print(HELP:format(self.bot.directory .. "/handlers"))
  local signals <close> = assert(core.signals { "INT", "TERM" })
  loop.watch(signals:fd(), function() self.ended:resolve() end)
  watch_input(self)
  local watchers = { tasks.spawn(show_news, self), tasks.spawn(show_log, self) }
  prompt(self)
  self.ended:await()
  for _, watcher in ipairs(watchers) do
    watcher:cancel()
  end
  loop.unwatch(0)
  loop.unwatch(signals:fd())
  print()
end
