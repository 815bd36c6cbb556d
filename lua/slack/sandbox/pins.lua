-- Messages of a local workspace that are pinned to their channel.

local merged = require "slack.merged"

---@class slack.sandbox.Pins
local pins = {}

---The pinned messages of a channel, the newest pin first.
---@param channel table
---@return table[] messages
function pins.pinned(channel)
  local found = {}
  for _, message in ipairs(channel.messages) do
    if message.pinned_info then
      table.insert(found, message)
    end
  end
  table.sort(found, function(a, b)
    if a.pinned_info.pinned_ts ~= b.pinned_info.pinned_ts then
      return a.pinned_info.pinned_ts > b.pinned_info.pinned_ts
    end
    return a.ts > b.ts
  end)
  return found
end

---What is pinned, as pins.list and the events give it.
---@param channel table
---@param message table
---@return table item
function pins:pin_item(channel, message)
  return {
    type = "message",
    created = message.pinned_info.pinned_ts,
    created_by = message.pinned_info.pinned_by,
    channel = channel.id,
    message = merged(message, { permalink = self:permalink(channel, message) }),
  }
end

local function tell(self, kind, channel, message, user_id, item, more)
  self:emit(channel, merged({
    type = kind, user = user_id, channel_id = channel.id, item = item, item_user = message.user,
    pin_count = #self.pinned(channel), event_ts = self:new_ts(),
  }, more))
end

---@param channel table
---@param message table
---@param user_id string
---@return boolean pinned false: it was pinned already
function pins:pin(channel, message, user_id)
  if message.pinned_info then
    return false
  end
  message.pinned_to = { channel.id }
  message.pinned_info = {
    channel = channel.id, pinned_by = user_id, pinned_ts = math.floor(self.clock()),
  }
  self:note(channel, "pinned_item", user_id, "pinned a message to this channel",
    { item = { type = "message", ts = message.ts } })
  tell(self, "pin_added", channel, message, user_id, self:pin_item(channel, message), {
    pinned_info = message.pinned_info,
  })
  return true
end

---@param channel table
---@param message table
---@param user_id string
---@return boolean unpinned false: it was not pinned
function pins:unpin(channel, message, user_id)
  if not message.pinned_info then
    return false
  end
  local item = self:pin_item(channel, message)
  message.pinned_to, message.pinned_info = nil, nil
  tell(self, "pin_removed", channel, message, user_id, item, {
    has_pins = #self.pinned(channel) > 0,
  })
  return true
end

return pins
