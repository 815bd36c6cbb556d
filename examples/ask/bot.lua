-- "book a table" begins a conversation: a question, and a choice.
--
--   lua5.4 examples/ask/bot.lua

local slack = require "slack"

local app = slack.app()

app:message("book a table", function(c)
  local day = c:ask "Which day?"
  local guests = day and c:choose { text = "For how many?", choices = { "2", "4", "8" } }
  c:say(guests and ("A table for %s, %s."):format(guests, day.text) or "Another time, then.")
end)

os.exit(app:run() or 1, true)
