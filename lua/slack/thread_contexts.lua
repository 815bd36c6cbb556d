-- Where it is kept what a person looks at who talks with the assistant. By default with
-- the conversation itself: as metadata of the app's first reply in the thread, which
-- outlives restarts and costs no storage. Else in a store by key, or in an object of the
-- program's own.

local Generations = require "slack.generations"
local Message = require "slack.message"
local json = require "slack.json"
local payload = require "slack.payload"

local as_table, text_of = payload.as_table, payload.text_of

local EVENT_TYPE <const> = "assistant_thread_context"
-- Messages of a thread that are looked at; Slack gives some apps no more of them.
local LOOKED_AT <const> = 15
-- Contexts that wait for a first reply, of all threads.
local MAX_PENDING <const> = 1000
local LIFE <const> = 30 * 24 * 3600 -- seconds in a store

---What a person looks at.
---@class slack.ThreadContext
---@field channel_id? string
---@field team_id? string
---@field enterprise_id? string

---@class slack.ThreadContexts
---@field get fun(self: slack.ThreadContexts, c: slack.Context): slack.ThreadContext?, slack.Error?
---@field save fun(self: slack.ThreadContexts, c: slack.Context, context: slack.ThreadContext):
---  true?, slack.Error?
---@field metadata? fun(self: slack.ThreadContexts, c: slack.Context): table? for a reply
---@field posted? fun(self: slack.ThreadContexts, c: slack.Context) a reply has taken it along

local M = {}

---Without what Slack says to be nothing.
---@param given any
---@return slack.ThreadContext
function M.plain(given)
  local context = {}
  for name, value in pairs(as_table(given) or {}) do
    if value ~= json.null then
      context[name] = value
    end
  end
  return context
end

local function key_of(c)
  return ("%s:%s"):format(tostring(c.channel_id), tostring(c.thread_ts))
end

-- In messages ---------------------------------------------------------------------------

---@class slack.ThreadContextsInMessages: slack.ThreadContexts
local InMessages = {}
InMessages.__index = InMessages
InMessages.__name = "slack.thread_contexts.in_messages"

---@return slack.ThreadContextsInMessages
function M.in_messages()
  return setmetatable({ pending = Generations.new(MAX_PENDING) }, InMessages)
end

local function is_reply(c, message)
  return text_of(message.subtype) == nil and message.ts ~= c.thread_ts
    and (message.user == c.bot_user_id or c.bot_id ~= nil and message.bot_id == c.bot_id)
end

local function kept_in(message)
  local metadata = as_table(message.metadata)
  return metadata and metadata.event_type == EVENT_TYPE and as_table(metadata.event_payload) or nil
end

-- The app's reply that keeps it, else its first one that may; false when there is none.
local function keeping_reply(c)
  local answer, err = c.client.conversations.replies {
    channel = c.channel_id, ts = c.thread_ts, oldest = c.thread_ts, limit = LOOKED_AT,
    include_all_metadata = true,
  }
  if not answer then
    return nil, err
  end
  local first = false
  for _, message in ipairs(as_table(answer.messages) or {}) do
    if as_table(message) and is_reply(c, message) then
      if kept_in(message) then
        return message
      end
      first = first or not as_table(message.metadata) and message -- other metadata stays
    end
  end
  return first
end

function InMessages:get(c)
  local pending = self.pending:get(key_of(c))
  if pending then
    return pending
  end
  local reply, err = keeping_reply(c)
  if not reply then
    return nil, err
  end
  return kept_in(reply)
end

local function metadata_of(context)
  return { event_type = EVENT_TYPE, event_payload = context }
end

-- Into the first reply if there is one, else it waits for that.
function InMessages:save(c, context)
  local reply, err
  if c.type ~= "assistant_thread_started" then
    reply, err = keeping_reply(c)
  end
  if err then
    return nil, err
  elseif not reply then
    self.pending:put(key_of(c), context)
    return true
  end
  self.pending:remove(key_of(c))
  local answer
  answer, err = c.client.chat.update {
    channel = c.channel_id, ts = reply.ts, text = reply.text, blocks = reply.blocks,
    metadata = metadata_of(context),
  }
  return answer and true, err
end

function InMessages:metadata(c)
  local context = self.pending:get(key_of(c))
  return context and next(context) and metadata_of(context) or nil
end

function InMessages:posted(c)
  self.pending:remove(key_of(c))
end

-- In a store ---------------------------------------------------------------------------------

---@class slack.ThreadContextsInStore: slack.ThreadContexts
local InStore = {}
InStore.__index = InStore
InStore.__name = "slack.thread_contexts.in_store"

-- A store is asked for when it is needed: app.store is open from app:start on.
local function in_store(given)
  return setmetatable({ given = given }, InStore)
end

local function store_of(self, c)
  return self.given == "store" and c.app.store or self.given
end

local function store_key(c)
  return ("assistant_thread:%s:%s"):format(tostring(c.team_id or c.enterprise_id), key_of(c))
end

function InStore:get(c)
  return store_of(self, c):get(store_key(c))
end

function InStore:save(c, context)
  return store_of(self, c):set(store_key(c), context, { ttl = LIFE })
end

local function has(object, name)
  local ok, method = pcall(function() return object[name] end)
  return ok and type(method) == "function"
end

---@param given "store"|slack.Store|slack.ThreadContexts
---@return slack.ThreadContexts? contexts nil: it is none of these
function M.of(given)
  if given == "store" then
    return in_store(given)
  elseif type(given) ~= "table" and type(given) ~= "userdata" or not has(given, "get") then
    return nil
  elseif has(given, "save") then
    return given
  end
  return has(given, "set") and in_store(given) or nil
end

-- What is to be kept with a reply to this thread, if it is that.
local function metadata_for(c, arguments)
  if arguments.metadata == nil and arguments.channel == c.channel_id
    and arguments.thread_ts == c.thread_ts then
    return c.reply_keeper:metadata(c)
  end
end

---Posts for a context that has a reply_keeper, which is asked what to keep with it.
---@async
---@param c slack.Context
---@param arguments table
---@return slack.Message? message
---@return slack.Error? err
function M.post(c, arguments)
  local metadata = metadata_for(c, arguments)
  arguments.metadata = arguments.metadata or metadata
  local message, err = Message.post(c.client, arguments, c)
  if message and metadata then
    c.reply_keeper:posted(c)
  end
  return message, err
end

---Those of an app that says nothing of them.
---@param app slack.App
---@return slack.ThreadContexts
function M.default(app)
  app.thread_contexts = app.thread_contexts or M.in_messages()
  return app.thread_contexts
end

return M
