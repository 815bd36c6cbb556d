-- Blocks and views as the local Slack takes them: by the rules of slack.blocks, and
-- with Slack's words where it does not.

local block_json = require "slack.blocks.json"
local check = require "slack.blocks.check"
local rules = require "slack.blocks.rules"

local NO_LIST <const> = "[ERROR] must provide an array [json-pointer:%s]"

local M = {}

-- "view.blocks[3].text" is "/view/blocks/2/text" in Slack's words.
local function pointer_of(path)
  local pointer = ""
  for step in path:gmatch "[^.%[%]]+" do
    local index = math.tointeger(tonumber(step))
    pointer = pointer .. "/" .. (index and index - 1 or step)
  end
  return pointer
end

---What of a message, the answer to a command or a post, can be refused.
---@param content table
---@return table
function M.message(content)
  return { text = "", blocks = content.blocks, attachments = content.attachments }
end

-- What Slack has added since is refused here, too.
local function add_unknown(problems, blocks, path)
  for i, block in ipairs(type(blocks) == "table" and blocks or {}) do
    local kind = type(block) == "table" and block.type
    if type(kind) == "string" and not rules.blocks[kind] then
      table.insert(problems, {
        path = ("%s[%d].type"):format(path, i), message = "unsupported type: " .. kind,
        code = "unknown_value",
      })
    end
  end
end

---@param value table decoded, as slack.blocks.check takes it: a message, { view = … }
---@return table? response_metadata what is wrong, nil when nothing is
---@return string? code of the first problem
function M.refusal(value)
  local place = block_json.misplaced(value)
  if place then
    return { messages = { NO_LIST:format(pointer_of(place)) } }, "type"
  end
  local problems, view = check.problems(value), value.view
  if #problems == 0 then
    add_unknown(problems, value.blocks, "blocks")
    add_unknown(problems, type(view) == "table" and view.blocks, "view.blocks")
  end
  if #problems == 0 then
    return nil
  end
  local messages = {}
  for i, problem in ipairs(problems) do
    messages[i] = ("[ERROR] %s [json-pointer:%s]"):format(problem.message, pointer_of(problem.path))
  end
  return { messages = messages }, problems[1].code
end

return M
