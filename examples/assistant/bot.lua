-- An assistant that answers while a language model still writes: people open a thread
-- with it and ask.
--
--   lua5.4 examples/assistant/bot.lua
--
-- MODEL_URL    a server of chat completions, "http://localhost:11434/v1/chat/completions";
--              without one model.lua has its own answer to everything
-- MODEL, MODEL_TOKEN   which of its models, and what it wants to see
--
-- Tokens of Slack in the environment: see examples/hello/bot.lua. The app has "Agents & AI
-- Apps" switched on, the events assistant_thread_started, assistant_thread_context_changed,
-- message.im and agent_session_stopped, the scopes assistant:write, chat:write, im:history.

package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path

local model = require "model"
local slack = require "slack"

local app = slack.app()

app:assistant {
  thread_started = function(c)
    c:say "What would you like to know?"
    c:prompts { "How far is the moon?", { "Mars", "Is there water on Mars?" } }
  end,

  user_message = function(c)
    c:status("is thinking …", { "Reading", "Thinking", "Thinking again" })
    local pieces, err = model.ask(c)
    if not pieces then
      c.log:warn("the model: %s", err)
      return c:say "I cannot think just now. Ask me again in a minute."
    end
    local stream <close> = c:stream()
    for piece in pieces do
      if not stream:append(piece) then
        return -- the person has stopped it
      end
    end
    stream:finish { feedback = "judge" }
  end,
}

app:action("judge", function(c)
  c.log:info("answer %s: %s", c.message_ts, c.action.value)
  c:say { text = "Thank you, noted.", ephemeral = true }
end)

os.exit(app:run() or 1, true)
