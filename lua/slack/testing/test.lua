-- A test: a bot in a workspace of its own, and what is done there. The methods for what people
-- do are in files beside this one.

local Clock = require "slack.testing.clock"
local Result = require "slack.testing.result"
local acting = require "slack.testing.acting"
local answers = require "slack.testing.answers"
local misuse = require "slack.misuse"
local person = require "slack.testing.person"
local playing = require "slack.testing.playing"
local raised = require "slack.raised"
local tasks = require "slack.tasks"
local visiting = require "slack.testing.visiting"

local FOLDER = misuse.folder()
local refuse = acting.refuse

---A bot in a workspace of its own.
---@class slack.Test: slack.testing.Actions
---@field app slack.App the bot's
---@field slack slack.Sandbox the local Slack, for what the test has no method for
---@field team_id string of the workspace
---@field bot { id: string, user_id: string, name: string }
---@field calls slack.testing.Call[] of the Web API since the app has started
---@field fetched slack.fake_network.Asked[] requests to other servers
---@field said slack.testing.Said[] what the bot has said
local Test = {}
Test.__index = Test
Test.__name = "slack.test"

for _, methods in ipairs { person.actions, answers, playing, visiting } do
  for name, method in pairs(methods) do
    Test[name] = method
  end
end

-- Doing -----------------------------------------------------------------------------------

local function text_of(failure)
  local where = failure.listener and ("\n  in %s"):format(failure.listener) or ""
  return failure.message .. where .. failure.traceback
end

local function check_errors(self, result, expected)
  local first = result.errors[1]
  if expected == nil then
    expected, self.expected = self.expected, nil
  end
  if expected == nil and self.errors == "fail" and first then
    refuse("%s: the bot failed: %s", result.what, text_of(first))
  elseif expected and not first then
    refuse("%s: an error was expected, and none came\n%s", result.what, tostring(result))
  elseif type(expected) == "string" and not first.message:find(expected)
    and not first.message:find(expected, 1, true) then
    refuse("%s: an error with %q was expected, and it is: %s", result.what, expected,
      text_of(first))
  end
end

-- What a message says at the end, when it was written on meanwhile.
local function refresh(result, streams)
  for one, message in pairs(result.live) do
    if streams[message.ts] and not one.is_update then
      one.text, one.blocks = message.text, message.blocks
    end
  end
  result.live = nil
end

local function check_free(self, what)
  if self.is_closed then
    refuse("%s: the test has been closed", what)
  elseif self.clock:is_inside() then
    refuse("%s: called by the bot that is tested: the test itself calls it", what)
  end
end

---Does something, and all that the app can do about it without time passing.
---@param what string for people
---@param who { user: table?, fails: boolean|string|nil, seconds: number?,
---  patience: number? } seconds: that pass; patience: that may pass until it is done
---@param run fun(result: slack.testing.Result) in a task
---@return slack.testing.Result
function Test:_act(what, who, run)
  check_free(self, what)
  local result = Result.new(what)
  result.errors, self.stray_errors = self.stray_errors, {}
  local rests, task
  do
    local guard <close> = self.clock:enter() -- luacheck: ignore 211
    self.result = result
    if who.user then
      self.app.client._pacing:refill()
    end
    task = tasks.spawn(run, result)
    task.joined = true
    if who.patience then
      rests = self.clock:finish(task, who.patience)
    else
      rests = self.clock:pass(who.seconds or 0)
    end
  end
  self.result = nil
  result.waiting = self.app.client._pacing:waiting()
  refresh(result, self.slack.workspace.streams)
  result.view = self.slack.workspace:top_view(who.user and who.user.id)
  if task.failed then
    misuse.raise(FOLDER, what .. ": " .. raised.text(task.err):gsub("^[^\n]-:%d+: ", "", 1)
      :gsub("^sandbox: ", ""))
  elseif not rests then
    refuse("%s: the bot does not come to rest: it does something again and again without time "
      .. "passing", what)
  end
  check_errors(self, result, who.fails)
  return result
end

---The next thing that is done makes a handler fail, as with `fails` in its options.
---@param text? string found in the error
function Test:expect_error(text)
  self.expected = text or true
end

---Runs what the test itself asks of the app, its client or its storage, by the test's clock:
---`t:run(function() return t.app.store:get "visits" end)`.
---@param fn function
---@return any ... what it returns
function Test:run(fn, ...)
  if type(fn) ~= "function" then
    refuse("t:run: a function expected, got %s", type(fn))
  end
  local arguments, results = table.pack(...), nil
  self:_act("t:run", {}, function()
    results = table.pack(fn(table.unpack(arguments, 1, arguments.n)))
  end)
  if not results then
    refuse "t:run: it waits for something that needs time to pass: t:advance"
  end
  return table.unpack(results, 1, results.n)
end

---One of the people, who does what the test has methods for: `ada:message "hello"`.
---@param name string somebody new when there is nobody of that name
---@return slack.testing.Person
function Test:user(name)
  if type(name) ~= "string" then
    refuse("t:user: a name expected, got %s", type(name))
  end
  return person.new(self, name)
end

-- Time and log ------------------------------------------------------------------------------

---Seconds since the epoch, by the clock of the test.
---@return number
function Test:now()
  return self.clock:now()
end

---Passes time: timers, timeouts, sleeps and what is due by the clock come when they are due.
---@param time string|number "5m", "1h30m", seconds
---@param options? { fails: boolean|string }
---@return slack.testing.Result of all that came meanwhile
function Test:advance(time, options)
  local seconds = Clock.seconds_of(time)
  if not seconds then
    refuse('t:advance: "5m", "1h30m" or seconds expected, got %s', tostring(time))
  end
  local what = ("t:advance(%s)"):format(type(time) == "string" and ("%q"):format(time) or time)
  local result = self:_act(what, { fails = options and options.fails, seconds = seconds },
    function() end)
  return result
end

---The lines of the log so far.
---@return string[]
function Test:log()
  return self.lines
end

---Ends the test: the app is closed, and what its start has changed in this process is put back.
function Test:close()
  if self.is_closed then
    return
  end
  do
    local guard <close> = self.clock:enter() -- luacheck: ignore 211
    self.result = Result.new "t:close"
    if self.app then
      self.app:close()
      self.app.dispatch.failures.report, self.app.dispatch.nobody = nil, nil
    end
    self.slack.scheduled:stop()
    self.clock:settle()
  end
  self.is_closed, self.result = true, nil
  self.clock:close()
  for _, undo in pairs(self.undo) do
    undo()
  end
end

Test.__close = Test.close

return Test
