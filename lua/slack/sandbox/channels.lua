-- Channels of a local workspace: how they come, change and go, who is in them, and the
-- events and lines in the channel that tell of it.

local json = require "slack.json"
local merged = require "slack.merged"
local new_id = require "slack.sandbox.new_id"

local MAX_NAME <const>, MAX_TOPIC <const> = 80, 250

---@class slack.sandbox.Channels
local channels = {}

---Adds a channel: with everybody in it, the bot too, unless its members are given.
---@param name string
---@param fields? table
---@return table channel
function channels:add_channel(name, fields)
  local now = math.floor(self.clock())
  local channel = merged({
    id = new_id "C",
    name = name,
    is_channel = true,
    is_group = false,
    is_im = false,
    is_mpim = false,
    is_private = false,
    is_archived = false,
    is_general = name == "general",
    created = now,
    updated = now * 1000,
    creator = self.user_list[2] and self.user_list[2].id or self.bot.user_id,
    topic = { value = "", creator = "", last_set = 0 },
    purpose = { value = "", creator = "", last_set = 0 },
    previous_names = json.list {},
    messages = {},
  }, fields)
  if not channel.members then
    channel.members = {}
    for _, user in ipairs(self.user_list) do
      channel.members[user.id] = true
    end
  end
  self.channels[channel.id] = channel
  table.insert(self.channel_list, channel)
  return channel
end

---The conversation between two people, by default the bot and one; made when there is none yet.
---@param user_id string
---@param other_id? string the bot's
---@return table channel
function channels:direct_channel(user_id, other_id)
  other_id = other_id or self.bot.user_id
  for _, channel in ipairs(self.channel_list) do
    if channel.is_im and channel.members[user_id] and channel.members[other_id] then
      return channel
    end
  end
  return self:add_channel("directmessage", {
    id = new_id "D",
    is_channel = false,
    is_im = true,
    user = user_id,
    members = { [user_id] = true, [other_id] = true },
  })
end

---The conversation between the bot and several people; made when there is none yet.
---@param user_ids string[]
---@return table channel
function channels:group_channel(user_ids)
  local members, names = { [self.bot.user_id] = true }, { self.bot.name }
  for _, id in ipairs(user_ids) do
    members[id] = true
    names[#names + 1] = self.users[id].name
  end
  table.sort(names)
  local name = ("mpdm-%s-1"):format(table.concat(names, "--"))
  for _, channel in ipairs(self.channel_list) do
    if channel.is_mpim and channel.name == name then
      return channel
    end
  end
  return self:add_channel(name, {
    id = new_id "G", is_channel = false, is_group = true, is_mpim = true, is_private = true,
    members = members,
  })
end

---Whether somebody can find a channel: it is public, or that person is in it.
---@param channel table
---@param user_id string
---@return boolean
function channels.can_see(channel, user_id)
  local is_closed = channel.is_private or channel.is_im or channel.is_mpim
  return not is_closed or channel.members[user_id] == true
end

function channels.count_members(channel)
  local count = 0
  for _ in pairs(channel.members) do
    count = count + 1
  end
  return count
end

---A channel as the Web API gives it, without what only the workspace itself needs to know.
---@param channel table
---@param user_id string who looks
---@return table
function channels:describe_channel(channel, user_id)
  local fields = merged(channel, {
    name_normalized = channel.name,
    unlinked = 0,
    is_shared = false,
    is_frozen = false,
    is_org_shared = false,
    is_ext_shared = false,
    is_pending_ext_shared = false,
    pending_shared = json.list {},
    pending_connected_team_ids = json.list {},
    shared_team_ids = json.list { self.id },
    context_team_id = self.id,
    parent_conversation = json.null,
    is_member = channel.members[user_id] == true,
  })
  fields.messages, fields.members, fields.ephemeral, fields.is_open = nil, nil, nil, nil
  fields.bookmarks, fields.last_read = nil, channel.last_read and channel.last_read[user_id]
  if channel.is_im then
    fields.name, fields.name_normalized, fields.is_member = nil, nil, nil
    fields.topic, fields.purpose, fields.previous_names, fields.creator = nil, nil, nil, nil
    fields.is_user_deleted = false
  end
  return fields
end

---What is wrong with the name of a channel, in Slack's word.
---@param name any
---@return string?
function channels.name_problem(name)
  if type(name) ~= "string" or name == "" then
    return "invalid_name_required"
  elseif (utf8.len(name) or #name) > MAX_NAME then
    return "invalid_name_maxlength"
  elseif name:find "[^%l%d_\x80-\xff-]" then
    return "invalid_name_specials"
  elseif name:find "^[_-]+$" then
    return "invalid_name_punctuation"
  end
end

local function is_taken(self, name)
  for _, channel in ipairs(self.channel_list) do
    if channel.name == name and not channel.is_im then
      return true
    end
  end
  return false
end

-- The app hears of public channels wherever its bot is, of private ones as a member.
local function tell(self, channel, event)
  event.event_ts = self:new_ts()
  if not channel.is_private then
    self.on_event(event)
  else
    event.type = event.type:gsub("^channel_", "group_")
    self:emit(channel, event)
  end
end

---Somebody creates a channel, and is in it.
---@param name string
---@param what { user_id: string, is_private: boolean? }
---@return table? channel, string? error Slack's word
function channels:create_channel(name, what)
  local problem = self.name_problem(name)
  if problem then
    return nil, problem
  elseif is_taken(self, name) then
    return nil, "name_taken"
  end
  local channel = self:add_channel(name, {
    is_private = what.is_private or false, creator = what.user_id, is_general = false,
    members = { [what.user_id] = true },
  })
  if not channel.is_private then
    tell(self, channel, {
      type = "channel_created", channel = self:describe_channel(channel, self.bot.user_id),
    })
  end
  return channel
end

---@param channel table
---@param name string
---@param user_id string
---@return true?, string? error Slack's word
function channels:rename(channel, name, user_id)
  local problem = self.name_problem(name)
  if problem then
    return nil, problem
  elseif is_taken(self, name) then
    return nil, "name_taken"
  end
  local before = channel.name
  table.insert(channel.previous_names, 1, before)
  channel.name, channel.updated = name, math.floor(self.clock()) * 1000
  self:note(channel, "channel_name", user_id,
    ('has renamed the channel from "%s" to "%s"'):format(before, name),
    { old_name = before, name = name })
  tell(self, channel, {
    type = "channel_rename",
    channel = {
      id = channel.id, name = name, name_normalized = name, created = channel.created,
      is_channel = channel.is_channel, is_mpim = channel.is_mpim,
    },
  })
  return true
end

---@param channel table
---@param user_id string
function channels:archive(channel, user_id)
  self:note(channel, "channel_archive", user_id, "archived the channel")
  channel.is_archived = true
  tell(self, channel, {
    type = "channel_archive", channel = channel.id, user = user_id, is_moved = 0,
  })
end

---@param channel table
---@param user_id string
function channels:unarchive(channel, user_id)
  channel.is_archived = false
  self:note(channel, "channel_unarchive", user_id, "un-archived the channel")
  tell(self, channel, { type = "channel_unarchive", channel = channel.id, user = user_id })
end

-- The topic or the purpose.
local function set(self, channel, kind, text, user_id)
  if (utf8.len(text) or #text) > MAX_TOPIC then
    return nil, "too_long"
  end
  channel[kind] = { value = text, creator = user_id, last_set = math.floor(self.clock()) }
  self:note(channel, "channel_" .. kind, user_id,
    text == "" and ("cleared the channel %s"):format(kind == "purpose" and "description" or kind)
      or ("set the channel %s: %s"):format(kind == "purpose" and "description" or kind, text),
    { [kind] = text })
  return true
end

---@param channel table
---@param text string
---@param user_id string
---@return true?, string? error Slack's word
function channels:set_topic(channel, text, user_id)
  return set(self, channel, "topic", text, user_id)
end

---@param channel table
---@param text string
---@param user_id string
---@return true?, string? error Slack's word
function channels:set_purpose(channel, text, user_id)
  return set(self, channel, "purpose", text, user_id)
end

local function membership(self, kind, channel, user_id, inviter)
  return {
    type = kind,
    user = user_id,
    channel = channel.id,
    channel_type = channel.is_private and "G" or "C",
    team = self.team.id,
    inviter = inviter,
    event_ts = self:new_ts(),
  }
end

---Somebody enters a channel.
---@param channel table
---@param user_id string
---@param inviter? string user id
---@return boolean joined false: was in it already
function channels:join(channel, user_id, inviter)
  if channel.members[user_id] then
    return false
  end
  channel.members[user_id] = true
  self:note(channel, "channel_join", user_id, "has joined the channel", { inviter = inviter })
  self:emit(channel, membership(self, "member_joined_channel", channel, user_id, inviter))
  return true
end

---Somebody leaves a channel, or is taken out of it.
---@param channel table
---@param user_id string
---@param actor_id? string who takes that person out
---@return boolean left false: was not in it
function channels:leave(channel, user_id, actor_id)
  if not channel.members[user_id] then
    return false
  end
  self:emit(channel, membership(self, "member_left_channel", channel, user_id))
  if user_id == self.bot.user_id then
    self.on_event {
      type = channel.is_private and "group_left" or "channel_left", channel = channel.id,
      actor_id = actor_id or user_id, event_ts = self:new_ts(),
    }
  end
  channel.members[user_id] = nil
  self:note(channel, "channel_leave", user_id, "has left the channel")
  return true
end

return channels
