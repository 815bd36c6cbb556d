-- "members" in a channel: uploads a CSV file with those who are in it, to the thread.
--
--   lua5.4 examples/upload/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua. The bot needs the scopes files:write
-- and channels:read.

local app = require("slack").app()

app:message("members", function(c)
  local found = assert(c.client.conversations.members { channel = c.channel_id, limit = 200 })
  assert(c.client:upload {
    content = "user\n" .. table.concat(found.members, "\n") .. "\n", filename = "members.csv",
    channel = c.channel_id, thread_ts = c.thread_ts or c.message_ts,
    initial_comment = ("%d are here:"):format(#found.members),
  })
end)

os.exit(app:run() or 1, true)
