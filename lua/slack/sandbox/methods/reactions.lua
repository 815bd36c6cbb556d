-- Methods about reactions.

local arguments = require "slack.sandbox.methods.arguments"
local paging = require "slack.sandbox.methods.paging"

local on_message = arguments.on_message

---@type table<string, slack.sandbox.Method>
local methods = {}

-- The name of an emoji, as of one with colons; a skin tone stays with it.
local function name_of(value)
  local name = tostring(value or ""):gsub("^:", ""):gsub(":$", "")
  return name:find "^[%w_+'\x80-\xff-]+$" and name
    or name:find "^[%w_+'-]+::skin%-tone%-[2-6]$" and name or nil
end

local function reaction(change, failure)
  local on_timestamp = on_message("timestamp", function(workspace, call, channel, message)
    local name = name_of(call.args.name)
    if not name then
      return nil, "invalid_name"
    elseif channel.is_archived then
      return nil, "is_archived"
    elseif not workspace[change](workspace, channel, message, name, call.user_id) then
      return nil, failure
    end
    return {}
  end)
  return function(workspace, call)
    local args = call.args
    if not (args.timestamp or args.file or args.file_comment) then
      return nil, "no_item_specified"
    elseif args.timestamp and not tostring(args.timestamp):find "^%d+%.%d+$" then
      return nil, "bad_timestamp"
    end
    return on_timestamp(workspace, call)
  end
end

methods["reactions.add"] = reaction("react", "already_reacted")
methods["reactions.remove"] = reaction("unreact", "no_reaction")

methods["reactions.get"] = on_message("timestamp", function(workspace, _, channel, message)
  message.permalink = workspace:permalink(channel, message)
  return { type = "message", channel = channel.id, message = message }
end)

local function has_reacted(message, user_id)
  for _, one in ipairs(message.reactions or {}) do
    for _, id in ipairs(one.users) do
      if id == user_id then
        return true
      end
    end
  end
  return false
end

-- What somebody, by default the caller, has reacted to, the newest first.
methods["reactions.list"] = function(workspace, call)
  local user_id = call.args.user or call.user_id
  if not workspace.users[user_id] then
    return nil, "user_not_found"
  end
  local items = {}
  for _, channel in ipairs(workspace.channel_list) do
    for _, message in ipairs(workspace.can_see(channel, call.user_id) and channel.messages or {}) do
      if has_reacted(message, user_id) then
        table.insert(items, { type = "message", channel = channel.id, message = message })
      end
    end
  end
  table.sort(items, function(a, b) return a.message.ts > b.message.ts end)
  if call.args.page then
    return paging.by_number(items, call, "items")
  end
  return paging.by_cursor(items, call, {
    name = "items", kind = "reaction",
    key = function(item) return item.channel .. item.message.ts end,
  })
end

return methods
