-- "book a table" begins a conversation of two questions and a choice; "/book" asks the same
-- in a modal, until what is filled in can be.
--
--   lua5.4 examples/ask/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua.

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

local function is_possible(guests)
  return guests and guests >= 1 and guests <= 12
end

local function confirm(c, day, guests)
  local question = mrkdwn.format("A table for %d, %s: shall I book it?", guests, day)
  local answer = c:choose { text = question, choices = { "Book it", "Never mind" }, timeout = 300 }
  c:say(answer == "Book it" and "Booked. Enjoy!" or "Nothing is booked.")
end

app:message("book a table", function(c)
  local day = c:ask "Which day?"
  local guests = day and c:ask "For how many?"
  while guests and not is_possible(tonumber(guests.text)) do
    guests = c:ask "We have room for one to twelve. For how many?"
  end
  if not guests then
    return c:say "Another time, then."
  end
  confirm(c, day.text, tonumber(guests.text))
end)

app:command("/book", function(c)
  local form = assert(c:form(blocks.modal {
    title = "A table", submit = "Book",
    blocks.input("Which day?", blocks.datepicker "day"),
    blocks.input("For how many?", blocks.number_input "guests"),
  }))
  for submission in form:submissions() do
    local values = submission.values
    if is_possible(values.guests) then
      submission:accept()
      confirm(c, values.day, values.guests)
    else
      submission:reject { guests = "One to twelve." }
    end
  end
end)

os.exit(app:run() or 1, true)
