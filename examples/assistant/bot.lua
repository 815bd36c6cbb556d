-- An assistant: people open a thread with it and ask; it answers while a language model
-- still writes. model.lua says which model. The app has "Agents & AI Apps" switched on, the
-- events and scopes that README names for assistants.
--
--   lua5.4 examples/assistant/bot.lua

package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path

local model = require "model"
local slack = require "slack"

local app = slack.app()

app:assistant {
  thread_started = function(c)
    c:prompts { title = "What would you like to know?", "How far is the moon?", "And Mars?" }
  end,

  user_message = function(c)
    c:status "is thinking …"
    local stream <close> = c:stream()
    stream:pipe(model.answer(c))
    stream:finish { feedback = "judge" }
  end,
}

app:action("judge", function(c)
  c.log:info("answer %s: %s", c.message_ts, c.action.value)
  c:say { text = "Thank you, noted.", ephemeral = true }
end)

os.exit(app:run() or 1, true)
