-- Methods about what is pinned to a channel.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"

local MAX_PINS <const> = 100

---@type table<string, slack.sandbox.Method>
local methods = {}

-- A method about the message of `timestamp`, for members.
local function pinning(fn)
  local on_timestamp = arguments.on_message("timestamp", function(workspace, call, channel, message)
    if not channel.members[call.user_id] then
      return nil, "not_in_channel"
    end
    return fn(workspace, call, channel, message)
  end)
  return function(workspace, call)
    local timestamp = call.args.timestamp
    if not timestamp then
      return nil, "no_item_specified"
    elseif not tostring(timestamp):find "^%d+%.%d+$" then
      return nil, "bad_timestamp"
    end
    return on_timestamp(workspace, call)
  end
end

methods["pins.add"] = pinning(function(workspace, call, channel, message)
  if #workspace.pinned(channel) >= MAX_PINS then
    return nil, "too_many_pins"
  elseif message.subtype == "tombstone" or message.subtype == "pinned_item" then
    return nil, "not_pinnable"
  elseif not workspace:pin(channel, message, call.user_id) then
    return nil, "already_pinned"
  end
  return {}
end)

methods["pins.remove"] = pinning(function(workspace, call, channel, message)
  if not workspace:unpin(channel, message, call.user_id) then
    return nil, "no_pin"
  end
  return {}
end)

methods["pins.list"] = arguments.in_channel(function(workspace, _, channel)
  local items = json.list {}
  for i, message in ipairs(workspace.pinned(channel)) do
    items[i] = workspace:pin_item(channel, message)
  end
  return { items = items }
end)

return methods
