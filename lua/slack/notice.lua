-- Text for a person who asked for something in vain: shown to that person alone, by the way
-- that is open where it was asked.

local lazy = require "slack.lazy"
local merged = require "slack.merged"
local payload = require "slack.payload"
local value_tests = require "slack.value_tests"
local view_answers = lazy "slack.view_answers"

local M = {}

---Whether a program may give it as an option that says what to show.
---@param content any
---@return string? problem in words
function M.check(content)
  local kind = type(content)
  if kind ~= "string" and kind ~= "table" and content ~= false
    and not value_tests.is_callable(content) then
    return "a text, a message, a function, or false for nothing expected, got " .. kind
  end
end

---What such an option stands for.
---@param content any checked
---@param ... any for a function
---@return string|table|nil
function M.content(content, ...)
  if value_tests.is_callable(content) then
    return content(...)
  end
  return content or nil
end

local function as_message(content)
  return type(content) == "table" and content or { text = content }
end

local function text_of(content)
  return type(content) == "table" and payload.text_of(content.text)
    or payload.text_of(content)
end

-- By a message from the bot: what else is there to a shortcut, or a click in a view?
local function send(c, message)
  if c.user_id then
    c.client.chat.postMessage(merged(message, { channel = c.user_id }))
  end
end

local function whisper(c, message)
  if c.channel_id and c.user_id then
    c.client.chat.postEphemeral(merged({ thread_ts = c.thread_ts }, message,
      { channel = c.channel_id, user = c.user_id }))
  end
end

-- The text as what Slack waits for; nil where that shows none.
local function answer_of(c, content)
  local text = text_of(content)
  if content and c.kind == "command" then
    return merged({ response_type = "ephemeral" }, as_message(content))
  elseif text and c.type == "view_submission" then
    return view_answers.text(c.view or {}, text)
  end
end

---Answers what is owed, and shows the text: for a command as its answer; at a form as an error
---of its first field, so that what was filled in is not lost; for an event in its channel; for
---a click or a shortcut, and where somebody has answered already, by the response URL, else by
---a message of the bot. A menu stays empty.
---@async
---@param c slack.Context
---@param content string|table|nil text or a message; nil: the answer alone
function M.show(c, content)
  if not c.request.acked then
    local answer = answer_of(c, content)
    if answer then
      return c:ack(answer)
    end
    c:ack()
  end
  if not content or c.kind == "options" or c.kind == "unknown" then
    return
  elseif c.kind == "event" then
    whisper(c, as_message(content))
  elseif c.response_url then
    c:respond(merged({ response_type = "ephemeral", replace_original = false },
      as_message(content)))
  else
    send(c, as_message(content))
  end
end

return M
