-- The state of the local workspace: team, people, channels, messages, views.
-- Pure data and rules, no network: what happens is told to `on_event` as the
-- inner event that Slack would send, and only where the app would get it.

local core = require "slack.core"

---@class slack.sandbox.Workspace
---@field team { id: string, name: string, domain: string }
---@field bot { id: string, user_id: string, name: string }
---@field app_id string
---@field users table<string, table> by id
---@field channels table<string, table> by id
---@field on_event fun(event: table) called with each event the app is to get
local Workspace = {}
Workspace.__index = Workspace
Workspace.__name = "slack.sandbox.workspace"

local ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

---A fresh id of Slack's kind: the prefix and ten letters and digits.
---@param prefix string
---@return string
function Workspace.new_id(prefix)
  local characters = { prefix, "0" }
  for i = 3, 11 do
    local at = math.random(#ID_CHARACTERS)
    characters[i] = ID_CHARACTERS:sub(at, at)
  end
  return table.concat(characters)
end

local new_id = Workspace.new_id

---A timestamp of Slack's kind, unique in this workspace and always growing.
---@return string ts
function Workspace:new_ts()
  local micros = math.floor(self.clock() * 1000000)
  if micros <= self.last_micros then
    micros = self.last_micros + 1
  end
  self.last_micros = micros
  return ("%d.%06d"):format(micros // 1000000, micros % 1000000)
end

---@class slack.sandbox.WorkspaceOptions
---@field team_name? string "Moonbase"
---@field bot_name? string "lander"
---@field users? string[] names of the people, { "ada", "grace" }
---@field channels? string[] names of the public channels, { "general", "random" }
---@field clock? fun(): number seconds since the epoch

-- Seconds since the epoch with fractions, growing even when the wall clock is set back.
local function wall_clock()
  local offset = os.time() - core.monotonic()
  return function() return core.monotonic() + offset end
end

---@param options? slack.sandbox.WorkspaceOptions
---@return slack.sandbox.Workspace
function Workspace.new(options)
  options = options or {}
  local name = options.team_name or "Moonbase"
  local self = setmetatable({
    team = { id = new_id "T", name = name, domain = name:lower():gsub("%W", "-") },
    app_id = new_id "A",
    bot = { id = new_id "B", user_id = new_id "U", name = options.bot_name or "lander" },
    users = {},
    user_list = {},
    channels = {},
    channel_list = {},
    views = {},
    clock = options.clock or wall_clock(),
    last_micros = 0,
    on_event = function() end,
  }, Workspace)
  self:add_user(self.bot.name, { id = self.bot.user_id, is_bot = true })
  for _, user in ipairs(options.users or { "ada", "grace" }) do
    self:add_user(user)
  end
  for _, channel in ipairs(options.channels or { "general", "random" }) do
    self:add_channel(channel)
  end
  return self
end

---Adds a person (or, with is_bot, an app's user).
---@param name string
---@param fields? table
---@return table user
function Workspace:add_user(name, fields)
  local user = {
    id = new_id "U",
    team_id = self.team.id,
    name = name,
    real_name = name:gsub("^%l", string.upper),
    deleted = false,
    is_bot = false,
    tz = "Etc/UTC",
    tz_offset = 0,
    updated = math.floor(self.clock()),
    profile = { display_name = name, real_name = name, email = name .. "@example.com" },
  }
  for key, value in pairs(fields or {}) do
    user[key] = value
  end
  self.users[user.id] = user
  table.insert(self.user_list, user)
  return user
end

---Adds a public channel with everybody in it, the bot too.
---@param name string
---@param fields? table
---@return table channel
function Workspace:add_channel(name, fields)
  local channel = {
    id = new_id "C",
    name = name,
    is_channel = true,
    is_group = false,
    is_im = false,
    is_mpim = false,
    is_private = false,
    is_archived = false,
    is_general = name == "general",
    created = math.floor(self.clock()),
    creator = self.user_list[2] and self.user_list[2].id or self.bot.user_id,
    members = {},
    messages = {},
  }
  for key, value in pairs(fields or {}) do
    channel[key] = value
  end
  if not channel.is_im then
    for _, user in ipairs(self.user_list) do
      channel.members[user.id] = true
    end
  end
  self.channels[channel.id] = channel
  table.insert(self.channel_list, channel)
  return channel
end

---The conversation between the bot and a person; made when there is none yet.
---@param user_id string
---@return table channel
function Workspace:direct_channel(user_id)
  for _, channel in ipairs(self.channel_list) do
    if channel.is_im and channel.user == user_id then
      return channel
    end
  end
  return self:add_channel("directmessage", {
    id = new_id "D",
    is_channel = false,
    is_im = true,
    user = user_id,
    members = { [user_id] = true, [self.bot.user_id] = true },
  })
end

local function find(list, by_id, key)
  if by_id[key] then
    return by_id[key]
  end
  local name = key:gsub("^[#@]", "")
  for _, item in ipairs(list) do
    if item.name == name and not item.is_im then
      return item
    end
  end
end

---A channel by id, by "#name" or "name"; a user's id or "@name" gives the
---direct conversation with them.
---@param key string
---@return table? channel
function Workspace:find_channel(key)
  local channel = find(self.channel_list, self.channels, key)
  if channel then
    return channel
  end
  local user = self.users[key] or key:sub(1, 1) == "@" and self:find_user(key)
  return user and self:direct_channel(user.id) or nil
end

---A user by id, "@name" or name.
---@param key string
---@return table? user
function Workspace:find_user(key)
  return find(self.user_list, self.users, key)
end

---@param channel table
---@return string channel_type as in message events
function Workspace.channel_type(channel)
  return channel.is_im and "im" or channel.is_private and "group" or "channel"
end

local function copy(value)
  local result = {}
  for key, item in pairs(value) do
    result[key] = item
  end
  return result
end

-- The app hears of what happens where its bot is a member.
function Workspace:emit(channel, event)
  if channel.members[self.bot.user_id] then
    self.on_event(event)
  end
end

function Workspace:emit_message(channel, message, extra)
  local event = copy(message)
  event.channel = channel.id
  event.event_ts = message.ts
  event.channel_type = self.channel_type(channel)
  for key, value in pairs(extra or {}) do
    event[key] = value
  end
  self:emit(channel, event)
end

local function counts_reply(root, reply)
  root.thread_ts = root.ts
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
function Workspace:bot_fields()
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

---Puts a message into a channel and tells the app about it.
---@param channel table
---@param fields table user, text, blocks, thread_ts, bot_id, ...
---@return table message
function Workspace:post(channel, fields)
  local message = copy(fields)
  message.type = "message"
  message.ts = self:new_ts()
  message.team = self.team.id
  table.insert(channel.messages, message)
  local root = message.thread_ts and self.find_message(channel, message.thread_ts)
  if root then
    counts_reply(root, message)
    message.parent_user_id = root.user
  end
  self:emit_message(channel, message)
  if not channel.is_im and message.text and not message.bot_id
    and message.text:find("<@" .. self.bot.user_id, 1, true) then
    self:emit(channel, {
      type = "app_mention",
      user = message.user,
      text = message.text,
      ts = message.ts,
      thread_ts = message.thread_ts,
      team = self.team.id,
      channel = channel.id,
      event_ts = message.ts,
    })
  end
  return message
end

---@param channel table
---@param ts string
---@return table? message, integer? position
function Workspace.find_message(channel, ts)
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
function Workspace:show_ephemeral(channel, user_id, fields)
  local message = copy(fields)
  message.type = "message"
  message.ts = self:new_ts()
  message.is_ephemeral = true
  message.shown_to = user_id
  channel.ephemeral = channel.ephemeral or {}
  table.insert(channel.ephemeral, message)
  return message
end

---Changes a message in place and tells the app.
---@param channel table
---@param message table
---@param changes table text, blocks, ...
---@param editor? string user id, when a person edits
function Workspace:change(channel, message, changes, editor)
  local before = copy(message)
  for key, value in pairs(changes) do
    message[key] = value
  end
  local ts = self:new_ts()
  if editor then
    message.edited = { user = editor, ts = ts }
  end
  self:emit_message(channel, { type = "message", ts = ts }, {
    subtype = "message_changed",
    hidden = true,
    message = copy(message),
    previous_message = before,
  })
end

---Takes a message away and tells the app.
---@param channel table
---@param ts string
---@return boolean found
function Workspace:remove(channel, ts)
  local message, position = self.find_message(channel, ts)
  if not message then
    return false
  end
  table.remove(channel.messages, position)
  self:emit_message(channel, { type = "message", ts = self:new_ts() }, {
    subtype = "message_deleted",
    hidden = true,
    deleted_ts = ts,
    previous_message = message,
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

function Workspace:emit_reaction(kind, channel, message, name, user_id)
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
function Workspace:react(channel, message, name, user_id)
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
function Workspace:unreact(channel, message, name, user_id)
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

---A person enters a channel.
---@return boolean joined false: was in it already
function Workspace:join(channel, user_id)
  if channel.members[user_id] then
    return false
  end
  channel.members[user_id] = true
  self:emit(channel, {
    type = "member_joined_channel",
    user = user_id,
    channel = channel.id,
    channel_type = channel.is_private and "G" or "C",
    team = self.team.id,
    event_ts = self:new_ts(),
  })
  return true
end

-- Gives blocks and their elements the ids that the app left out, as Slack does.
local function identify(blocks)
  for _, block in ipairs(blocks or {}) do
    block.block_id = block.block_id or new_id "":lower():sub(1, 5)
    for _, element in ipairs(block.elements or { block.accessory or block.element }) do
      if type(element) == "table" and element.type and not element.action_id then
        element.action_id = new_id "":lower():sub(1, 5)
      end
    end
  end
end

Workspace.identify = identify

---Stores a view (modal or home tab) as views.open and its like give it back.
---@param definition table as the app sent it
---@param fields? table id, previous_view_id, root_view_id, user_id
---@return table view
function Workspace:put_view(definition, fields)
  local view = copy(definition)
  identify(view.blocks)
  view.id = new_id "V"
  view.team_id = self.team.id
  view.app_id = self.app_id
  view.app_installed_team_id = self.team.id
  view.bot_id = self.bot.id
  view.state = { values = {} }
  view.private_metadata = view.private_metadata or ""
  view.callback_id = view.callback_id or ""
  view.external_id = view.external_id or ""
  for key, value in pairs(fields or {}) do
    view[key] = value
  end
  view.root_view_id = view.root_view_id or view.id
  view.hash = ("%s.%s"):format(self:new_ts(), new_id(""):sub(1, 8))
  self.views[view.id] = view
  return view
end

---The modal in front: the newest that has none above it.
---@return table? view
function Workspace:top_view()
  local covered, top = {}, nil
  for _, view in pairs(self.views) do
    covered[view.previous_view_id or false] = true
  end
  for id, view in pairs(self.views) do
    if view.type == "modal" and not covered[id] and (not top or view.hash > top.hash) then
      top = view
    end
  end
  return top
end

return Workspace
