-- One console: what it has said so far, as variables, and how a chunk of it is run.

local clean = require "slack.stream_text".clean
local core = require "slack.core"
local fire = require("slack.console.request").fire
local inspect = require "slack.console.inspect"
local listing_text = require "slack.console.listing_text"
local raised = require "slack.raised"
local watchdog = require "slack.watchdog"

local NAME <const> = "=console"
local MAX_OUTPUT <const> = 64 * 1024
local MAX_LINES <const> = 20000
local SECRETS = { "token", "app_token", "signing_secret" }
local MIN_SECRET <const> = 8 -- bytes: shorter ones are words that stand anywhere

---@class slack.console.Answer
---@field output string what it printed, and its results
---@field error? string with the part of the traceback that is the chunk's
---@field is_incomplete? boolean more of the chunk is to come

---@class slack.console.Session
---@field app slack.App
---@field environment table
local Session = {}
Session.__index = Session
Session.__name = "slack.console.session"

-- What chunks see ------------------------------------------------------------------------

local function print_to(session)
  return function(...)
    local words = table.pack(...)
    for i = 1, words.n do
      words[i] = tostring(words[i])
    end
    if #session.lines < MAX_LINES then
      table.insert(session.lines, table.concat(words, "\t", 1, words.n))
    end
  end
end

local function helpers(session)
  local app = session.app
  return {
    app = app, client = app.client, slack = require "slack", print = print_to(session),
    fire = function(given)
      local ack, problem = fire(app, given)
      return ack, problem
    end,
    listeners = function() return listing_text.listeners(app) end,
    scripts = function() return listing_text.scripts(app) end,
    stats = function() return app:stats() end,
    log = function(level)
      if level then
        app.log:set_level(level)
      end
      return app.log:level()
    end,
    inspect = function(value) return inspect.text(value) end,
  }
end

-- The app's store is there once it has started.
local function new_environment(session)
  local own = helpers(session)
  return setmetatable(own, { __index = function(_, name)
    if name == "store" then
      return session.app.store
    end
    return _G[name]
  end })
end

---@param app slack.App
---@return slack.console.Session
function Session.new(app)
  local self = setmetatable({ app = app, lines = {} }, Session)
  self.environment = new_environment(self)
  return self
end

-- Running ----------------------------------------------------------------------------------

-- An expression is what it gives; "=" before it is how Lua 5.2 had it.
local function compile(self, text)
  text = text:gsub("^%s*=", "")
  local chunk = load("return " .. text, NAME, "t", self.environment)
  if chunk then
    return chunk
  end
  local message
  chunk, message = load(text, NAME, "t", self.environment)
  return chunk, message and raised.of_load(message, "console")
end

local function is_incomplete(message)
  return message:find "<eof>'?$" ~= nil
end

-- With the frames of the chunk, and none of what runs it.
local function caught(err)
  watchdog.spare()
  local text = raised.text(err)
  local frames = raised.part_above(debug.traceback("", 2), "slack/console/session.lua")
  return { text = frames and text .. "\n" .. frames or text }
end

-- What follows a result as "no error" is not worth a line.
local function add_results(self, results)
  local last = results.n
  while last > 2 and results[last] == nil do
    last = last - 1
  end
  for i = 2, last do
    table.insert(self.lines, inspect.text(results[i]))
  end
end

local function hide(text, given)
  for _, secret in ipairs(type(given) == "table" and given or { given }) do
    if type(secret) == "string" and #secret >= MIN_SECRET then
      text = text:gsub(secret:gsub("%p", "%%%0"), "<hidden>")
    end
  end
  return text
end

-- Not what patterns take for secrets alone: also those that the app was given.
local function without_secrets(self, text)
  local settings = self.app.settings
  for _, name in ipairs(SECRETS) do
    text = hide(text, settings[name])
  end
  text = hide(text, settings.oauth and settings.oauth.client_secret)
  return clean(core.redact(text), true)
end

local function cut(text)
  if #text <= MAX_OUTPUT then
    return text
  end
  local last = utf8.offset(text, 0, MAX_OUTPUT + 1) or MAX_OUTPUT + 1
  return ("%s\n… %d bytes in all"):format(text:sub(1, last - 1), #text)
end

---Runs a chunk to its end, which may wait.
---@async
---@param text string
---@return slack.console.Answer
function Session:run(text)
  local chunk, message = compile(self, text)
  if not chunk then
    return is_incomplete(message) and { output = "", is_incomplete = true }
      or { output = "", error = without_secrets(self, message) }
  end
  local results = table.pack(xpcall(chunk, caught))
  local problem
  if results[1] then
    add_results(self, results)
  else
    watchdog.calm()
    problem = results[2].text
  end
  local output = table.concat(self.lines, "\n")
  self.lines = {} -- what tasks print that go on is shown with the next chunk
  return {
    output = cut(without_secrets(self, output)),
    error = problem and cut(without_secrets(self, problem)),
  }
end

return Session
