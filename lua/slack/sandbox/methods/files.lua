-- Methods about files.

local arguments = require "slack.sandbox.methods.arguments"
local merged = require "slack.merged"

---@type table<string, slack.sandbox.Method>
local methods = {}

methods["files.getUploadURLExternal"] = function(workspace, call)
  local filename, length = call.args.filename, math.tointeger(tonumber(call.args.length))
  if not filename or filename == "" or not length or length < 1 then
    return nil, "invalid_arguments"
  end
  local url, id = call.uploads:await(workspace, {
    filename = filename, length = length, user_id = call.user_id,
  })
  return { upload_url = url, file_id = id }
end

-- The files that have been sent and not been seen yet, with their titles.
local function sent_files(workspace, call)
  local wanted = arguments.structure(call.args.files)
  if type(wanted) ~= "table" or #wanted == 0 then
    return nil, "invalid_arguments"
  end
  local found = {}
  for i, one in ipairs(wanted) do
    local file = call.uploads:find(type(one) == "table" and one.id, workspace)
    if not file or not file.content or file.fields then
      return nil, "file_not_found"
    end
    found[i] = { file = file, title = one.title }
  end
  return found
end

local function find_place(workspace, call)
  local args = call.args
  local channel = workspace:find_channel(tostring(args.channel_id))
  if not channel then
    return nil, "channel_not_found"
  elseif not channel.members[call.user_id] then
    return nil, "not_in_channel"
  elseif args.thread_ts and not workspace.find_message(channel, args.thread_ts) then
    return nil, "thread_not_found"
  end
  return channel
end

local function share(workspace, call, channel, files)
  local message = workspace:post(channel, merged(workspace:bot_fields(), {
    user = call.user_id, subtype = "file_share", text = call.args.initial_comment or "",
    files = files, upload = true, thread_ts = call.args.thread_ts,
  }))
  for _, file in ipairs(files) do
    local shares = channel.is_private and file.shares.private or file.shares.public
    shares[channel.id] = { { ts = message.ts, thread_ts = message.thread_ts } }
    table.insert(file.channels, channel.id)
    workspace:emit(channel, {
      type = "file_shared", file_id = file.id, file = { id = file.id }, user_id = call.user_id,
      channel_id = channel.id, event_ts = message.ts,
    })
  end
end

methods["files.completeUploadExternal"] = function(workspace, call)
  local sent, err = sent_files(workspace, call)
  if not sent then
    return nil, err
  end
  local channel
  if call.args.channel_id then
    channel, err = find_place(workspace, call)
    if not channel then
      return nil, err
    end
  end
  local files, answer = {}, {}
  for i, one in ipairs(sent) do
    files[i] = call.uploads:complete(one.file, one.title)
    answer[i] = { id = files[i].id, title = files[i].title }
  end
  if channel then
    share(workspace, call, channel, files)
  end
  return { files = answer }
end

methods["files.info"] = function(workspace, call)
  local file = call.uploads:find(call.args.file, workspace)
  if not file or not file.fields then
    return nil, "file_not_found"
  end
  return { file = file.fields }
end

return methods
