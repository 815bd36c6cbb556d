-- `lua-slack sandbox`: a local Slack with its page, and a bot in it.

local Bot = require "slack.command.sandbox_bot"
local Screen = require "slack.command.talk.screen"
local Talk = require "slack.command.talk"
local environment = require "slack.command.sandbox_environment"
local interrupts = require "slack.interrupts"
local manifest_words = require "slack.command.manifest_words"
local options = require "slack.command.sandbox_options"
local paint = require "slack.command.paint"
local sandbox = require "slack.sandbox"
local tasks = require "slack.tasks"

local FAILED, MISUSED = 1, 2
local MOST_CALLS = 100 -- that it remembers; its page has a list of its own

-- A level's color, for a log that comes through a pipe.
local COLORS = { WARN = "yellow", ERROR = "red", DEBUG = "dim" }

-- What is written ---------------------------------------------------------------------

-- Between the lines of a conversation, if there is one.
local function write(self, text)
  if self.talk then
    self.talk:aside(function() self.terminal.write(text) end)
  else
    self.terminal.write(text)
  end
end

local function show_line(self, line)
  local color = COLORS[line:match "^%d+%-%d+%-%d+ %S+%s+(%u+)%s" or ""]
  write(self, (color and paint(self.terminal, 1, color, line) or line) .. "\n")
end

local function note(self, text)
  write(self, paint(self.terminal, 1, "cyan", "sandbox: " .. text) .. "\n")
end

-- The local Slack ---------------------------------------------------------------------

local function start_slack(plan)
  local origin = plan.oauth and plan.url:match "^https?://[^/]+"
  local port = plan.port
  local slack_here, message, code = sandbox.start {
    port = port,
    websocket_port = port == 0 and 0 or port + 1,
    bot_token = "xoxb-local",
    app_token = "xapp-local",
    client_id = "local",
    installed = not plan.oauth,
    redirect_urls = origin and { origin .. "/slack/oauth_redirect", origin } or nil,
    page = { port = plan.page_port },
    most_calls = MOST_CALLS,
    bot_name = plan.script and manifest_words.beside(plan.script).bot_name,
  }
  if not slack_here then
    return nil, code == "address_in_use" and ("%s: choose another one with %s"):format(message,
      message:find "^the page: " and "--page-port" or "--port") or message
  end
  if plan.url then
    slack_here:deliver_over_http { url = plan.url, ca_file = plan.ca_file }
    slack_here.delivery = plan.both and "alternate" or nil
  end
  return slack_here
end

-- Running -----------------------------------------------------------------------------

local function start_bot(self, plan)
  local bot = Bot.new {
    script = plan.script,
    environment = environment.of_process(self.slack, plan),
    on_line = function(line) show_line(self, line) end,
    on_note = function(text) note(self, text) end,
    on_change = function() self.slack:changed() end,
  }
  self.slack.child = bot
  local started, message = bot:start()
  if not started then
    note(self, message)
  end
  return bot
end

local function tell_address(self, plan)
  local for_whom = plan.script and " for " .. plan.script or ""
  note(self, ("a local Slack%s listens on %s; Ctrl-C ends it"):format(for_whom,
    self.slack.api_url))
  note(self, "its page: " .. self.slack:page_url())
  if not plan.script then
    note(self, plan.is_alone and "a bot in another terminal needs these"
      or "there is no bot.lua here, so none is started; a bot in another terminal needs these")
    self.terminal.write(environment.exports(self.slack, plan))
  end
  if plan.oauth then
    note(self, ("when the bot runs, install it with a browser: %s/slack/install"):format(
      plan.url:match "^https?://[^/]+"))
  end
end

-- The first signal ends it, the second one kills the bot.
local function on_signal(self)
  local is_first = self.ended:resolve()
  if is_first and self.bot and self.bot.is_running then
    note(self, "stopping the bot; Ctrl-C once more kills it")
  end
  if not is_first and self.bot then
    tasks.spawn(self.bot.stop, self.bot)
  elseif self.talk then
    self.talk:stop()
  end
end

local function wait_for_end(self)
  if self.talk and not self.ended.settled then
    self.talk:run()
    self.talk = nil
  else
    self.ended:await()
  end
  self.ended:resolve()
  if self.bot then
    self.bot:stop()
  end
end

local function new_talk(self, plan)
  local screen = Screen.new(self.slack, self.terminal.has_color(1), 0)
  return Talk.new { slack = self.slack, screen = screen, shows_connections = not plan.script }
end

local function main(plan, terminal)
  io.stdout:setvbuf "line"
  local self = { terminal = terminal, ended = tasks.waiter() }
  local guard <close> = interrupts.listen(function() on_signal(self) end) -- luacheck: ignore 211
  local slack_here <close>, message = start_slack(plan)
  if not slack_here then
    return FAILED, message
  end
  self.slack = slack_here
  tell_address(self, plan)
  local bot <close> = plan.script and start_bot(self, plan) or nil
  self.bot, self.talk = bot, plan.talk and new_talk(self, plan) or nil
  wait_for_end(self)
  return 0
end

return {
  summary = "a Slack on this machine with a page in the browser, and a bot in it",
  words = "[BOT]",
  notes = "BOT is the program of the bot to start, bot.lua where there is one; it is started "
    .. "again\nwhen the file is saved.\n",
  options = options.LIST,
  run = function(given, terminal)
    local plan, problem = options.plan(given)
    if not plan then
      return MISUSED, problem
    end
    return tasks.run(main, plan, terminal)
  end,
}
