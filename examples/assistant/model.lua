-- The language model: gives its answer piece by piece. Put your own here.

local slack = require "slack"

local M = {}

local URL, TOKEN = os.getenv "MODEL_URL", os.getenv "MODEL_TOKEN"
local HISTORY <const> = 20 -- messages of the thread that it gets to see

-- What was said in the thread, as such servers want it.
local function history(c)
  local answer, err = c.client.conversations.replies {
    channel = c.channel_id, ts = c.thread_ts, limit = HISTORY,
  }
  if not answer then
    return nil, err
  end
  local messages = {}
  for _, message in ipairs(answer.messages) do
    if not message.subtype then
      local role = message.user == c.bot_user_id and "assistant" or "user"
      messages[#messages + 1] = { role = role, content = message.text }
    end
  end
  return messages
end

local function complete(messages)
  local response, err = slack.fetch(URL, {
    headers = { authorization = TOKEN and "Bearer " .. TOKEN or nil }, timeout = 120,
    json = { model = os.getenv "MODEL" or "default", messages = messages },
  })
  local answer = response and response.ok and response:json()
  local choice = type(answer) == "table" and type(answer.choices) == "table" and answer.choices[1]
  if not choice then
    return nil, err or ("status %d"):format(response.status)
  end
  return choice.message.content
end

-- Stands in for a model that writes.
local function made_up(question)
  return ("You ask: *%s*\n\n- One could know.\n- I do not: `MODEL_URL` is not set.\n")
    :format(question)
end

local function by_words(text, pause)
  return slack.wrap(function()
    for word in text:gmatch "%S*%s*" do
      if word ~= "" then
        slack.sleep(pause)
        coroutine.yield(word)
      end
    end
  end)
end

---An answer to what a person has written.
---@param c slack.Context
---@return (fun(): string?)? pieces
---@return any err
function M.ask(c)
  if not URL then
    return by_words(made_up(c.text), 0.05)
  end
  local messages, err = history(c)
  local text
  if messages then
    text, err = complete(messages)
  end
  if not text then
    return nil, err
  end
  return by_words(text, 0)
end

return M
