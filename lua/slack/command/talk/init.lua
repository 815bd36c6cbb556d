-- The terminal as a person in #general: lines are messages, /words are commands.

local Views = require "slack.command.talk.views"
local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local CHANNEL = "general"
local ANSWER_WITHIN = 1.5

local HELP = [[
  A line is a message in #general, /reply TEXT one in the thread in which the bot wrote last;
  any /word but these is a slash command.
  /click N presses button N, /click N VALUE chooses in menu N; /home opens the home tab,
  /dm TEXT tells the bot alone, /assistant TEXT in a thread with it; /shortcut ID uses a
  shortcut; /fill NAME VALUE, /submit and /close are for modals; /as NAME makes you another
  person (ada, grace), /quit ends.]]

---@class slack.command.TalkOptions
---@field slack slack.Sandbox
---@field screen slack.command.TalkScreen
---@field help? string of the bot, below what can be typed
---@field shows_connections? boolean that the bot comes and goes is told; others start and stop it
---@field ends_with_input? boolean

---@class slack.command.Talk
---@field shown table<string, string> versions of messages by ts
---@field places table<string, string> of messages outside of #general itself
---@field last_thread? { channel: string, thread_ts: string } in which the bot wrote last
local Talk = {}
Talk.__index = Talk
Talk.__name = "slack.command.talk"

-- Of the person with the bot.
local function direct_channel(self)
  local workspace = self.slack.workspace
  return workspace:direct_channel(workspace:find_user(self.user).id).id
end

-- Where a message stands, unless that is #general.
local function place_of(self, channel)
  if channel.is_im then
    local user = self.slack.workspace.users[channel.user]
    return "direct message" .. (user.name ~= self.user and " to " .. user.name or "")
  end
  return channel.name ~= CHANNEL and "#" .. channel.name or nil
end

-- What is to be shown: messages of the bot that are new or have changed.
local function news(self)
  local slack, shown, found = self.slack, self.shown, {}
  local workspace = slack.workspace
  local function look(message, where, channel)
    local version = message.text .. "\0" .. tostring(message.edited and message.edited.ts)
    local stream = workspace.streams[message.ts]
    if message.bot_id == workspace.bot.id and shown[message.ts] ~= version
      and message.subtype ~= "assistant_app_thread"
      and not (stream and stream.state == "streaming") then
      shown[message.ts] = version
      local is_reply = message.thread_ts and message.thread_ts ~= message.ts
      self.places[message.ts] = is_reply and (where and where .. ", " or "") .. "in a thread"
        or where
      self.last_thread = is_reply and { channel = channel.id, thread_ts = message.thread_ts }
        or self.last_thread
      table.insert(found, message)
    end
  end
  for _, channel in ipairs(workspace.channel_list) do
    local where = place_of(self, channel)
    for _, message in ipairs(channel.messages) do
      look(message, where, channel)
    end
    for _, message in ipairs(slack:ephemeral(self.user, channel.id)) do
      look(message, where, channel)
    end
  end
  return #found > 0 and found
end

local function prompt(self)
  io.stdout:write("\r", self.user, "> ")
  io.stdout:flush()
end

local function print_help(self)
  print(HELP)
  if self.options.help then
    print(self.options.help)
  end
end

local function note(self, text)
  self.screen:note(text)
  prompt(self)
end

local function show_news(self)
  while true do
    local found = self.slack:wait(function()
      return news(self) or self.views:has_news() and {}
    end, 3600) or {}
    local seconds = self.asked_at and core.monotonic() - self.asked_at
    self.heard_at = core.monotonic()
    for _, message in ipairs(found) do
      self.screen:message(message, seconds, self.places[message.ts])
    end
    self.views:look()
    prompt(self)
  end
end

-- How many the bot has, over Socket Mode or RTM.
local function count_connections(self)
  return #self.slack:connections() + #self.slack.rtm.connections
end

local function show_connections(self)
  local known = 0
  while true do
    if self.slack:wait(function() return count_connections(self) ~= known end, 3600) then
      local is_first = known == 0
      known = count_connections(self)
      if known == 0 then
        note(self, "the bot has gone")
      elseif is_first then
        note(self, "a bot has connected")
      end
    end
  end
end

-- Why a bot that is reached over HTTP did not get what was said last.
local function http_trouble(self)
  local delivery = self.slack.http and self.slack.last_delivery
  if not (delivery and delivery.failure) then
    return nil
  end
  local is_answered = delivery.attempts[#delivery.attempts].status
  return (is_answered and "the bot at %s refused that: %s" or "no bot answers at %s: %s"):format(
    delivery.url, delivery.detail or delivery.failure)
end

-- Silence is answered too.
local function remark_silence(self, asked_at)
  tasks.sleep(ANSWER_WITHIN)
  if self.asked_at == asked_at and (self.heard_at or 0) < asked_at then
    local is_absent = not self.slack.http and count_connections(self) == 0
    note(self, is_absent and "no bot is connected" or http_trouble(self)
      or "the bot has no answer to that; /help tells what you can type")
  end
end

local function click(self, text)
  local number, value = text:match "^(%S*)%s*(.*)$"
  local button = self.screen.buttons[tonumber(number)]
  if not button then
    return note(self, "there is no button " .. number)
  end
  self.views:press(button, value, self.user)
end

local function use_shortcut(self, callback_id)
  if callback_id == "" then
    return note(self, "/shortcut ID: the callback_id of the shortcut is needed")
  end
  self.slack:shortcut { callback_id = callback_id, user = self.user }
end

-- "@ada" and "#general" as Slack's client sends them; in commands with their names, as when
-- "Escape channels, users, and links" is switched on.
local function with_mentions(self, text, has_names)
  local workspace = self.slack.workspace
  local function written(mark, place)
    return function(before, name)
      local found = place(name)
      local label = found and has_names and "|" .. name or ""
      return found and ("%s<%s%s%s>"):format(before, mark, found, label) or nil
    end
  end
  local function person(name)
    local user = workspace:find_user(name)
    return name == workspace.bot.name and workspace.bot.user_id or user and user.id
  end
  local function channel(name)
    local found = workspace:find_channel(name)
    return found and found.id
  end
  text = (" " .. text):gsub("([%s(])@([%w_-]+)", written("@", person))
  return (text:gsub("([%s(])#([%w_-]+)", written("#", channel)):sub(2))
end

local function command(self, name, text)
  local outcome = self.slack:command {
    command = name, text = with_mentions(self, text, true), user = self.user, channel = CHANNEL,
  }
  if outcome.failure then
    note(self, ("%s failed: %s%s"):format(name, outcome.failure,
      outcome.detail and " (" .. outcome.detail .. ")" or ""))
  end
end

local function become(self, name)
  if name == "" then
    return self.screen:note "/as NAME: ada or grace"
  end
  local user = self.slack.workspace:find_user(name)
  if user then
    self.user = user.name
  else
    self.screen:note("there is nobody called " .. name)
  end
end

local function say(self, text, channel, thread_ts)
  self.slack:say {
    user = self.user, channel = channel, thread_ts = thread_ts, text = with_mentions(self, text),
  }
  tasks.spawn(remark_silence, self, self.asked_at)
end

local function reply(self, text)
  local thread = self.last_thread
  if not thread then
    return note(self, "the bot has written in no thread yet")
  elseif text == "" then
    return note(self, "/reply TEXT")
  end
  say(self, text, thread.channel, thread.thread_ts)
end

local function show_prompts(self, thread)
  if self.slack:wait(function() return thread.prompts end, ANSWER_WITHIN) then
    self.screen:note(thread.prompts_title or "You may say")
    for _, suggestion in ipairs(thread.prompts) do
      self.screen:line("", suggestion.message)
    end
  end
end

-- Each person has one thread with the assistant.
local function talk(self, text)
  local thread = self.threads[self.user]
  if not thread then
    thread = self.slack:open_assistant { user = self.user }
    self.threads[self.user] = thread
    show_prompts(self, thread)
  end
  if text ~= "" then
    self.slack:say {
      user = self.user, channel = thread.channel, thread_ts = thread.thread_ts, text = text,
    }
  end
end

-- Done beside the reading of further lines.
local ACTIONS = {
  ["/click"] = click,
  ["/reply"] = reply,
  ["/dm"] = function(self, text) say(self, text, direct_channel(self)) end,
  ["/assistant"] = talk,
  ["/shortcut"] = use_shortcut,
  ["/home"] = function(self) self.views:home(self.user) end,
  ["/fill"] = function(self, text) self.views:fill(text, self.user) end,
  ["/submit"] = function(self) self.views:submit(self.user) end,
  ["/close"] = function(self) self.views:close(self.user) end,
}

-- What the local Slack does not let a person do is one line; any other error is one of ours.
local function explain(err)
  local problem = tostring(err):match "sandbox: ([^\n]+)"
  if not problem then
    error(err, 0)
  end
  return problem:find "^there is no element" and "that button is gone" or problem
end

local function act(self, name, text)
  local ok, err = pcall(ACTIONS[name], self, text)
  if not ok then
    self.screen:note(("%s: %s"):format(name, explain(err)))
  end
  prompt(self)
end

local function obey(self, line)
  local name, text = line:match "^(/%S+)%s*(.-)%s*$"
  self.asked_at = core.monotonic()
  if name == "/quit" then
    self.ended:resolve()
  elseif name == "/help" then
    print_help(self)
  elseif name == "/as" then
    become(self, text)
  elseif ACTIONS[name] then
    tasks.spawn(act, self, name, text)
  elseif name then
    tasks.spawn(command, self, name, text)
  elseif line ~= "" then
    say(self, line, CHANNEL)
  end
end

-- false at the end of the input.
local function read_line(self)
  local line = io.read "l"
  if not line then
    if self.options.ends_with_input then
      self.ended:resolve()
    end
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

---@param options slack.command.TalkOptions
---@return slack.command.Talk
function Talk.new(options)
  local self = setmetatable({
    options = options,
    slack = options.slack,
    screen = options.screen,
    views = Views.new(options.slack, options.screen),
    user = "ada",
    shown = {},
    places = {},
    threads = {},
    ended = tasks.waiter(),
  }, Talk)
  news(self) -- what was there before counts as seen
  return self
end

---Writes lines of others between those of the conversation.
---@param write fun() what writes them
function Talk:aside(write)
  io.stdout:write "\r"
  write()
  prompt(self)
end

---Ends the conversation.
function Talk:stop()
  self.ended:resolve()
end

---Reads the terminal until /quit, stop, or the end of the input.
---@async
function Talk:run()
  print_help(self)
  self.screen.start = "\r"
  watch_input(self)
  local watchers = { tasks.spawn(show_news, self) }
  if self.options.shows_connections then
    table.insert(watchers, tasks.spawn(show_connections, self))
  end
  prompt(self)
  self.ended:await()
  for _, watcher in ipairs(watchers) do
    watcher:cancel()
  end
  loop.unwatch(0)
  print()
  self.screen.start = ""
end

return Talk
