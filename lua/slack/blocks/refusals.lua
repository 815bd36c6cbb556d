-- Where in blocks or a view lies what Slack has refused: looked for only then, so
-- that what Slack takes costs nothing.

local lazy = require "slack.lazy"
local check = lazy "slack.blocks.check"
local core = require "slack.core"
local json = require "slack.json"

-- Slack's words for what the rules can find the place of.
local ABOUT_BLOCKS = {
  invalid_arguments = true, invalid_blocks = true, invalid_blocks_format = true,
  msg_blocks_too_long = true, view_too_large = true,
}

local M = {}

-- Blocks and views may have been given as JSON already.
local function decoded(value)
  if type(value) == "string" then
    return json.decode(value)
  end
  return value
end

-- What is wrong for certain, else what looks misspelled.
local function problems_of(args)
  local value = {
    text = args.text, blocks = decoded(args.blocks), attachments = decoded(args.attachments),
    view = decoded(args.view), unfurls = decoded(args.unfurls),
  }
  local problems = check.problems(value)
  if #problems == 0 then
    problems = check.problems(value, { strict = true })
  end
  return problems, problems[1] and check.sentence(problems)
end

-- "/view/blocks/2/element" is "view.blocks[3].element" in Lua.
local function path_of_pointer(pointer)
  local path = ""
  for step in pointer:gmatch "[^/]+" do
    local index = math.tointeger(tonumber(step))
    path = path .. (index and ("[%d]"):format(index + 1) or (path == "" and "" or ".") .. step)
  end
  return path ~= "" and path or nil
end

-- The place that Slack itself names, where our rules find nothing.
local function slacks_path(answer)
  local metadata = type(answer) == "table" and answer.response_metadata
  local messages = type(metadata) == "table" and metadata.messages
  for _, message in ipairs(type(messages) == "table" and messages or {}) do
    local pointer = tostring(message):match "%[json%-pointer:([^%]]*)%]"
    if pointer then
      return path_of_pointer(pointer)
    end
  end
end

---Adds the place, all problems, and the first of them as words, to the error with which
---Slack refused blocks or a view; leaves others as they are.
---@param err slack.Error
---@param args table of the call, or the message
---@return slack.Error err
function M.explain(err, args)
  if not ABOUT_BLOCKS[err.code] then
    return err
  end
  local ok, problems, sentence = pcall(problems_of, args)
  if ok and sentence then
    err.path, err.problems = problems[1].path, problems
    err.message = core.redact(err.message .. "; " .. sentence)
  else
    err.path = slacks_path(err.response)
  end
  return err
end

return M
