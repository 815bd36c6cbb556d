-- app:assistant: the threads in which people talk with the app, as one registration. Its
-- listeners take the events of such threads for themselves: what is said there is not
-- offered to listeners of messages.

local Listener = require "slack.listener"
local ThreadContexts = require "slack.thread_contexts"
local near_miss = require "slack.near_miss"
local payload = require "slack.payload"
local sorted_keys = require "slack.sorted_keys"

local text_of = payload.text_of

---@class slack.AssistantOptions
---@field thread_started fun(c: slack.Context) somebody has opened a thread
---@field user_message fun(c: slack.Context) somebody has written in one
---@field context_changed? fun(c: slack.Context) somebody looks at another channel
---@field bot_message? fun(c: slack.Context) an app has written in one, this one too
---@field thread_contexts? "store"|slack.Store|slack.ThreadContexts where it is kept what people
---  look at; in the messages of the thread

local MEMBERS = {
  thread_started = true, user_message = true, context_changed = false, bot_message = false,
}
local OPTIONS = {
  thread_started = true, user_message = true, context_changed = true, bot_message = true,
  thread_contexts = true,
}

-- What registering it gave: all its listeners as one.
---@class slack.Assistant
---@field listeners slack.Listener[]
local Assistant = {}
Assistant.__index = Assistant
Assistant.__name = "slack.assistant"

-- Checks ---------------------------------------------------------------------------------

local function problem_of(given)
  if type(given) ~= "table" then
    return "a table of handlers expected, got " .. type(given)
  end
  for name in pairs(given) do
    if not OPTIONS[name] then
      return ("unknown member %q%s (known are %s)"):format(tostring(name),
        near_miss(name, OPTIONS), table.concat(sorted_keys(OPTIONS), ", "))
    end
  end
  for _, name in ipairs(sorted_keys(MEMBERS)) do
    local handler = given[name]
    if handler == nil and MEMBERS[name] then
      return ("%s: function expected, got nothing: it is called when somebody %s"):format(name,
        name == "thread_started" and "opens a thread" or "writes in one")
    elseif handler ~= nil and not Listener.is_callable(handler) then
      return ("%s: function expected, got %s"):format(name, type(handler))
    end
  end
end

-- Handlers ---------------------------------------------------------------------------------

local function nothing() end

-- The handler's own reply keeps what could not be kept before there was one.
local function prepare(c, contexts)
  c.thread_contexts = contexts or c.thread_contexts
  c.reply_keeper = c.thread_contexts.metadata and c.thread_contexts or nil
end

local function keep(c, context)
  local ok, err = c.thread_contexts:save(c, context)
  if not ok then
    c.log:warn("what the person looks at could not be kept: %s", tostring(err))
  end
end

local function on_started(handler, contexts)
  return function(c)
    prepare(c, contexts)
    if next(c.thread_context) then
      keep(c, c.thread_context)
    end
    return handler(c)
  end
end

local function on_changed(handler, contexts)
  return function(c)
    prepare(c, contexts)
    keep(c, c.thread_context)
    return handler(c)
  end
end

local function is_from_person(event)
  local subtype = text_of(event.subtype)
  return (subtype == nil or subtype == "file_share") and text_of(event.bot_id) == nil
    and text_of(event.user) ~= nil
end

local function is_from_bot(event)
  local subtype = text_of(event.subtype)
  return (subtype == nil or subtype == "bot_message" or subtype == "file_share")
    and (text_of(event.bot_id) ~= nil or subtype == "bot_message")
end

-- Edits, deletions, the root that Slack posts: all else is taken and not handled.
local function on_message(given, contexts)
  return function(c)
    local event = c.payload
    local handler = is_from_person(event) and given.user_message
      or is_from_bot(event) and given.bot_message
    if handler then
      prepare(c, contexts)
      return handler(c)
    end
  end
end

-- Listeners ----------------------------------------------------------------------------------

local function new_listener(name, what, handler, place)
  local listener = assert(Listener.new("event", what, handler))
  local plan = listener:own_plan()
  plan.method, plan.what, plan.place, plan.consumes = "assistant", " " .. name, place, true
  return listener
end

---Whether a message stands in a thread of a direct conversation, where people talk with
---the app alone.
---@param event table
---@return boolean
function Assistant.is_thread_message(event)
  return event.type == "message" and event.channel_type == "im"
    and text_of(event.thread_ts) ~= nil
end

---The listeners of an assistant.
---@param given slack.AssistantOptions
---@return slack.Assistant? assistant
---@return string? problem
function Assistant.new(given)
  local problem = problem_of(given)
  local contexts = not problem and given.thread_contexts
    and ThreadContexts.of(given.thread_contexts) or nil
  if not problem and given.thread_contexts ~= nil and not contexts then
    problem = 'thread_contexts: "store", a store, or an object with the methods get and save '
      .. "expected, got " .. type(given.thread_contexts)
  end
  if problem then
    return nil, problem
  end
  local changed = given.context_changed
  local message = new_listener("user_message", {
    type = "message", channel_type = "im", thread_ts = true,
  }, on_message(given, contexts), Listener.place_of(given.user_message))
  message.plan.takes_own = given.bot_message ~= nil
  return setmetatable({
    listeners = {
      new_listener("thread_started", "assistant_thread_started",
        on_started(given.thread_started, contexts), Listener.place_of(given.thread_started)),
      new_listener("context_changed", "assistant_thread_context_changed",
        on_changed(changed or nothing, contexts),
        Listener.place_of(changed or given.thread_started)),
      message,
    },
  }, Assistant)
end

---From now on it takes nothing.
---@return boolean false when it was removed before
function Assistant:remove()
  local removed = false
  for _, listener in ipairs(self.listeners) do
    removed = listener:remove() or removed
  end
  return removed
end

return Assistant
