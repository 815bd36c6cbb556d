-- The shortcut "Report this message" opens a modal about it; the global one, "Report", the
-- same without a message. The app has both, with the callback id "report".
--
--   lua5.4 examples/shortcut/bot.lua

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

app:shortcut("report", function(c)
  c:open(blocks.modal {
    title = "Report", submit = "Send", callback_id = "report",
    blocks.input("What is it about?", blocks.plain_text_input("about", {
      multiline = true, initial_value = c.text and mrkdwn.plain(c.text),
    })),
    blocks.input("Who should know?", blocks.conversations_select("where", {
      default_to_current_conversation = true, filter = { "public", "private" },
    })),
  })
end)

app:view("report", function(c)
  local report = c.values
  local who, quote = mrkdwn.user(c.user_id), mrkdwn.quote(report.about)
  c:say { channel = report.where, text = mrkdwn.format("%m reports:\n%m", who, quote) }
end)

os.exit(app:run() or 1, true)
