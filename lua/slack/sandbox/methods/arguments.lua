-- What the methods of the local Slack have in common: reading their arguments.

local json = require "slack.json"

local M = {}

local PAGE = 100

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

---Whether a flag is set, in a form or a JSON body.
---@param value any
---@return boolean
function M.is_set(value)
  return value == true or value == "true" or value == 1 or value == "1"
end

---A method about the channel of its argument `channel`.
---@param fn fun(workspace: slack.sandbox.Workspace, call: slack.sandbox.Call, channel: table): ...
---@return slack.sandbox.Method
function M.in_channel(fn)
  return function(workspace, call)
    local channel = workspace:find_channel(tostring(call.args.channel or ""))
    if not channel then
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

local function first_of(cursor)
  if cursor == nil or cursor == "" then
    return 1
  end
  local first = math.tointeger(tonumber(cursor))
  return first and first > 0 and first or nil
end

---One page of a list; the cursor is the position to go on from.
---@param list table[]
---@param call slack.sandbox.Call
---@param name string of the field that the page goes into
---@return table? fields, string? error
function M.page(list, call, name)
  local first = first_of(call.args.cursor)
  if not first then
    return nil, "invalid_cursor"
  end
  local limit = math.max(1, math.tointeger(tonumber(call.args.limit)) or PAGE)
  local items = table.move(list, first, math.min(#list, first + limit - 1), 1, {})
  local has_more = first + limit <= #list
  return {
    [name] = json.list(items),
    has_more = has_more,
    response_metadata = { next_cursor = has_more and tostring(first + limit) or "" },
  }
end

return M
