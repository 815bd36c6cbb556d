-- "/approve the new logo" asks the channel; whoever presses a button changes the message.
--
--   lua5.4 examples/approve/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua.

local slack = require "slack"

local app, blocks = slack.app(), slack.blocks

app:command("/approve", function(c)
  local question = ("Approve *%s*?"):format(c.text)
  c:ack()
  c:say(blocks.message(question, question, blocks.actions {
    blocks.button("Approve", "approve", { value = c.text, style = "primary" }),
    blocks.button("Reject", "reject", { value = c.text, style = "danger" }),
  }))
end)

app:action("approve", function(c)
  c:update(("*%s* was approved by <@%s>."):format(c.action.value, c.user_id))
end)

app:action("reject", function(c)
  c:update(("*%s* was rejected by <@%s>."):format(c.action.value, c.user_id))
end)

os.exit(app:run() or 1, true)
