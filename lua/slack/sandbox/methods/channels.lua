-- Methods that create and change channels, and who is in them.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"

local in_channel = arguments.in_channel

---@type table<string, slack.sandbox.Method>
local methods = {}

local function is_direct(channel)
  return channel.is_im or channel.is_mpim
end

-- A method that changes a channel which its caller is in, and which is no conversation of few.
local function changing(fn, options)
  options = options or {}
  return in_channel(function(workspace, call, channel)
    if is_direct(channel) and not options.takes_direct then
      return nil, "method_not_supported_for_channel_type"
    elseif channel.is_archived and not options.takes_archived then
      return nil, "is_archived"
    elseif not channel.members[call.user_id] and not options.from_outside then
      return nil, "not_in_channel"
    end
    return fn(workspace, call, channel)
  end)
end

methods["conversations.create"] = function(workspace, call)
  local channel, err = workspace:create_channel(call.args.name, {
    user_id = call.user_id, is_private = arguments.is_set(call.args.is_private),
  })
  if not channel then
    return nil, err
  end
  return { channel = workspace:describe_channel(channel, call.user_id) }
end

methods["conversations.rename"] = changing(function(workspace, call, channel)
  if channel.is_general then
    return nil, "not_authorized"
  elseif channel.name ~= call.args.name then
    local ok, err = workspace:rename(channel, call.args.name, call.user_id)
    if not ok then
      return nil, err
    end
  end
  return { channel = workspace:describe_channel(channel, call.user_id) }
end)

methods["conversations.archive"] = changing(function(workspace, call, channel)
  if channel.is_archived then
    return nil, "already_archived"
  elseif channel.is_general then
    return nil, "cant_archive_general"
  end
  workspace:archive(channel, call.user_id)
  return {}
end, { takes_archived = true })

methods["conversations.unarchive"] = changing(function(workspace, call, channel)
  if not channel.is_archived then
    return nil, "not_archived"
  end
  workspace:unarchive(channel, call.user_id)
  return {}
end, { takes_archived = true })

methods["conversations.join"] = changing(function(workspace, call, channel)
  if channel.is_private then
    return nil, "method_not_supported_for_channel_type"
  end
  local is_new = workspace:join(channel, call.user_id)
  local answer = { channel = workspace:describe_channel(channel, call.user_id) }
  if not is_new then
    answer.warning = "already_in_channel"
    answer.response_metadata = { warnings = { "already_in_channel" } }
  end
  return answer
end, { from_outside = true })

methods["conversations.leave"] = changing(function(workspace, call, channel)
  if channel.is_general then
    return nil, "cant_leave_general"
  elseif channel.is_private and workspace.count_members(channel) == 1 then
    return nil, "last_member"
  elseif not workspace:leave(channel, call.user_id) then
    return { not_in_channel = true }
  end
  return {}
end, { from_outside = true })

-- Why somebody cannot be invited.
local function refuse_invitation(workspace, call, channel, id)
  if id == call.user_id then
    return "cant_invite_self"
  elseif not workspace.users[id] then
    return "user_not_found"
  elseif channel.members[id] then
    return "already_in_channel"
  end
end

methods["conversations.invite"] = changing(function(workspace, call, channel)
  local wanted, errors = {}, {}
  for id in tostring(call.args.users):gmatch "[^,%s]+" do
    local refusal = refuse_invitation(workspace, call, channel, id)
    if refusal then
      table.insert(errors, { ok = false, error = refusal, user = id })
    else
      table.insert(wanted, id)
    end
  end
  if #wanted == 0 and #errors == 0 then
    return nil, "no_user"
  elseif #errors > 0 and not (arguments.is_set(call.args.force) and #wanted > 0) then
    return nil, errors[1].error, { errors = errors }
  end
  for _, id in ipairs(wanted) do
    workspace:join(channel, id, call.user_id)
  end
  return {
    channel = workspace:describe_channel(channel, call.user_id),
    errors = #errors > 0 and json.list(errors) or nil,
  }
end)

methods["conversations.kick"] = changing(function(workspace, call, channel)
  local id = tostring(call.args.user or "")
  if id == call.user_id then
    return nil, "cant_kick_self"
  elseif not workspace.users[id] then
    return nil, "user_not_found"
  elseif channel.is_general then
    return nil, "cant_kick_from_general"
  elseif not workspace:leave(channel, id, call.user_id) then
    return nil, "not_in_channel"
  end
  return { errors = {} }
end)

local function setting(argument, set)
  return changing(function(workspace, call, channel)
    local text = tostring(call.args[argument])
    if channel[argument].value ~= text then
      local ok, err = workspace[set](workspace, channel, text, call.user_id)
      if not ok then
        return nil, err
      end
    end
    return {
      channel = workspace:describe_channel(channel, call.user_id), [argument] = text,
    }
  end, { takes_direct = argument == "topic" })
end

methods["conversations.setTopic"] = setting("topic", "set_topic")
methods["conversations.setPurpose"] = setting("purpose", "set_purpose")

return methods
