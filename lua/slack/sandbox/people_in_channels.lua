-- What people do with the channels of the local workspace: create, enter and leave them, pin.

local checks = require "slack.sandbox.checks"
local people = require "slack.sandbox.people"

---@class slack.sandbox.PeopleInChannels: slack.sandbox.People
local in_channels = {}

local CREATE = { name = "string", user = "string", is_private = "boolean" }
local PLACE = { user = "string", channel = "string" }
local RENAME = { channel = "string", name = "string", user = "string" }
local TEXT = { channel = "string", text = "string", user = "string" }
local PIN = { message = "table", user = "string" }

---Somebody creates a channel; the bot is not in it until somebody invites it.
---@param what { name: string, user: string?, is_private: boolean? }
---@return table channel
function in_channels:create_channel(what)
  checks.fields("create_channel", what, CREATE, "name")
  local user = people.resolve(self, { user = what.user })
  local channel, problem = self.workspace:create_channel(what.name, {
    user_id = user.id, is_private = what.is_private,
  })
  if not channel then
    people.fail(2, "create_channel %s: %s", what.name, problem)
  end
  self:changed()
  return channel
end

---Somebody enters a channel; somebody new if there is no such person yet.
---@param what { user: string, channel: string?, inviter: string? } inviter: who invites them
---@return table user
function in_channels:join(what)
  checks.fields("join", what, { user = "string", channel = "string", inviter = "string" }, "user")
  if not self.workspace:find_user(what.user) then
    self.workspace:welcome(what.user)
  end
  local user, channel = people.resolve(self, { user = what.user, channel = what.channel })
  local inviter = what.inviter and people.resolve(self, { user = what.inviter })
  self.workspace:join(channel, user.id, inviter and inviter.id)
  self:changed()
  return user
end

---Somebody leaves a channel.
---@param what { user: string?, channel: string? }
function in_channels:leave(what)
  checks.fields("leave", what, PLACE)
  local user, channel = people.resolve(self, what)
  self.workspace:leave(channel, user.id)
  self:changed()
end

---Somebody renames a channel.
---@param what { channel: string, name: string, user: string? }
function in_channels:rename_channel(what)
  checks.fields("rename_channel", what, RENAME, "channel", "name")
  local user, channel = people.resolve(self, { user = what.user, channel = what.channel })
  local ok, problem = self.workspace:rename(channel, what.name, user.id)
  if not ok then
    people.fail(2, "rename_channel %s: %s", what.name, problem)
  end
  self:changed()
end

---Somebody sets the topic of a channel.
---@param what { channel: string?, text: string, user: string? }
function in_channels:set_topic(what)
  checks.fields("set_topic", what, TEXT, "text")
  local user, channel = people.resolve(self, { user = what.user, channel = what.channel })
  local ok, problem = self.workspace:set_topic(channel, what.text, user.id)
  if not ok then
    people.fail(2, "set_topic: %s", problem)
  end
  self:changed()
end

---Somebody archives a channel.
---@param what { channel: string, user: string? }
function in_channels:archive_channel(what)
  checks.fields("archive_channel", what, PLACE, "channel")
  local user, channel = people.resolve(self, what)
  self.workspace:archive(channel, user.id)
  self:changed()
end

---Somebody brings an archived channel back.
---@param what { channel: string, user: string? }
function in_channels:unarchive_channel(what)
  checks.fields("unarchive_channel", what, PLACE, "channel")
  local user, channel = people.resolve(self, what)
  self.workspace:unarchive(channel, user.id)
  self:changed()
end

---Somebody pins a message to its channel.
---@param what { message: table, user: string? }
function in_channels:pin(what)
  checks.fields("pin", what, PIN, "message")
  local message, channel, user = people.own_message(self, what)
  self.workspace:pin(channel, message, user.id)
  self:changed()
end

---Somebody takes a pin away.
---@param what { message: table, user: string? }
function in_channels:unpin(what)
  checks.fields("unpin", what, PIN, "message")
  local message, channel, user = people.own_message(self, what)
  self.workspace:unpin(channel, message, user.id)
  self:changed()
end

return in_channels
