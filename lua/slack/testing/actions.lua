-- What people do in a test's workspace. Each method does it, lets the app do all that it can
-- about it without time passing, and gives what came of it.

local acting = require "slack.testing.acting"
local merged = require "slack.merged"
local people = require "slack.testing.people"

local check_text, describe, interact, read = acting.check_text, acting.describe, acting.interact,
  acting.read

---@class slack.testing.Actions
local M = {}

-- Messages --------------------------------------------------------------------------------

---Somebody writes a message.
---@param text string
---@param options? slack.testing.Where|{ blocks: table[]?, reply_broadcast: boolean? }
---@return slack.testing.Result
function M:message(text, options)
  check_text("message", text)
  local who
  who, options = read(self, "message", options, { blocks = "table", reply_broadcast = "boolean" })
  local result = self:_act(describe(who, "%q", text), who, function(result)
    result.message = self.slack:say {
      text = text, user = who.user.id, channel = who.channel.id, thread_ts = who.thread_ts,
      blocks = options.blocks, reply_broadcast = options.reply_broadcast,
    }
    result.acked = true
  end)
  return result
end

---Somebody writes a message that mentions the bot.
---@param text string
---@param options? slack.testing.Where
---@return slack.testing.Result
function M:mention(text, options)
  check_text("mention", text)
  local result = M.message(self, ("<@%s> %s"):format(self.bot.user_id, text), options)
  return result
end

---Somebody shares a file.
---@param filename string
---@param content string
---@param options? slack.testing.Where|{ text: string?, title: string? }
---@return slack.testing.Result
function M:share(filename, content, options)
  check_text("share", filename)
  check_text("share", content)
  local who
  who, options = read(self, "share", options, { text = "string", title = "string" })
  local result = self:_act(describe(who, "shares %s", filename), who, function(result)
    result.message = self.slack:share {
      filename = filename, content = content, text = options.text, title = options.title,
      user = who.user.id, channel = who.channel.id, thread_ts = who.thread_ts,
    }
    result.acked = true
  end)
  return result
end

-- Does what tells the app of a message by events.
local function on_message(self, name, what, options, more, act)
  local who
  who, options = read(self, name, options, merged({ message = "table" }, more))
  local message = acting.message_or_last(self, name, options.message, who)
  return self:_act(describe(who, "%s", what), who, function(result)
    act(message, who.user.id)
    result.message, result.acked = message, true
  end)
end

---Somebody changes the text of a message: of the last one in the channel, or of `message`.
---@param text string
---@param options? slack.testing.Where|{ message: table? }
---@return slack.testing.Result
function M:edit(text, options)
  check_text("edit", text)
  local result = on_message(self, "edit", "edits: " .. text, options, nil, function(message, user)
    self.slack:edit { message = message, text = text, user = user }
  end)
  return result
end

---Somebody deletes a message: the last one in the channel, or `message`.
---@param options? slack.testing.Where|{ message: table? }
---@return slack.testing.Result
function M:delete(options)
  local result = on_message(self, "delete", "deletes a message", options, nil, function(message)
    self.slack:delete { message = message }
  end)
  return result
end

-- What a person does with an emoji at a message.
local function on_emoji(self, method, name, pattern, options)
  check_text(method, name)
  name = name:gsub(":", "")
  return on_message(self, method, pattern:format(name), options, nil, function(message, user)
    self.slack[method](self.slack, { message = message, name = name, user = user })
  end)
end

---Somebody reacts to a message with an emoji: to the last one in the channel, or to `message`.
---@param name string
---@param options? slack.testing.Where|{ message: table? }
---@return slack.testing.Result
function M:react(name, options)
  local result = on_emoji(self, "react", name, ":%s:", options)
  return result
end

---Somebody takes a reaction back.
---@param name string
---@param options? slack.testing.Where|{ message: table? }
---@return slack.testing.Result
function M:unreact(name, options)
  local result = on_emoji(self, "unreact", name, "takes :%s: back", options)
  return result
end

---Somebody enters a channel, in which they are not yet.
---@param channel string
---@param options? slack.testing.Where
---@return slack.testing.Result
function M:join(channel, options)
  check_text("join", channel)
  local who = read(self, "join", options)
  local place = people.channel(self.slack.workspace, channel)
  place.members[who.user.id] = nil
  local result = self:_act(describe(who, "joins #%s", place.name), who, function(result)
    self.slack:join { user = who.user.name, channel = place.id }
    result.acked = true
  end)
  return result
end

-- Events ----------------------------------------------------------------------------------

---Slack tells the app of an event, as it is.
---@param event table|string with type; or the type, and then the other fields
---@param fields? table
---@param options? { fails: boolean|string|nil }
---@return slack.testing.Result
---@overload fun(self: slack.Test, event: table, options: table?): slack.testing.Result
function M:event(event, fields, options)
  if type(event) == "string" then
    event = merged(fields or {}, { type = event })
  else
    options = fields
  end
  if type(event) ~= "table" or type(event.type) ~= "string" then
    acting.refuse("t:event: an event with its type expected, got %s", type(event))
  end
  local who = read(self, "event", options)
  event = merged({ event_ts = self.slack.workspace:new_ts() }, event)
  local result = self:_act("event " .. event.type, who, function(result)
    self.slack:deliver_event(event)
    result.acked = true
  end)
  return result
end

-- Commands and shortcuts --------------------------------------------------------------------

---Somebody types a slash command: "/deploy prod", or the command and its text.
---@param line string
---@param text? string
---@param options? slack.testing.Where
---@return slack.testing.Result
function M:command(line, text, options)
  check_text("command", line)
  if type(text) == "table" then
    text, options = nil, text
  end
  local who = read(self, "command", options)
  local command, rest = line:match "^(%S+)%s*(.-)$"
  if not command then
    acting.refuse 't:command: a command expected, as "/deploy prod", got ""'
  end
  text = text or rest
  local typed = text ~= "" and command .. " " .. text or command
  local result = interact(self, describe(who, "%s", typed), who, function()
    return self.slack:command {
      command = command, text = text, user = who.user.id, channel = who.channel.id,
    }
  end)
  return result
end

---Somebody chooses a shortcut, of the workspace or of `message`.
---@param callback_id string
---@param options? slack.testing.Where|{ message: table? }
---@return slack.testing.Result
function M:shortcut(callback_id, options)
  check_text("shortcut", callback_id)
  local who
  who, options = read(self, "shortcut", options, { message = "table" })
  local message = options.message and acting.own_message(self, "shortcut", options.message)
  local result = interact(self, describe(who, "shortcut %s", callback_id), who, function()
    return self.slack:shortcut {
      callback_id = callback_id, message = message, user = who.user.id,
    }
  end)
  return result
end

-- The app itself ------------------------------------------------------------------------------

---Somebody opens the app's home tab.
---@param options? slack.testing.Where
---@return slack.testing.Result with home: the view that is published
function M:open_home(options)
  local who = read(self, "open_home", options)
  local result = self:_act(describe(who, "opens the home tab"), who, function(result)
    self.slack:open_home { user = who.user.id }
    result.acked = true
  end)
  result.home = who.user.home
  return result
end

---Somebody opens a thread with the assistant; what they write goes on with
---`t:message(text, { thread = r.thread })`.
---@param options? slack.testing.Where|{ looking_at: string? } the channel in front of them
---@return slack.testing.Result with thread: channel, thread_ts, title, status, prompts
function M:open_assistant(options)
  local who
  who, options = read(self, "open_assistant", options, { looking_at = "string" })
  local result = self:_act(describe(who, "opens the assistant"), who, function(result)
    result.thread = self.slack:open_assistant {
      user = who.user.id, looking_at = options.looking_at,
    }
    result.acked = true
  end)
  return result
end

local function check_thread(name, thread)
  if type(thread) ~= "table" or not thread.thread_ts then
    acting.refuse("t:%s: a thread expected, as t:open_assistant gives it", name)
  end
end

---The person of an assistant's thread goes to another channel.
---@param thread slack.sandbox.Thread
---@param channel string
---@return slack.testing.Result
function M:look_at(thread, channel)
  check_thread("look_at", thread)
  check_text("look_at", channel)
  local who = read(self, "look_at")
  people.channel(self.slack.workspace, channel)
  local result = self:_act("looks at " .. channel, who, function(result)
    self.slack:change_context { thread = thread, looking_at = channel }
    result.acked, result.thread = true, thread
  end)
  return result
end

---The person of an assistant's thread stops what is being written there.
---@param thread slack.sandbox.Thread
---@return slack.testing.Result
function M:stop_answer(thread)
  check_thread("stop_answer", thread)
  local who = read(self, "stop_answer")
  local result = self:_act("stops the answer", who, function(result)
    self.slack:stop_answer { thread = thread }
    result.acked, result.thread = true, thread
  end)
  return result
end

---A workflow runs a step of the app.
---@param callback_id string
---@param inputs? table
---@param options? slack.testing.Where|{ outputs: table<string, string>? } the types of its outputs
---@return slack.testing.Result with step: state "running", "completed" or "failed", outputs, error
function M:func(callback_id, inputs, options)
  check_text("func", callback_id)
  local who
  who, options = read(self, "func", options, { outputs = "table" })
  local result = self:_act("step " .. callback_id, who, function(result)
    result.step = self.slack:run_step {
      callback_id = callback_id, inputs = inputs, outputs = options.outputs, user = who.user.id,
    }
    result.acked = true
  end)
  return result
end

return M
