-- What the methods of a test have in common: who does it, where, and what came of it.

local checks = require "slack.sandbox.checks"
local json = require "slack.json"
local misuse = require "slack.misuse"
local people = require "slack.testing.people"

local FOLDER = misuse.folder()

local M = {}

---Who does it and where; each method takes these.
---@class slack.testing.Where
---@field user? string name; one that is not known is somebody new
---@field channel? string name; "@ada" for the conversation of that person with the bot
---@field thread? string|table a message, or its ts, in whose thread it is said
---@field fails? boolean|string an error of a handler is to come, with this in its text

---@class slack.testing.Actor
---@field user table
---@field channel table
---@field thread_ts? string
---@field fails? boolean|string

local COMMON = { user = "string", channel = "string", fails = "any", thread = "any" }

---Raises at the line of the test.
---@param format string
function M.refuse(format, ...)
  misuse.raise(FOLDER, select("#", ...) > 0 and format:format(...) or format)
end

local refuse = M.refuse

local function check_fields(name, given, more)
  local known = {}
  for _, fields in ipairs { COMMON, more or {} } do
    for field, kind in pairs(fields) do
      known[field] = kind
    end
  end
  local problem = type(given) ~= "table" and "a table of options expected, got " .. type(given)
    or checks.problem(given, known)
  if problem then
    refuse("t:%s: %s", name, problem)
  end
end

---The options of a method, checked, and whom they mean.
---@param t slack.Test
---@param name string of the method
---@param options? slack.testing.Where
---@param more? table<string, string> the types of what else it takes
---@return slack.testing.Actor
---@return table options
function M.read(t, name, options, more)
  options = options or {}
  check_fields(name, options, more)
  local workspace, thread = t.slack.workspace, options.thread
  local user = people.person(workspace, options.user or t.acting or t.first_user)
  local place = options.channel or type(thread) == "table" and thread.channel
  return {
    user = user, fails = options.fails,
    channel = place and people.channel(workspace, place) or workspace.channel_list[1],
    thread_ts = type(thread) == "table" and (thread.thread_ts or thread.ts) or thread,
  }, options
end

---An argument that is text.
---@param name string of the method
---@param value any
function M.check_text(name, value)
  if type(value) ~= "string" then
    refuse("t:%s: text expected, got %s", name, type(value))
  end
end

---@param who slack.testing.Actor
---@param format string what is done
---@return string
function M.describe(who, format, ...)
  return who.user.name .. ": " .. format:format(...)
end

---The message itself, of which a result has a copy.
---@param t slack.Test
---@param name string of the method
---@param message any
---@return table message
---@return table channel
function M.own_message(t, name, message)
  local workspace = t.slack.workspace
  local is_message = type(message) == "table" and type(message.channel) == "string"
  local channel = is_message and workspace:find_channel(message.channel)
  for _, list in ipairs(channel and { channel.messages, channel.ephemeral or {} } or {}) do
    for _, own in ipairs(list) do
      if own.ts == message.ts then
        own.channel = channel.id
        return own, channel
      end
    end
  end
  refuse("t:%s: %s", name, channel and "the message is not there any more"
    or "a message expected, as r.said and r.message have them")
end

---The message that is meant: the last one of the place when none is named.
---@param t slack.Test
---@param name string
---@param message any
---@param who slack.testing.Actor
---@return table message
function M.message_or_last(t, name, message, who)
  if message then
    return (M.own_message(t, name, message))
  end
  local last = who.channel.messages[#who.channel.messages]
  if not last then
    refuse("t:%s: there is no message in #%s", name, who.channel.name)
  end
  last.channel = who.channel.id
  return last
end

---What a delivery has brought.
---@param result slack.testing.Result
---@param outcome? slack.sandbox.Outcome
function M.take_outcome(result, outcome)
  local delivery = outcome and outcome.delivery
  if not delivery then
    return
  end
  result.acked, result.was_late = delivery.acked, delivery.was_late
  result.ack = delivery.acked and outcome.ack ~= json.null and outcome.ack or nil
  result.failure, result.detail = outcome.failure, outcome.detail
end

---Does what the app has to answer; the answer may come when time has passed.
---@param t slack.Test
---@param what string
---@param who slack.testing.Actor
---@param act fun(): slack.sandbox.Outcome?
---@param finish? fun(result: slack.testing.Result, outcome: slack.sandbox.Outcome)
---@return slack.testing.Result
function M.interact(t, what, who, act, finish)
  local result = t:_act(what, who, function(result)
    result.is_delivery = true
    local outcome = act()
    if not outcome then
      result.is_delivery = nil
      return
    end
    M.take_outcome(result, outcome)
    if finish then
      finish(result, outcome)
    end
  end)
  return result
end

return M
