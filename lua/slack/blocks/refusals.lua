-- Where in blocks or a view lies what Slack has refused: looked for only then, so
-- that what Slack takes costs nothing.

local check = require "slack.blocks.check"
local json = require "slack.json"

local M = {}

-- Blocks and views may have been given as JSON already.
local function decoded(value)
  if type(value) == "string" then
    return json.decode(value)
  end
  return value
end

local function problems_of(args)
  return check.problems {
    text = args.text, blocks = decoded(args.blocks), attachments = decoded(args.attachments),
    view = decoded(args.view), unfurls = decoded(args.unfurls),
  }
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
  local metadata = answer.response_metadata
  local messages = type(metadata) == "table" and metadata.messages
  for _, message in ipairs(type(messages) == "table" and messages or {}) do
    local pointer = tostring(message):match "%[json%-pointer:([^%]]*)%]"
    if pointer then
      return path_of_pointer(pointer)
    end
  end
end

---@param args table of the call
---@param answer table Slack's
---@return string? path of the first problem
---@return string? sentence that says what is wrong there
---@return slack.blocks.Problem[]? problems
function M.explain(args, answer)
  local ok, problems = pcall(problems_of, args)
  if not ok or #problems == 0 then
    return slacks_path(answer)
  end
  return problems[1].path, check.sentence(problems), problems
end

return M
