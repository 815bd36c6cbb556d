-- Methods about files.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"
local merged = require "slack.merged"
local paging = require "slack.sandbox.methods.paging"

local MOST_CHANNELS <const> = 100

---@type table<string, slack.sandbox.Method>
local methods = {}

methods["files.getUploadURLExternal"] = function(workspace, call)
  local args = call.args
  local filename, length = args.filename, math.tointeger(tonumber(args.length))
  if not filename or filename == "" or not length or length < 1 then
    return nil, "invalid_arguments"
  elseif args.snippet_type and not tostring(args.snippet_type):find "^[%w_+#-]+$" then
    return nil, "unknown_snippet_type"
  elseif length > call.uploads.MAX then
    local message = ("[ERROR] the local Slack takes files of at most %d MiB, Slack larger ones")
      :format(call.uploads.MAX >> 20)
    return nil, "file_upload_size_restricted", { response_metadata = { messages = { message } } }
  end
  local url, id = call.uploads:await(workspace, {
    filename = filename, length = length, user_id = call.user_id, alt_txt = args.alt_txt,
    snippet_type = args.snippet_type,
  })
  return { upload_url = url, file_id = id }
end

-- Completing -----------------------------------------------------------------------

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

local function find_channel(workspace, call, id)
  local channel = workspace.channels[id]
  local thread_ts = call.args.thread_ts
  if not channel then
    return nil, "channel_not_found"
  elseif not channel.members[call.user_id] then
    return nil, "not_in_channel"
  elseif thread_ts and not workspace.find_message(channel, thread_ts) then
    return nil, "thread_not_found"
  end
  return channel
end

-- channel_id names one, channels several.
local function find_channels(workspace, call)
  local named = {}
  if call.args.channel_id then
    named[1] = tostring(call.args.channel_id)
  end
  for id in tostring(call.args.channels or ""):gmatch "[^,%s]+" do
    table.insert(named, id)
  end
  if #named > MOST_CHANNELS then
    return nil, "channels_limit_exceeded"
  end
  local channels = {}
  for i, id in ipairs(named) do
    local channel, err = find_channel(workspace, call, id)
    if not channel then
      return nil, err
    end
    channels[i] = channel
  end
  return channels
end

-- Blocks are not shown beside a comment.
local function message_of(workspace, call, blocks)
  local comment = call.args.initial_comment
  return merged(workspace:bot_fields(), {
    user = call.user_id, text = comment or "", blocks = not comment and blocks or nil,
    thread_ts = call.args.thread_ts,
  })
end

methods["files.completeUploadExternal"] = function(workspace, call)
  local sent, err = sent_files(workspace, call)
  if not sent then
    return nil, err
  end
  local channels, content, more
  channels, err = find_channels(workspace, call)
  if not channels then
    return nil, err
  end
  content, err, more = arguments.blocks(call.args.blocks)
  if not content then
    return nil, err, more
  end
  local files, answer = {}, {}
  for i, one in ipairs(sent) do
    files[i] = call.uploads:complete(one.file, one.title)
    answer[i] = { id = files[i].id, title = files[i].title }
  end
  for _, channel in ipairs(channels) do
    call.uploads.share(workspace, channel, files, message_of(workspace, call, content.blocks))
  end
  return { files = answer }
end

-- Looking and deleting -------------------------------------------------------------

-- The conversations that a file is shared with.
local function places_of(file)
  local places = {}
  for _, list in ipairs { file.channels, file.groups, file.ims } do
    table.move(list, 1, #list, #places + 1, places)
  end
  return places
end

local function is_in(file, channel_id)
  for _, id in ipairs(places_of(file)) do
    if id == channel_id then
      return true
    end
  end
  return false
end

-- Whether the caller has it, or is where it is shared.
local function can_see(workspace, call, file)
  if file.user == call.user_id then
    return true
  end
  for _, id in ipairs(places_of(file)) do
    if workspace.can_see(workspace.channels[id], call.user_id) then
      return true
    end
  end
  return false
end

-- The file of an argument, if it can be seen.
local function find_file(workspace, call)
  local file = call.uploads:find(call.args.file, workspace)
  if not file or not file.fields or not can_see(workspace, call, file.fields) then
    return nil, "file_not_found"
  elseif file.is_deleted then
    return nil, "file_deleted"
  end
  return file
end

methods["files.info"] = function(workspace, call)
  local file, err = find_file(workspace, call)
  if not file then
    return nil, err
  end
  return { file = file.fields, comments = json.list {}, response_metadata = { next_cursor = "" } }
end

local IMAGES = { png = true, jpg = true, gif = true }
local TYPES = {
  all = function() return true end,
  images = function(file) return IMAGES[file.filetype] end,
  pdfs = function(file) return file.filetype == "pdf" end,
  snippets = function(file) return file.mode == "snippet" end,
  zips = function(file) return file.filetype == "zip" end,
  spaces = function() return false end,
  gdocs = function() return false end,
}

-- Whether a file is of one of the kinds that are asked for; nil for an unknown kind.
local function type_test(types)
  local tests = {}
  for word in tostring(types or "all"):gmatch "[^,%s]+" do
    if not TYPES[word] then
      return nil
    end
    table.insert(tests, TYPES[word])
  end
  return function(file)
    for _, test in ipairs(tests) do
      if test(file) then
        return true
      end
    end
    return false
  end
end

methods["files.list"] = function(workspace, call)
  local args = call.args
  local is_wanted = type_test(args.types)
  if not is_wanted then
    return nil, "unknown_type"
  elseif args.user and not workspace.users[args.user] then
    return nil, "user_not_found"
  end
  local from, to = tonumber(args.ts_from) or 0, tonumber(args.ts_to) or math.huge
  local found = {}
  for _, file in ipairs(call.uploads:newest_first(workspace)) do
    if is_wanted(file) and can_see(workspace, call, file)
      and file.created >= from and file.created <= to
      and (not args.user or file.user == args.user)
      and (not args.channel or is_in(file, args.channel)) then
      table.insert(found, file)
    end
  end
  return paging.by_number(found, call, "files")
end

-- What is left of it in messages.
local function bury(workspace, file)
  for _, id in ipairs(places_of(file)) do
    for _, message in ipairs(workspace.channels[id].messages) do
      for i, one in ipairs(message.files or {}) do
        if one.id == file.id then
          message.files[i] = { id = file.id, mode = "tombstone" }
        end
      end
    end
  end
end

methods["files.delete"] = function(workspace, call)
  local file, err = find_file(workspace, call)
  if not file then
    return nil, err
  elseif file.user_id ~= call.user_id then
    return nil, "cant_delete_file"
  end
  file.is_deleted, file.content = true, nil
  bury(workspace, file.fields)
  for _, id in ipairs(places_of(file.fields)) do
    workspace:emit(workspace.channels[id], {
      type = "file_deleted", file_id = file.id, event_ts = workspace:new_ts(),
    })
  end
  return {}
end

-- Public links, which persons' tokens make.
local function publishing(is_public)
  return function(workspace, call)
    local file, err = find_file(workspace, call)
    if not file then
      return nil, err
    elseif is_public and file.fields.public_url_shared then
      return nil, "already_public"
    end
    file.fields.public_url_shared = is_public
    call.uploads.tell(file, is_public and "file_public" or "file_change")
    return { file = file.fields }
  end
end

methods["files.sharedPublicURL"] = publishing(true)
methods["files.revokePublicURL"] = publishing(false)

methods["files.upload"] = function()
  return nil, "method_deprecated", {
    response_metadata = { messages = {
      "[ERROR] Slack has no files.upload any more: call files.getUploadURLExternal, send the "
        .. "file to its upload_url, then call files.completeUploadExternal",
    } },
  }
end

return methods
