-- Threads of a local workspace in which people talk with the app, and what these
-- people do there (protocol §11).

local checks = require "slack.sandbox.checks"
local json = require "slack.json"
local people = require "slack.sandbox.people"

local STATUS_LIFE <const> = 120 -- seconds

---@class slack.sandbox.Thread
---@field channel string id
---@field thread_ts string
---@field user? string id of whose it is
---@field context? table what that person looks at
---@field title? string
---@field prompts? table[]
---@field prompts_title? string
---@field is_session? boolean it was opened by a person
---@field status string "" when there is none; in what `here:thread` gives
---@field loading_messages? string[]

-- The state, a part of the workspace.
---@class slack.sandbox.Threads
local state = {}

---@param channel_id string
---@param thread_ts string
---@return slack.sandbox.Thread made when there is none yet
function state:assistant_thread(channel_id, thread_ts)
  local key = channel_id .. ":" .. thread_ts
  local thread = self.threads[key]
  if not thread then
    thread = { channel = channel_id, thread_ts = thread_ts, status = "" }
    self.threads[key] = thread
  end
  return thread
end

function state:set_status(thread, status, loading_messages)
  thread.status, thread.loading_messages = status, loading_messages
  thread.status_until = self.clock() + STATUS_LIFE
end

---A reply of the app takes the status away.
function state:clear_status(channel_id, thread_ts)
  local thread = self.threads[channel_id .. ":" .. tostring(thread_ts)]
  if thread then
    thread.status, thread.loading_messages = "", nil
  end
end

function state:rename_session(thread, title)
  local previous = thread.title
  thread.title = title
  self.on_event {
    type = "agent_session_title_changed", channel = thread.channel,
    thread_ts = thread.thread_ts, user = thread.user, title = title, previous_title = previous,
    event_ts = self:new_ts(),
  }
end

-- What people do.
---@class slack.sandbox.Assistants: slack.sandbox.People
local assistants = {}

local OPEN = { user = "string", looking_at = "string" }
local CHANGE = { thread = "table", looking_at = "string" }

local function context_of(self, name)
  if not name then
    return {}
  end
  local _, channel = people.resolve(self, { channel = name })
  return {
    channel_id = channel.id, team_id = self.workspace.id, enterprise_id = self.enterprise_id,
  }
end

local function deliver(self, kind, thread)
  self:deliver_event {
    type = kind,
    assistant_thread = {
      user_id = thread.user, context = thread.context, channel_id = thread.channel,
      thread_ts = thread.thread_ts,
    },
    event_ts = self.workspace:new_ts(),
  }
  self:changed()
end

---Somebody begins to talk with the app, in a thread of their own.
---@param what? { user: string?, looking_at: string? } looking_at: the channel in front of them
---@return slack.sandbox.Thread
function assistants:open_assistant(what)
  what = what or {}
  checks.fields("open_assistant", what, OPEN)
  local workspace = self.workspace
  local user = people.resolve(self, { user = what.user })
  local channel = workspace:direct_channel(user.id)
  local fields = workspace:bot_fields()
  fields.text, fields.subtype = "New Assistant Thread", "assistant_app_thread"
  fields.assistant_app_thread = { title = "New chat", title_blocks = {}, artifacts = {} }
  local root = workspace:post(channel, fields)
  root.thread_ts = root.ts
  local thread = workspace:assistant_thread(channel.id, root.ts)
  thread.user, thread.is_session = user.id, true
  thread.context = context_of(self, what.looking_at)
  deliver(self, "assistant_thread_started", thread)
  return thread
end

---The person whose thread it is goes to another channel.
---@param what { thread: slack.sandbox.Thread, looking_at: string? }
function assistants:change_context(what)
  checks.fields("change_context", what, CHANGE, "thread")
  what.thread.context = context_of(self, what.looking_at)
  deliver(self, "assistant_thread_context_changed", what.thread)
end

---The person whose thread it is wants no more of an answer that is being written.
---@param what { thread: slack.sandbox.Thread, user: string? } user: id, when it is nobody's own
---@return string[] ts of the messages that were being written
function assistants:stop_answer(what)
  checks.fields("stop_answer", what, { thread = "table", user = "string" }, "thread")
  local workspace, thread = self.workspace, what.thread
  local stopped = workspace:stop_streams(workspace.channels[thread.channel], thread.thread_ts)
  self:deliver_event {
    type = "agent_session_stopped", channel = thread.channel, thread_ts = thread.thread_ts,
    user = thread.user or what.user, streaming_message_ts = json.list(stopped),
    event_ts = workspace:new_ts(),
  }
  self:changed()
  return stopped
end

---What stands above a thread: status, title, prompts.
---@param channel string name or id
---@param thread_ts string
---@return slack.sandbox.Thread
function assistants:thread(channel, thread_ts)
  local _, found = people.resolve(self, { channel = channel })
  local thread = self.workspace:assistant_thread(found.id, thread_ts)
  if thread.status_until and self.workspace.clock() >= thread.status_until then
    thread.status, thread.loading_messages = "", nil
  end
  return thread
end

return { state = state, people = assistants }
