-- "/book" asks in a modal, until what is filled in can be; then for a last word.
--
--   lua5.4 examples/form/bot.lua

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

local function confirm(c, day, guests)
  local question = mrkdwn.format("A table for %d, %s: shall I book it?", guests, day)
  local answer = c:choose { text = question, choices = { "Book it", "Never mind" }, timeout = 300 }
  c:say(answer == "Book it" and "Booked. Enjoy!" or "Nothing is booked.")
end

app:command("/book", function(c)
  local form = assert(c:form(blocks.modal {
    title = "A table", submit = "Book",
    blocks.input("Which day?", blocks.datepicker "day"),
    blocks.input("For how many?", blocks.number_input "guests"),
  }))
  for submission in form:submissions() do
    local values = submission.values
    if values.guests < 1 or values.guests > 12 then
      submission:reject { guests = "One to twelve." }
    else
      submission:accept()
      confirm(c, values.day, values.guests)
    end
  end
end)

os.exit(app:run() or 1, true)
