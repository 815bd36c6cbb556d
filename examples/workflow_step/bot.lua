-- A step for workflows: somebody is asked to approve something, and the workflow goes on
-- when they have. The handler has long returned by then.
--
--   lua5.4 examples/workflow_step/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua. The app's manifest declares the
-- step, and has the bot event function_executed, function_runtime "remote" and
-- org_deploy_enabled:
--
--   functions:
--     approval:
--       title: Ask for approval
--       input_parameters:
--         properties: { what: { type: string }, approver: { type: slack#/types/user_id } }
--         required: [what, approver]
--       output_parameters:
--         properties: { approved: { type: boolean }, by: { type: slack#/types/user_id } }
--         required: [approved, by]

local slack = require "slack"

local app, blocks = slack.app(), slack.blocks

app:func("approval", function(c)
  local question = ("Approve *%s*?"):format(c.inputs.what)
  local message = blocks.message(question, question, blocks.actions {
    blocks.button("Approve", "approve_step", { style = "primary" }),
    blocks.button("Reject", "reject_step", { style = "danger" }),
  })
  message.channel = c.inputs.approver
  local sent, err = c:say(message)
  if not sent then
    c:fail("The approver cannot be asked: " .. err.code)
  end
end)

local function decide(approved, word)
  return function(c)
    if c:complete { approved = approved, by = c.user_id } then
      c:update(("*%s* was %s."):format(c.inputs.what, word))
    end
  end
end

app:action("approve_step", decide(true, "approved"))
app:action("reject_step", decide(false, "rejected"))

os.exit(app:run() or 1, true)
