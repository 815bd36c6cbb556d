-- "/approve the new logo" asks the channel; who presses a button changes the message.
--
--   lua5.4 examples/approve/bot.lua

local slack = require "slack"

local app, blocks = slack.app(), slack.blocks

app:command("/approve", { ["<what...>"] = function(c)
  local what = c.params.what
  local question = ("Approve *%s*?"):format(what)
  c:ack()
  c:say(blocks.message(question, question, blocks.actions {
    blocks.button("Approve", "approved", { value = what, style = "primary" }),
    blocks.button("Reject", "rejected", { value = what, style = "danger" }),
  }))
end })

app:action({ action_id = { "approved", "rejected" } }, function(c)
  c:update(("*%s* was %s by <@%s>."):format(c.action.value, c.action.action_id, c.user_id))
end)

os.exit(app:run() or 1, true)
