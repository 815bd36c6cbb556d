-- Counts the messages of each channel; "/count" tells.
local app = ...

app:message(function(c)
  assert(app.store:incr("messages:" .. c.channel_id))
end)

app:command("/count", function(c)
  local count = assert(app.store:incr("messages:" .. c.channel_id, 0))
  return ("%d messages here."):format(count)
end)
