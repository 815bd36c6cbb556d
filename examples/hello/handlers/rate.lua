-- "/rate" asks in a modal how lunch was, until what is filled in can be.
local slack = require "slack"
local app = ...
local blocks = slack.blocks

app:command("/rate", function(c)
  local form = assert(c:form(blocks.modal {
    title = "How was lunch?", submit = "Send",
    blocks.input("Stars", blocks.number_input("stars", { is_decimal_allowed = false })),
  }))
  for submission in form:submissions() do
    local stars = submission.values.stars
    if stars < 1 or stars > 5 then
      submission:reject { stars = "From one to five." }
    else
      c:say(("<@%s> gives lunch %d of 5 stars."):format(c.user_id, stars))
    end
  end
end)
