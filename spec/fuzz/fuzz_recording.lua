-- A recording that somebody has sent: read, or refused with its line.
local reader = require "slack.recording.reader"

return function(text)
  local recording, err = reader.parse(text, "a.jsonl")
  if not recording then
    assert(err.code == "recording" and err.message:find "^a%.jsonl:%d+: ", err.message)
    return
  end
  for i, delivery in ipairs(recording.deliveries) do
    assert(delivery.n == i and type(delivery.body) == "table")
  end
end
