-- A short conversation with the bot: each step says what it waits for, and how
-- long that took. A step whose answer does not come in time ends the play.

local core = require "slack.core"

local ANSWER_WITHIN = 5
local RELOAD_WITHIN = 5

---@class demo.Stage
---@field slack slack.Sandbox
---@field bot demo.Bot
---@field screen slack.command.TalkScreen
---@field slowest? number seconds of the slowest answer
---@field answers? integer

local function answered(stage, message, seconds)
  stage.screen:message(message, seconds)
  stage.answers = stage.answers + 1
  stage.slowest = math.max(stage.slowest, seconds or 0)
  return message
end

local function expect(value, what)
  return value or error("no " .. what .. " came in time", 0)
end

-- Somebody says something; the answer must have this in it.
local function say(stage, text, expected)
  local began = core.monotonic()
  local said = stage.slack:say { user = "ada", channel = "general", text = text }
  stage.screen:line("ada", text)
  local answer = stage.slack:wait_message {
    channel = "general",
    after = said.ts,
    text = expected,
    timeout = ANSWER_WITHIN,
  }
  return answered(stage, expect(answer, "answer to \"" .. text .. "\""), core.monotonic() - began)
end

local function command(stage, name, text, expected)
  local began = core.monotonic()
  local last = stage.slack.workspace:new_ts()
  stage.screen:line("ada", name .. " " .. text)
  local outcome = stage.slack:command {
    user = "ada", channel = "general", command = name, text = text, timeout = ANSWER_WITHIN,
  }
  expect(outcome.seconds, "ack of " .. name)
  stage.screen:line("", "(acknowledged)", outcome.seconds)
  local answer = stage.slack:wait_message {
    channel = "general", after = last, text = expected, timeout = ANSWER_WITHIN,
  }
  return answered(stage, expect(answer, "answer to " .. name), core.monotonic() - began)
end

-- The button of a message that says this.
local function find_button(message, label)
  for _, block in ipairs(message.blocks) do
    for _, element in ipairs(block.type == "actions" and block.elements or {}) do
      if element.text.text == label then
        return element
      end
    end
  end
end

-- Somebody presses a button; the message must then have this in it.
local function click(stage, name, message, label, expected)
  local began = core.monotonic()
  stage.screen:line(name, ("presses [%s]"):format(label))
  local button = expect(find_button(message, label), "button " .. label)
  local outcome = stage.slack:click { user = name, message = message, action_id = button.action_id }
  expect(outcome.seconds, "ack of the button")
  stage.screen:line("", "(acknowledged)", outcome.seconds)
  local updated = stage.slack:wait_message {
    channel = "general", text = expected, timeout = ANSWER_WITHIN,
  }
  answered(stage, expect(updated, "update of the message"), core.monotonic() - began)
end

-- The handler waits at each of the questions, in a local variable of its own.
local function converse(stage)
  local screen = stage.screen
  screen:note("A conversation is one function: handlers/book.lua")
  say(stage, "book a table", "Which day?")
  local question = say(stage, "Friday", "For how many?")
  click(stage, "ada", question, "4", "chose *4*")
  local answer = stage.slack:wait_message {
    channel = "general", after = question.ts, text = "A table", timeout = ANSWER_WITHIN,
  }
  answered(stage, expect(answer, "end of the conversation"))
end

-- Saves a changed script and waits until the bot's log speaks of it.
local function edit(stage, name, from, to, remark, word)
  local logged = #stage.bot.lines
  local began = core.monotonic()
  stage.bot:edit(name, from, to)
  stage.screen:note(remark)
  local line = expect(stage.bot:wait_log(logged, RELOAD_WITHIN, name, word), "reload of " .. name)
  stage.screen:log(line, stage.bot.directory, core.monotonic() - began)
end

---Plays it all; raises when an answer does not come.
---@async
---@param stage demo.Stage
return function(stage)
  local screen = stage.screen
  screen:note("#general")
  say(stage, "hello", "Hello")
  screen:pause()
  local question = command(stage, "/lunch", "Luigi's", "Lunch at Luigi's")
  local grace = stage.slack.workspace:find_user "grace"
  click(stage, "grace", question, "Count me in", "<@" .. grace.id .. ">")
  screen:pause()
  converse(stage)
  screen:pause()
  edit(stage, "greet.lua", "Hello, ", "Ahoy, ",
    "handlers/greet.lua is edited and saved: \"Hello, \" becomes \"Ahoy, \"", "reload")
  say(stage, "hello", "Ahoy")
  screen:pause()
  edit(stage, "greet.lua", "function%(c%)", "function(c",
    "handlers/greet.lua is saved again, with a bracket missing", "greet.lua:")
  say(stage, "hello", "Ahoy")
end
