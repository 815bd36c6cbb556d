-- What the methods of the local Slack have in common: reading their arguments.

local Workspace = require "slack.sandbox.workspace"
local block_checks = require "slack.sandbox.block_checks"
local json = require "slack.json"

local M = {}

---Lists and objects arrive as JSON text in forms and as such in JSON bodies.
---@param value any
---@return table?
function M.structure(value)
  if type(value) == "string" then
    return (json.decode(value))
  elseif type(value) == "table" then
    return value
  end
end

---Whether a value is an object, not a list.
---@param value any
---@return boolean
function M.is_object(value)
  return type(value) == "table" and #value == 0 and not json.is_list(value)
end

---Whether a flag is set, in a form or a JSON body.
---@param value any
---@return boolean
function M.is_set(value)
  return value == true or value == "true" or value == 1 or value == "1"
end

---A method about the channel of its argument `channel`.
---@param fn fun(workspace: slack.sandbox.Workspace, call: slack.sandbox.Call, channel: table): ...
---@param posts? boolean it takes names too, and people; the others take ids alone
---@return slack.sandbox.Method
function M.in_channel(fn, posts)
  return function(workspace, call)
    local id = tostring(call.args.channel or "")
    local channel = workspace.channels[id] or posts and workspace:find_channel(id)
    if not channel or not workspace.can_see(channel, call.user_id) then
      return nil, "channel_not_found"
    end
    return fn(workspace, call, channel)
  end
end

---A method about the message that `channel` and another argument name.
---@param argument string "ts", "timestamp", "message_ts"
---@param fn fun(workspace: table, call: slack.sandbox.Call, channel: table, message: table): ...
---@param missing? string the error when there is no such message
---@return slack.sandbox.Method
function M.on_message(argument, fn, missing)
  return M.in_channel(function(workspace, call, channel)
    local message = workspace.find_message(channel, tostring(call.args[argument] or ""))
    if not message then
      return nil, missing or "message_not_found"
    end
    return fn(workspace, call, channel, message)
  end)
end

---Blocks with ids, which Slack gives them; none for an empty list. Refuses what are none.
---@param value any
---@return { blocks: table[]? }? fields
---@return string? error
---@return table? more
function M.blocks(value)
  if value == nil or value == "" then
    return {}
  end
  local blocks = M.structure(value)
  if type(blocks) ~= "table" then
    return nil, "invalid_blocks_format"
  end
  local metadata = block_checks.refusal { blocks = blocks }
  if metadata then
    return nil, "invalid_blocks", { response_metadata = metadata }
  end
  Workspace.identify(blocks)
  return { blocks = #blocks > 0 and blocks or nil }
end

return M
