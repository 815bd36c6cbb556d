-- Counts the messages of each channel; "/counts" tells, and every hundredth is announced.
-- It has the bot event message.channels.
--
--   lua5.4 examples/counter/bot.lua
--
-- STORAGE     where the counts are kept, "sqlite:counter.db"; on Redis several machines count
-- MILESTONE   after how many messages something is said, 100

local slack = require "slack"

local app = slack.app { storage = os.getenv "STORAGE" or "sqlite:counter.db" }

local milestone = tonumber(os.getenv "MILESTONE") or 100

-- To count is one step: whoever else counts, each number comes out once. What raises is
-- tried again later.
app:message(function(c)
  local count = assert(app.store:incr("messages:" .. c.channel_id))
  if count % milestone == 0 then
    c:say(("That was message %d."):format(count))
  end
end)

app:command("/counts", function()
  local counts, lines = app.store:scope "messages:", {}
  for i, channel in ipairs(assert(counts:keys())) do
    lines[i] = ("<#%s>: %d"):format(channel, assert(counts:get(channel)))
  end
  return #lines > 0 and table.concat(lines, "\n") or "Nothing was said yet."
end)

os.exit(app:run() or 1, true)
