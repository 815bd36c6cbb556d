-- "/order" opens a modal; what is filled in wrong is said below its field, the rest is
-- confirmed to the person.
--
--   lua5.4 examples/modal/bot.lua

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

app:command("/order", function(c)
  c:open(blocks.modal {
    title = "Order", submit = "Order", callback_id = "order",
    blocks.input("What?", blocks.plain_text_input "what"),
    blocks.input("How many?", blocks.number_input "amount"),
  })
end)

app:view("order", function(c)
  local order = c.values
  if order.amount > 9 then return { errors = { amount = "Nine at most" } } end
  c:say { channel = c.user_id, text = mrkdwn.format("Ordered: %s × %s", order.amount, order.what) }
end)

os.exit(app:run() or 1, true)
