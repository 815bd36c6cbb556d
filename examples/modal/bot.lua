-- "/order" opens a modal; what is filled in wrong is said below its field, the rest is
-- confirmed to the person.
--
--   lua5.4 examples/modal/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua.

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

app:command("/order", function(c)
  c:open(blocks.modal {
    title = "Order", submit = "Order", callback_id = "order",
    blocks.input("What?", blocks.plain_text_input "what"),
    blocks.input("How many?", blocks.number_input "amount"),
    blocks.input("When?", blocks.datepicker "day", { optional = true }),
  })
end)

app:view("order", function(c)
  local order = c.values
  if order.amount < 1 or order.amount > 9 then
    return { errors = { amount = "From one to nine" } }
  end
  c:ack()
  c:say {
    channel = c.user_id,
    text = mrkdwn.format("Ordered: %d × *%s*, %s.", order.amount, order.what, order.day or "soon"),
  }
end)

os.exit(app:run() or 1, true)
