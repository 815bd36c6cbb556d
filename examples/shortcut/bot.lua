-- The shortcut "Report this message" opens a modal about it; the global one, "Report",
-- the same without a message.
--
--   lua5.4 examples/shortcut/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua. The app's settings have two
-- shortcuts, one for messages and one global, both with the callback id "report".

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

app:shortcut("report", function(c)
  local about = c.message and mrkdwn.plain(c.message.text or "") or nil
  c:open(blocks.modal {
    title = "Report", submit = "Send", callback_id = "report",
    blocks.input("What is it about?",
      blocks.plain_text_input("about", { multiline = true, initial_value = about })),
    blocks.input("Who should know?", blocks.conversations_select("where", {
      default_to_current_conversation = true, filter = { "public", "private" },
    })),
  })
end)

app:view("report", function(c)
  c:ack()
  c:say {
    channel = c.values.where,
    text = mrkdwn.format("%m reports:\n%m", mrkdwn.user(c.user_id), mrkdwn.quote(c.values.about)),
  }
end)

os.exit(app:run() or 1, true)
