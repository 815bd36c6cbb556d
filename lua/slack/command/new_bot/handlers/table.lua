-- "book a table" begins a conversation: the handler waits for a day, then for a choice.
local app = ...

app:message("book a table", function(c)
  local day = c:ask "Which day?"
  local guests = day and c:choose { text = "For how many?", choices = { "2", "4", "8" } }
  c:say(guests and ("A table for %s, %s."):format(guests, day.text) or "Another time, then.")
end)
