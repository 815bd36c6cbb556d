-- The language model. Put your own here; this one is a server of chat completions:
--
--   MODEL_URL            "http://localhost:11434/v1/chat/completions"; without one there is
--                        one answer to everything
--   MODEL, MODEL_TOKEN   which of its models, and what it wants to see

local slack = require "slack"

local M = {}

local URL, TOKEN = os.getenv "MODEL_URL", os.getenv "MODEL_TOKEN"
local HISTORY <const> = 20 -- messages of the thread that it gets to see
local STAND_IN <const> = "You ask: *%s*\n\n- One could know.\n- I do not: `MODEL_URL` is not set.\n"
local EXCUSE <const> = "I cannot think just now. Ask me again in a minute."

-- What was said in the thread, as such servers want it.
local function history(c)
  local thread = { channel = c.channel_id, ts = c.thread_ts, limit = HISTORY }
  local messages = {}
  for _, message in ipairs(assert(c.client.conversations.replies(thread)).messages) do
    if not message.subtype then
      local role = message.user == c.bot_user_id and "assistant" or "user"
      messages[#messages + 1] = { role = role, content = message.text }
    end
  end
  return messages
end

local function complete(c, url)
  local response = assert(slack.fetch(url, {
    headers = TOKEN and { authorization = "Bearer " .. TOKEN }, timeout = 120,
    json = { model = os.getenv "MODEL" or "default", messages = history(c) },
  }))
  if not response.ok then
    error(("status %d"):format(response.status), 0)
  end
  return response:json().choices[1].message.content
end

-- One may also yield the words as they come from a server.
local function by_words(text, pause)
  return slack.wrap(function()
    for word in text:gmatch "%s*%S+%s*" do
      slack.sleep(pause)
      coroutine.yield(word)
    end
  end)
end

---The answer to what a person has written, word by word.
---@async
---@param c slack.Context
---@return fun(): string? pieces
function M.answer(c)
  local ok, text = true, STAND_IN:format(c.text)
  if URL then
    ok, text = pcall(complete, c, URL)
  end
  if not ok then
    c.log:warn("the model: %s", text)
    text = EXCUSE
  end
  return by_words(text, URL and 0 or 0.05)
end

return M
