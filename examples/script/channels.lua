-- A script without an app: posts the list of channels, as a file, to the one that is named.
-- The bot has the scopes channels:read, chat:write and files:write.
--
--   lua5.4 examples/script/channels.lua general

local slack = require "slack"

local client = slack.client() -- token: SLACK_BOT_TOKEN
local rows = { "id,name,members" }
for channel in client:each("conversations.list", { exclude_archived = true }) do
  table.insert(rows, ("%s,%s,%d"):format(channel.id, channel.name, channel.num_members))
end
local text = ("%d channels"):format(#rows - 1)
local sent = assert(client.chat.postMessage { channel = arg[1] or "general", text = text })
assert(client:upload {
  content = table.concat(rows, "\n"), filename = "channels.csv",
  channel = sent.channel, thread_ts = sent.ts,
})
print("posted: " .. text)
