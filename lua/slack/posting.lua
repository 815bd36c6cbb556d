-- Messages, files and reactions from a context: c:say, c:reply, c:upload, c:react, c:update.

local Message = require "slack.message"
local ThreadContexts = require "slack.thread_contexts"
local calls = require "slack.context_calls"
local errors = require "slack.errors"
local merged = require "slack.merged"
local payload = require "slack.payload"
local place = require "slack.place"
local upload = require "slack.web_api.upload"
local viewing = require "slack.viewing"

local check_self, told = calls.check_self, calls.told

---@class slack.Context
local methods = {}

local function post_ephemeral(c, arguments, name)
  local whom = arguments.ephemeral
  arguments.ephemeral = nil
  arguments.user = type(whom) == "string" and whom or arguments.user or c.user_id
  if not arguments.user then
    return nil, errors.new {
      code = "no_user",
      message = name .. ": nobody is behind the trigger: give ephemeral = a person's id",
    }
  end
  return Message.post_ephemeral(c.client, arguments, c)
end

---Posts what a call of this name has been given.
---@async
---@param c slack.Context
---@param arguments table of chat.postMessage, which this is free to change
---@param name string
---@return slack.Message? message
---@return slack.Error? err
local function post(c, arguments, name)
  arguments.channel = arguments.channel or c.channel_id
  if not arguments.channel then
    return nil, place.no_channel(name)
  elseif arguments.ephemeral then
    return post_ephemeral(c, arguments, name)
  end
  arguments.ephemeral = nil
  if c.reply_keeper then
    return ThreadContexts.post(c, arguments)
  end
  return Message.post(c.client, arguments, c)
end

---Posts to the channel of the trigger, and to its thread when it stands in one.
---thread_ts = false in a table posts to the channel all the same; ephemeral = true, or the
---id of a person, shows it to that one alone: who is behind the trigger by default.
---@async
---@param content string|table
---@return slack.Message? message
---@return slack.Error? err
function methods:say(content)
  check_self(self, "say")
  local arguments = Message.arguments(content, "c:say", 2)
  place.aim(self, arguments)
  return told(self, "c:say", post(self, arguments, "c:say"))
end

---Posts to the thread of the trigger, which begins with it if there is none.
---@async
---@param content string|table
---@return slack.Message? message
---@return slack.Error? err
function methods:reply(content)
  check_self(self, "reply")
  local arguments = Message.arguments(content, "c:reply", 2)
  arguments.thread_ts = arguments.thread_ts or self.thread_ts or self.message_ts
  return told(self, "c:reply", post(self, arguments, "c:reply"))
end

-- Where the bot would say something; what is no table is misuse.
local function with_place(c, file)
  if type(file) ~= "table" then
    return file
  end
  local what = merged(file)
  place.aim(c, what)
  return what
end

---Uploads a file and shows it where c:say would post: in the channel of the trigger, and in
---its thread when it stands in one.
---@async
---@param file slack.Upload
---@param options? slack.CallOptions
---@return table? file with its id; a list of them where `files` are given
---@return slack.Error? err
function methods:upload(file, options)
  check_self(self, "upload")
  local what = with_place(self, file)
  local problem = upload.problem(what, options)
  if problem then
    error("c:upload: " .. problem, 2)
  elseif not what.channel then
    return told(self, "c:upload", nil, place.no_channel "c:upload")
  end
  return told(self, "c:upload", upload.run(self.client, what, options))
end

local function triggering_message(c, name)
  local channel, ts = c.channel_id, c.message_ts
  if channel and ts then
    return { channel = channel, ts = ts }
  end
  return nil, errors.new {
    code = "no_message",
    message = name .. ": the trigger is not about a message: use c.client",
  }
end

---Adds a reaction to the message of the trigger.
---@async
---@param name string of the emoji, with or without colons
---@return true? ok
---@return slack.Error? err
function methods:react(name)
  check_self(self, "react")
  if type(name) ~= "string" then
    error("c:react: name of an emoji expected, got " .. type(name), 2)
  end
  local target, err = triggering_message(self, "c:react")
  if not target then
    return told(self, "c:react", nil, err)
  end
  return told(self, "c:react", Message.new(self.client, target):react(name))
end

-- What the interaction came from is a view.
local function stands_in_view(c)
  return c.kind ~= "event" and c.view ~= nil and not c.message_ts
end

local function is_ephemeral(c)
  local container = payload.as_table(c.body.container)
  if container then
    return container.is_ephemeral == true
  end
  return c.type == "interactive_message" and not c.message
end

---Replaces the message or the view that the interaction came from.
---@async
---@param content string|table a view for a view
---@return slack.Message|table|true|nil message the answer of views.update for a view; true for
---  an ephemeral message
---@return slack.Error? err
function methods:update(content)
  check_self(self, "update")
  if stands_in_view(self) then
    viewing.check(content, "c:update", 2)
    return viewing.update(self, content)
  end
  local arguments = Message.arguments(content, "c:update", 2)
  if is_ephemeral(self) then
    arguments.replace_original = true
    return self:respond(arguments)
  end
  local target, err = triggering_message(self, "c:update")
  if not target then
    return told(self, "c:update", nil, err)
  end
  return told(self, "c:update",
    Message.new(self.client, target, self.thread_ts):update(arguments))
end

return { methods = methods, post = post }
