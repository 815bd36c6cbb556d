-- What is known of the types of events: the scopes that bring them, and whether they can be
-- subscribed to. Those of messages are subscribed to by the type of the channel.

local near_miss = require "slack.near_miss"
local text = require "slack.manifest.event_table"

local M = {}

---@class slack.manifest.Event
---@field name string
---@field scopes string[] any one of which is enough; none is needed when there is none
---@field is_rtm boolean it is no event of the Events API
---@field is_retired boolean Slack sends it no longer

---The subscriptions that bring messages, by the type of the channel.
M.MESSAGES = {
  channel = { event = "message.channels", scope = "channels:history" },
  group = { event = "message.groups", scope = "groups:history" },
  im = { event = "message.im", scope = "im:history" },
  mpim = { event = "message.mpim", scope = "mpim:history" },
}

---The types of channels, in the order in which Slack names them.
M.CHANNEL_TYPES = { "channel", "group", "im", "mpim" }

local function read_line(line)
  local event = { scopes = {}, is_rtm = false, is_retired = false }
  for word in line:gmatch "%S+" do
    if not event.name then
      event.name = word
    elseif word == "rtm" then
      event.is_rtm = true
    elseif word == "retired" then
      event.is_retired = true
    elseif word ~= "legacy" then
      for scope in word:gmatch "[^,]+" do
        table.insert(event.scopes, scope)
      end
    end
  end
  return event
end

---@param name string as it stands in `event.type`
---@return slack.manifest.Event? event nil: the table does not have it; Slack may know it
function M.find(name)
  local start = text:find("\n" .. name .. "%f[%s]")
  if not start or not name:find "^[%w_]+$" then
    return nil
  end
  return read_line(text:match("[^\n]+", start + 1))
end

---All names, in order.
---@return fun(): string?
function M.names()
  return text:gmatch "\n([%w_]+)"
end

---@param name string of an event that there is not
---@return string advice to append: "; did you mean …" or ""
function M.near(name)
  local known = {}
  for other in M.names() do
    known[other] = true
  end
  return near_miss(name, known)
end

return M
