-- A step for workflows: somebody is asked to approve something, and the workflow goes on
-- when they have; the handler has long returned by then. manifest.yaml declares the step.
--
--   lua5.4 examples/workflow_step/bot.lua

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

app:func("approval", function(c)
  local question = mrkdwn.format("Approve *%s*?", c.inputs.what)
  local sent, err = c:say(blocks.message {
    channel = c.inputs.approver, text = question,
    question, blocks.actions {
      blocks.button("Approve", "approved", { style = "primary" }),
      blocks.button("Reject", "rejected", { style = "danger" }),
    },
  })
  if not sent then c:fail("The approver cannot be asked: " .. tostring(err)) end
end)

app:action({ action_id = { "approved", "rejected" } }, function(c)
  local outcome = c.action.action_id
  if c:complete { approved = outcome == "approved", by = c.user_id } then
    c:update(mrkdwn.format("*%s* was %s.", c.inputs.what, outcome))
  end
end)

os.exit(app:run() or 1, true)
