-- "/lunch" asks in a modal where to eat; what is filled in wrong is said below its field.
local slack = require "slack"
local app = ...
local blocks, mrkdwn = slack.blocks, slack.mrkdwn

app:command("/lunch", function(c)
  c:open(blocks.modal {
    title = "Lunch", submit = "Ask", callback_id = "lunch", private_metadata = c.channel_id,
    blocks.input("Where?", blocks.plain_text_input "place"),
    blocks.input("For how many?", blocks.number_input "guests"),
  })
end)

app:view("lunch", function(c)
  local place, guests = c.values.place, c.values.guests
  if guests < 1 or guests > 12 then
    return { errors = { guests = "One to twelve." } }
  end
  c:say {
    channel = c.view.private_metadata,
    text = mrkdwn.format("<@%s> is going to %s: %d places.", c.user_id, place, guests),
  }
end)
