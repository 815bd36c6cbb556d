-- What Slack would not take of an ack: it shows the person a failure and tells the app
-- nothing. Looked at after the ack has gone, so that it waits for nothing.

local lazy = require "slack.lazy"
local check = lazy "slack.blocks.check"

local M = {}

---Logs what is wrong with the options, view or message of an ack, with its path.
---@param c slack.Context
---@param answer table as it was sent
function M.look_over(c, answer)
  local value
  if c.type == "block_suggestion" or type(answer.view) == "table" then
    value = answer
  elseif type(answer.blocks) == "table" then
    value = { blocks = answer.blocks, attachments = answer.attachments }
  end
  if not value then
    return
  end
  local problems = check.problems(value)
  if #problems > 0 then
    c.log:warn("Slack does not take what was answered, and shows the person a failure: %s",
      check.sentence(problems))
  end
end

return M
