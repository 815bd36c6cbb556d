-- Messages and reactions of a local workspace, and the events that tell of them.

local json = require "slack.json"
local merged = require "slack.merged"

---@class slack.sandbox.Messages
local messages = {}

---@param channel table
---@return string channel_type as in message events
function messages.channel_type(channel)
  return channel.is_im and "im" or channel.is_mpim and "mpim"
    or channel.is_private and "group" or "channel"
end

-- The app hears of what happens where its bot is a member.
function messages:emit(channel, event)
  if channel.members[self.bot.user_id] then
    self.on_event(event)
  end
end

function messages:emit_message(channel, message, extra)
  self:emit(channel, merged(message, {
    channel = channel.id, event_ts = message.ts, channel_type = self.channel_type(channel),
  }, extra))
end

-- A message inside of another or of an event, which says itself where it is.
local function embedded(message)
  local copy = merged(message)
  copy.channel = nil
  return copy
end

local function counts_reply(root, reply)
  root.thread_ts, root.is_locked, root.subscribed = root.ts, false, false
  root.reply_count = (root.reply_count or 0) + 1
  root.latest_reply = reply.ts
  root.reply_users = root.reply_users or {}
  for _, user in ipairs(root.reply_users) do
    if user == reply.user then
      return
    end
  end
  table.insert(root.reply_users, reply.user)
  root.reply_users_count = #root.reply_users
end

---The fields that mark a message as the bot's.
---@return table
function messages:bot_fields()
  local bot = self.bot
  return {
    user = bot.user_id,
    bot_id = bot.id,
    app_id = self.app_id,
    bot_profile = {
      id = bot.id,
      app_id = self.app_id,
      user_id = bot.user_id,
      name = bot.name,
      team_id = self.team.id,
      deleted = false,
      updated = 0,
    },
  }
end

-- A message of a channel, its thread's root knowing of it.
local function put(self, channel, fields)
  local message = merged(fields)
  message.type = "message"
  message.ts = self:new_ts()
  message.team = self.team.id
  local root = message.thread_ts and self.find_message(channel, message.thread_ts)
  table.insert(channel.messages, message)
  if root then
    counts_reply(root, message)
    message.parent_user_id = root.user
    if message.reply_broadcast then
      message.subtype, message.root = "thread_broadcast", embedded(root)
    end
  end
  message.reply_broadcast = nil
  return message
end

local function mention(self, channel, message)
  self:emit(channel, {
    type = "app_mention",
    user = message.user,
    text = message.text,
    ts = message.ts,
    thread_ts = message.thread_ts,
    parent_user_id = message.parent_user_id,
    blocks = message.blocks,
    files = message.files,
    team = self.team.id,
    channel = channel.id,
    event_ts = message.ts,
  })
end

---Puts a message into a channel and tells the app about it.
---@param channel table
---@param fields table user, text, blocks, thread_ts, reply_broadcast, bot_id, ...
---@return table message
function messages:post(channel, fields)
  local message = put(self, channel, fields)
  if message.bot_id and message.thread_ts then
    self:clear_status(channel.id, message.thread_ts)
  end
  self:emit_message(channel, message)
  if not channel.is_im and message.text and not message.bot_id
    and message.text:find("<@" .. self.bot.user_id, 1, true) then
    mention(self, channel, message)
  end
  self:tell_metadata("posted", channel, message)
  self:tell_links(channel, message)
  return message
end

---A line in the channel that Slack writes of what somebody did.
---@param channel table
---@param subtype string
---@param user_id string
---@param deed string "has joined the channel"
---@param more? table fields of the message
---@return table message
function messages:note(channel, subtype, user_id, deed, more)
  local message = put(self, channel, merged({
    subtype = subtype, user = user_id, text = ("<@%s> %s"):format(user_id, deed),
  }, more))
  self:emit_message(channel, message)
  return message
end

---Where people find a message.
---@param channel table
---@param message table
---@return string url
function messages:permalink(channel, message)
  local url = ("https://%s.slack.com/archives/%s/p%s"):format(
    self.team.domain, channel.id, (message.ts:gsub("%.", "")))
  if message.thread_ts and message.thread_ts ~= message.ts then
    url = ("%s?thread_ts=%s&cid=%s"):format(url, message.thread_ts, channel.id)
  end
  return url
end

---@param channel table
---@param ts string
---@return table? message, integer? position
function messages.find_message(channel, ts)
  for position = #channel.messages, 1, -1 do
    if channel.messages[position].ts == ts then
      return channel.messages[position], position
    end
  end
end

---Shows a message to one person only. It is kept apart: an ephemeral message can
---be changed through its response_url alone.
---@param channel table
---@param user_id string
---@param fields table
---@return table message
function messages:show_ephemeral(channel, user_id, fields)
  local message = merged(fields)
  message.type = "message"
  message.ts = self:new_ts()
  message.is_ephemeral = true
  message.shown_to = user_id
  channel.ephemeral = channel.ephemeral or {}
  table.insert(channel.ephemeral, message)
  return message
end

---Changes fields of a message.
---@param message table
---@param changes table json.null takes a field away
function messages.alter(message, changes)
  for key, value in pairs(changes) do
    if value == json.null then
      message[key] = nil
    else
      message[key] = value
    end
  end
end

---Changes a message in place and tells the app.
---@param channel table
---@param message table
---@param changes table text, blocks, ...; json.null takes one away
---@param editor? string user id, when a person edits
function messages:change(channel, message, changes, editor)
  local before = embedded(message)
  self.alter(message, changes)
  local ts = self:new_ts()
  if editor then
    message.edited = { user = editor, ts = ts }
  end
  self:emit_message(channel, { type = "message", ts = ts }, {
    subtype = "message_changed",
    hidden = true,
    message = embedded(message),
    previous_message = before,
  })
  self:tell_metadata("updated", channel, message, before.metadata)
end

-- What is left of a message that has replies.
local function tombstone(self, channel, message)
  local before = embedded(message)
  for name in pairs(before) do
    if not name:find "^reply_" and name ~= "ts" and name ~= "thread_ts" and name ~= "type"
      and name ~= "latest_reply" then
      message[name] = nil
    end
  end
  message.subtype, message.user, message.hidden = "tombstone", "USLACKBOT", true
  message.text = "This message was deleted."
  self:emit_message(channel, { type = "message", ts = self:new_ts() }, {
    subtype = "message_changed", hidden = true, message = embedded(message),
    previous_message = before,
  })
end

-- The root of a thread has one reply less.
local function uncount_reply(self, channel, reply)
  local root = self.find_message(channel, reply.thread_ts)
  if not root or root == reply then
    return
  end
  local latest, users, seen = nil, {}, {}
  for _, message in ipairs(channel.messages) do
    if message.thread_ts == root.ts and message ~= root then
      latest = message.ts
      if message.user and not seen[message.user] then
        seen[message.user] = true
        table.insert(users, message.user)
      end
    end
  end
  root.reply_count = root.reply_count - 1
  root.latest_reply, root.reply_users, root.reply_users_count = latest, users, #users
  if root.reply_count == 0 then
    root.reply_count, root.reply_users, root.reply_users_count = nil, nil, nil
    root.thread_ts, root.is_locked, root.subscribed = nil, nil, nil
  end
end

---Takes a message away and tells the app; of one with replies a tombstone is left.
---@param channel table
---@param ts string
---@return boolean found
function messages:remove(channel, ts)
  local message, position = self.find_message(channel, ts)
  if not message then
    return false
  end
  self:tell_metadata("deleted", channel, message, message.metadata)
  if (message.reply_count or 0) > 0 and message.ts == message.thread_ts then
    tombstone(self, channel, message)
    return true
  end
  table.remove(channel.messages, position)
  if message.thread_ts then
    uncount_reply(self, channel, message)
  end
  self:emit_message(channel, { type = "message", ts = self:new_ts() }, {
    subtype = "message_deleted",
    hidden = true,
    deleted_ts = ts,
    previous_message = embedded(message),
  })
  return true
end

local function reaction_of(message, name)
  message.reactions = message.reactions or {}
  for position, reaction in ipairs(message.reactions) do
    if reaction.name == name then
      return reaction, position
    end
  end
end

local function position_of(list, value)
  for position, item in ipairs(list) do
    if item == value then
      return position
    end
  end
end

function messages:emit_reaction(kind, channel, message, name, user_id)
  self:emit(channel, {
    type = kind,
    user = user_id,
    reaction = name,
    item = { type = "message", channel = channel.id, ts = message.ts },
    item_user = message.user,
    event_ts = self:new_ts(),
  })
end

---@return boolean added false: that person had reacted so already
function messages:react(channel, message, name, user_id)
  local reaction = reaction_of(message, name)
  if not reaction then
    reaction = { name = name, users = {}, count = 0 }
    table.insert(message.reactions, reaction)
  end
  if position_of(reaction.users, user_id) then
    return false
  end
  table.insert(reaction.users, user_id)
  reaction.count = #reaction.users
  self:emit_reaction("reaction_added", channel, message, name, user_id)
  return true
end

---@return boolean removed false: there was no such reaction
function messages:unreact(channel, message, name, user_id)
  local reaction, position = reaction_of(message, name)
  local at = reaction and position_of(reaction.users, user_id)
  if not at then
    return false
  end
  table.remove(reaction.users, at)
  reaction.count = #reaction.users
  if reaction.count == 0 then
    table.remove(message.reactions, position)
  end
  self:emit_reaction("reaction_removed", channel, message, name, user_id)
  return true
end

return messages
