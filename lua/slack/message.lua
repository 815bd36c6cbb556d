-- A message that was sent: the answer of chat.postMessage, with the calls that
-- are made about it next.

local json = require "slack.json"

---@class slack.Message
---@field ts string
---@field channel string
---@field message table
---@field thread_ts? string of the thread it stands in
---@field _client slack.Client
local Message = {}
Message.__index = Message
Message.__name = "slack.message"

---@param client slack.Client
---@param answer table of chat.postMessage
---@param thread_ts? string
---@return slack.Message
function Message.new(client, answer, thread_ts)
  answer._client, answer.thread_ts = client, thread_ts
  return setmetatable(answer, Message)
end

---@param value any
---@return boolean
function Message.is(value)
  return getmetatable(value) == Message
end

---Arguments for a posting method from text or a table, which is left as it is.
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
  local copy = {}
  for key, value in pairs(content) do
    copy[key] = value
  end
  return copy
end

---Posts; the common part of say and reply.
---@async
---@param client slack.Client
---@param arguments table
---@return slack.Message? message
---@return slack.Error? err
function Message.post(client, arguments)
  local answer, err = client.chat.postMessage(arguments)
  if not answer then
    return nil, err
  end
  return Message.new(client, answer, arguments.thread_ts)
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
  arguments.channel, arguments.ts = self.channel, self.ts
  drop_the_rest(arguments)
  local answer, err = self._client.chat.update(arguments)
  if not answer then
    return nil, err
  end
  self.message = answer.message
  return self
end

---@async
---@return true? ok
---@return slack.Error? err
function Message:delete()
  local answer, err = self._client.chat.delete { channel = self.channel, ts = self.ts }
  if not answer then
    return nil, err
  end
  return true
end

---Posts in its thread.
---@async
---@param content string|table
---@return slack.Message? message
---@return slack.Error? err
function Message:reply(content)
  local arguments = Message.arguments(content, "message:reply", 2)
  arguments.channel, arguments.thread_ts = self.channel, self.thread_ts or self.ts
  return Message.post(self._client, arguments)
end

---@async
---@param name string of the emoji, with or without colons
---@return true? ok
---@return slack.Error? err
function Message:react(name)
  if type(name) ~= "string" then
    error("message:react: name of an emoji expected, got " .. type(name), 2)
  end
  local answer, err = self._client.reactions.add {
    channel = self.channel, timestamp = self.ts, name = name:match "^:?(.-):?$",
  }
  if not answer and err.code ~= "already_reacted" then
    return nil, err
  end
  return true
end

return Message
