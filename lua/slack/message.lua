-- A message that was sent: the answer of chat.postMessage, with the calls that
-- are made about it next.

local calls = require "slack.context_calls"
local errors = require "slack.errors"
local json = require "slack.json"
local message_fields = require "slack.message_fields"

local KNOWN, problem_of = message_fields.KNOWN, message_fields.problem
local told = calls.told

---A failure of its methods is told in the log too, with the name of the listener.
---@class slack.Message
---@field ts string
---@field channel string
---@field message table
---@field thread_ts? string of the thread it stands in
---@field is_ephemeral? boolean seen by one person, and gone when that one's Slack is restarted
---@field _client slack.Client
---@field _c? slack.Context in whose handler it was sent
local Message = {}
Message.__index = Message
Message.__name = "slack.message"

---@param client slack.Client
---@param answer table of chat.postMessage
---@param thread_ts? string
---@param c? slack.Context whose log tells of failures
---@return slack.Message
function Message.new(client, answer, thread_ts, c)
  answer._client, answer._c, answer.thread_ts = client, c, thread_ts
  return setmetatable(answer, Message)
end

---@param value any
---@return boolean
function Message.is(value)
  return getmetatable(value) == Message
end

---Arguments for a posting method from text or a table, which is left as it is. What is
---nearly a field of a message raises.
---@param content string|table
---@param name string of the function, for errors
---@param level integer
---@return table
function Message.arguments(content, name, level)
  if type(content) == "string" then
    return { text = content }
  elseif type(content) ~= "table" then
    error(("%s: text or a table with a message expected, got %s"):format(name, type(content)),
      level + 1)
  end
  local arguments = {}
  for field, value in pairs(content) do
    local problem = not KNOWN[field] and problem_of(field)
    if problem then
      error(("%s: %s"):format(name, problem), level + 1)
    end
    arguments[field] = value
  end
  return arguments
end

---Posts; the common part of say and reply.
---@async
---@param client slack.Client
---@param arguments table
---@param c? slack.Context whose log tells of failures of the message's methods
---@return slack.Message? message
---@return slack.Error? err
function Message.post(client, arguments, c)
  local answer, err = client.chat.postMessage(arguments)
  if not answer then
    return nil, err
  end
  return Message.new(client, answer, arguments.thread_ts, c)
end

---Shows it to one person alone.
---@async
---@param client slack.Client
---@param arguments table with user
---@param c? slack.Context
---@return slack.Message? message
---@return slack.Error? err
function Message.post_ephemeral(client, arguments, c)
  local answer, err = client.chat.postEphemeral(arguments)
  if not answer then
    return nil, err
  end
  answer.ts, answer.channel = answer.message_ts, arguments.channel
  answer.is_ephemeral = true
  return Message.new(client, answer, arguments.thread_ts, c)
end

-- What the method gave, told; of an ephemeral message Slack lets none of them succeed.
local function tell(self, name, value, err)
  local c = self._c
  if c then
    return told(c, name, value, err)
  end
  return value, err
end

local function refuse_ephemeral(self, name)
  return tell(self, name, nil, errors.new {
    code = "ephemeral_message",
    message = name .. ": Slack lets no app touch a message that one person alone sees; c:update "
      .. "and c:respond of a click on it do",
  })
end

-- Slack keeps the blocks and attachments that a call does not name (or did, at one
-- time or another), and a button would outlive its text.
local function drop_the_rest(arguments)
  if arguments.text and arguments.text ~= "" then
    arguments.blocks = arguments.blocks or json.list {}
    arguments.attachments = arguments.attachments or json.list {}
  end
end

---Replaces its content, all of it: with a text alone its blocks and attachments go.
---@async
---@param content string|table
---@return slack.Message? self
---@return slack.Error? err
function Message:update(content)
  local arguments = Message.arguments(content, "message:update", 2)
  if self.is_ephemeral then
    return refuse_ephemeral(self, "message:update")
  end
  arguments.channel, arguments.ts = self.channel, self.ts
  drop_the_rest(arguments)
  local answer, err = self._client.chat.update(arguments)
  if answer then
    self.message = answer.message
  end
  return tell(self, "message:update", answer and self, err)
end

---@async
---@return true? ok
---@return slack.Error? err
function Message:delete()
  if self.is_ephemeral then
    return refuse_ephemeral(self, "message:delete")
  end
  local answer, err = self._client.chat.delete { channel = self.channel, ts = self.ts }
  return tell(self, "message:delete", answer and true, err)
end

---Posts in its thread.
---@async
---@param content string|table
---@return slack.Message? message
---@return slack.Error? err
function Message:reply(content)
  local arguments = Message.arguments(content, "message:reply", 2)
  if self.is_ephemeral then
    return refuse_ephemeral(self, "message:reply")
  end
  arguments.channel, arguments.thread_ts = self.channel, self.thread_ts or self.ts
  return tell(self, "message:reply", Message.post(self._client, arguments, self._c))
end

---@async
---@param name string of the emoji, with or without colons
---@return true? ok
---@return slack.Error? err
function Message:react(name)
  if type(name) ~= "string" then
    error("message:react: name of an emoji expected, got " .. type(name), 2)
  elseif self.is_ephemeral then
    return refuse_ephemeral(self, "message:react")
  end
  local answer, err = self._client.reactions.add {
    channel = self.channel, timestamp = self.ts, name = name:match "^:?(.-):?$",
  }
  local is_there = answer or err.code == "already_reacted"
  return tell(self, "message:react", is_there and true or nil, not is_there and err or nil)
end

---A link that opens it, for people who may see it.
---@async
---@return string? url
---@return slack.Error? err
function Message:permalink()
  if self.is_ephemeral then
    return refuse_ephemeral(self, "message:permalink")
  end
  local answer, err = self._client.chat.getPermalink {
    channel = self.channel, message_ts = self.ts,
  }
  return tell(self, "message:permalink", answer and answer.permalink, err)
end

return Message
