-- The Web API methods of the local Slack, by name. Each takes the workspace
-- and a call and gives the fields of the answer, or nil, Slack's error word,
-- and perhaps more fields for the answer.

local Workspace = require "slack.sandbox.workspace"
local json = require "slack.json"

---@class slack.sandbox.Call
---@field args table decoded arguments
---@field token_type "bot"|"app"|"none"
---@field open_connection fun(): string makes a WebSocket URL with a fresh ticket
---@field use_trigger fun(id: string): true?, string? spends a trigger_id
---@field user_id string the user that the token acts as

---@alias slack.sandbox.Method
---| fun(workspace: slack.sandbox.Workspace, call: slack.sandbox.Call): table?, string?, table?

---@type table<string, slack.sandbox.Method>
local methods = {}

local MAX_TEXT = 40000
local PAGE = 100

local function copy(value)
  local result = {}
  for key, item in pairs(value) do
    result[key] = item
  end
  return result
end

-- Lists and objects arrive as JSON text in forms and as such in JSON bodies.
local function structure(value)
  if type(value) == "string" then
    return (json.decode(value))
  elseif type(value) == "table" then
    return value
  end
end

local function truthy(value)
  return value == true or value == "true" or value == 1 or value == "1"
end

local function channel_of(workspace, call)
  local channel = workspace:find_channel(tostring(call.args.channel or ""))
  if not channel then
    return nil, "channel_not_found"
  end
  return channel
end

local function message_of(workspace, call, ts)
  local channel, err = channel_of(workspace, call)
  if not channel then
    return nil, nil, err
  end
  local message = workspace.find_message(channel, tostring(ts or ""))
  if not message then
    return nil, nil, "message_not_found"
  end
  return channel, message
end

local function invalid_blocks(reason, pointer)
  return nil, "invalid_blocks", {
    response_metadata = { messages = { ("[ERROR] %s [json-pointer:%s]"):format(reason, pointer) } },
  }
end

-- Gives blocks their ids, as Slack does, and refuses what is no block list.
local function check_blocks(value)
  if value == nil or value == "" then
    return {}
  end
  local blocks = structure(value)
  if type(blocks) ~= "table" then
    return nil, "invalid_blocks_format"
  elseif #blocks > 50 then
    return invalid_blocks("no more than 50 items allowed", "/blocks")
  end
  for i, block in ipairs(blocks) do
    local pointer = "/blocks/" .. i - 1
    if type(block) ~= "table" or type(block.type) ~= "string" then
      return invalid_blocks("missing required field: type", pointer)
    elseif block.type == "section" and not block.text and not block.fields then
      return invalid_blocks("missing required field: text", pointer)
    end
  end
  Workspace.identify(blocks)
  return { blocks = #blocks > 0 and blocks or nil }
end

-- The content of a message: at least one of text, blocks, attachments.
local function content(call)
  local args = call.args
  local fields, err, more = check_blocks(args.blocks)
  if not fields then
    return nil, err, more
  end
  fields.attachments = structure(args.attachments)
  fields.metadata = structure(args.metadata)
  fields.text = args.text and tostring(args.text):sub(1, MAX_TEXT) or args.markdown_text or ""
  if fields.text == "" and not fields.blocks and not fields.attachments then
    return nil, "no_text"
  end
  return fields
end

local function bot_fields(workspace)
  local bot = workspace.bot
  return {
    user = bot.user_id,
    bot_id = bot.id,
    app_id = workspace.app_id,
    bot_profile = {
      id = bot.id,
      app_id = workspace.app_id,
      user_id = bot.user_id,
      name = bot.name,
      team_id = workspace.team.id,
      deleted = false,
      updated = 0,
    },
  }
end

local function from_bot(workspace, fields)
  for key, value in pairs(bot_fields(workspace)) do
    fields[key] = value
  end
  return fields
end

-- Apps ------------------------------------------------------------------------

methods["api.test"] = function(_, call)
  if call.args.error then
    return nil, tostring(call.args.error), { args = call.args }
  end
  return { args = call.args }
end

methods["auth.test"] = function(workspace)
  return {
    url = ("https://%s.slack.com/"):format(workspace.team.domain),
    team = workspace.team.name,
    user = workspace.bot.name,
    team_id = workspace.team.id,
    user_id = workspace.bot.user_id,
    bot_id = workspace.bot.id,
    is_enterprise_install = false,
  }
end

methods["apps.connections.open"] = function(_, call)
  return { url = call.open_connection() }
end

methods["bots.info"] = function(workspace, call)
  if call.args.bot and call.args.bot ~= workspace.bot.id then
    return nil, "bot_not_found"
  end
  return { bot = bot_fields(workspace).bot_profile }
end

methods["team.info"] = function(workspace)
  return { team = workspace.team }
end

-- Messages --------------------------------------------------------------------

methods["chat.postMessage"] = function(workspace, call)
  local channel, channel_error = channel_of(workspace, call)
  if not channel then
    return nil, channel_error
  elseif channel.is_archived then
    return nil, "is_archived"
  elseif not channel.members[workspace.bot.user_id] then
    return nil, "not_in_channel"
  end
  local fields, err, more = content(call)
  if not fields then
    return nil, err, more
  end
  local thread_ts = call.args.thread_ts
  if thread_ts and not workspace.find_message(channel, thread_ts) then
    return nil, "thread_not_found"
  end
  fields.thread_ts = thread_ts
  local message = workspace:post(channel, from_bot(workspace, fields))
  return { channel = channel.id, ts = message.ts, message = message }
end

methods["chat.postEphemeral"] = function(workspace, call)
  local channel, channel_error = channel_of(workspace, call)
  if not channel then
    return nil, channel_error
  elseif not channel.members[tostring(call.args.user)] then
    return nil, "user_not_in_channel"
  end
  local fields, err, more = content(call)
  if not fields then
    return nil, err, more
  end
  local message = workspace:show_ephemeral(channel, call.args.user, from_bot(workspace, fields))
  return { message_ts = message.ts }
end

methods["chat.update"] = function(workspace, call)
  local channel, message, err = message_of(workspace, call, call.args.ts)
  if not message then
    return nil, err
  elseif message.bot_id ~= workspace.bot.id then
    return nil, "cant_update_message"
  end
  local fields, content_error, more = content(call)
  if not fields then
    return nil, content_error, more
  end
  if call.args.blocks then
    message.blocks = nil -- an empty list takes the blocks away
  end
  workspace:change(channel, message, fields)
  return { channel = channel.id, ts = message.ts, text = message.text, message = message }
end

methods["chat.delete"] = function(workspace, call)
  local channel, message, err = message_of(workspace, call, call.args.ts)
  if not message then
    return nil, err
  elseif message.bot_id ~= workspace.bot.id then
    return nil, "cant_delete_message"
  end
  workspace:remove(channel, message.ts)
  return { channel = channel.id, ts = message.ts }
end

methods["chat.getPermalink"] = function(workspace, call)
  local channel, message, err = message_of(workspace, call, call.args.message_ts)
  if not message then
    return nil, err
  end
  local path = ("archives/%s/p%s"):format(channel.id, message.ts:gsub("%.", ""))
  return {
    channel = channel.id,
    permalink = ("https://%s.slack.com/%s"):format(workspace.team.domain, path),
  }
end

local function reaction(change, failure)
  return function(workspace, call)
    local channel, message, err = message_of(workspace, call, call.args.timestamp)
    if not message then
      return nil, err
    elseif not call.args.name or call.args.name == "" then
      return nil, "no_reaction"
    end
    if not workspace[change](workspace, channel, message, call.args.name, call.user_id) then
      return nil, failure
    end
    return {}
  end
end

methods["reactions.add"] = reaction("react", "already_reacted")
methods["reactions.remove"] = reaction("unreact", "no_reaction")

methods["reactions.get"] = function(workspace, call)
  local channel, message, err = message_of(workspace, call, call.args.timestamp)
  if not message then
    return nil, err
  end
  return { type = "message", channel = channel.id, message = message }
end

-- Conversations ---------------------------------------------------------------

local function public_channel(workspace, channel)
  local shown = copy(channel)
  shown.messages, shown.members, shown.ephemeral = nil, nil, nil
  shown.is_member = channel.members[workspace.bot.user_id] == true
  local count = 0
  for _ in pairs(channel.members) do
    count = count + 1
  end
  shown.num_members = count
  return shown
end

-- One page of a list; the cursor is the position to go on from.
local function page(list, call, name)
  local first = tonumber(call.args.cursor ~= "" and call.args.cursor or "1")
  if not first then
    return nil, "invalid_cursor"
  end
  local limit = math.max(1, tonumber(call.args.limit) or PAGE)
  local items = table.move(list, first, math.min(#list, first + limit - 1), 1, {})
  local next_first = first + limit
  return {
    [name] = json.list(items),
    response_metadata = { next_cursor = next_first <= #list and tostring(next_first) or "" },
  }
end

methods["conversations.list"] = function(workspace, call)
  local types = call.args.types or "public_channel"
  local shown = {}
  for _, channel in ipairs(workspace.channel_list) do
    local kind = channel.is_im and "im"
      or channel.is_private and "private_channel"
      or "public_channel"
    local hidden = truthy(call.args.exclude_archived) and channel.is_archived
    if types:find(kind, 1, true) and not hidden then
      table.insert(shown, public_channel(workspace, channel))
    end
  end
  return page(shown, call, "channels")
end

methods["conversations.info"] = function(workspace, call)
  local channel, err = channel_of(workspace, call)
  if not channel then
    return nil, err
  end
  return { channel = public_channel(workspace, channel) }
end

methods["conversations.open"] = function(workspace, call)
  local user = workspace.users[tostring(call.args.users or "")]
  if not user then
    return nil, call.args.users and "user_not_found" or "users_list_not_supplied"
  end
  local channel = workspace:direct_channel(user.id)
  return { channel = { id = channel.id } }
end

methods["conversations.join"] = function(workspace, call)
  local channel, err = channel_of(workspace, call)
  if not channel then
    return nil, err
  end
  channel.members[workspace.bot.user_id] = true
  return { channel = public_channel(workspace, channel) }
end

methods["conversations.members"] = function(workspace, call)
  local channel, err = channel_of(workspace, call)
  if not channel then
    return nil, err
  end
  local members = {}
  for id in pairs(channel.members) do
    table.insert(members, id)
  end
  table.sort(members)
  return page(members, call, "members")
end

-- Newest first, as history gives them.
local function in_range(call, messages, accept)
  local oldest, latest = tonumber(call.args.oldest) or 0, tonumber(call.args.latest) or math.huge
  local found = {}
  for _, message in ipairs(messages) do
    local at = tonumber(message.ts)
    if at > oldest and at < latest and accept(message) then
      table.insert(found, message)
    end
  end
  return found
end

methods["conversations.history"] = function(workspace, call)
  local channel, err = channel_of(workspace, call)
  if not channel then
    return nil, err
  end
  local found = in_range(call, channel.messages, function(message)
    return not message.thread_ts or message.thread_ts == message.ts
  end)
  local newest_first = {}
  for i = #found, 1, -1 do
    table.insert(newest_first, found[i])
  end
  local result, page_error = page(newest_first, call, "messages")
  if not result then
    return nil, page_error
  end
  result.has_more = result.response_metadata.next_cursor ~= ""
  return result
end

methods["conversations.replies"] = function(workspace, call)
  local channel, root, err = message_of(workspace, call, call.args.ts)
  if not root then
    return nil, err == "message_not_found" and "thread_not_found" or err
  end
  local found = in_range(call, channel.messages, function(message)
    return message.ts == root.ts or message.thread_ts == root.ts
  end)
  local result, page_error = page(found, call, "messages")
  if not result then
    return nil, page_error
  end
  result.has_more = result.response_metadata.next_cursor ~= ""
  return result
end

-- People ----------------------------------------------------------------------

methods["users.info"] = function(workspace, call)
  local user = workspace.users[tostring(call.args.user or "")]
  if not user then
    return nil, "user_not_found"
  end
  return { user = user }
end

methods["users.list"] = function(workspace, call)
  return page(workspace.user_list, call, "members")
end

methods["users.lookupByEmail"] = function(workspace, call)
  for _, user in ipairs(workspace.user_list) do
    if user.profile.email == call.args.email then
      return { user = user }
    end
  end
  return nil, "users_not_found"
end

-- Views -----------------------------------------------------------------------

local function missing_field(text)
  return nil, "invalid_arguments", {
    response_metadata = { messages = { "[ERROR] missing required field: " .. text } },
  }
end

local function check_view(call)
  local view = structure(call.args.view)
  if type(view) ~= "table" or (view.type ~= "modal" and view.type ~= "home") then
    return missing_field "view"
  elseif view.type == "modal" and type(view.title) ~= "table" then
    return missing_field "title [json-pointer:/view]"
  end
  return view
end

local function find_view(workspace, call)
  if call.args.view_id then
    return workspace.views[call.args.view_id]
  end
  for _, view in pairs(workspace.views) do
    if call.args.external_id and view.external_id == call.args.external_id then
      return view
    end
  end
end

local function show_view(workspace, call, below)
  local definition, err, more = check_view(call)
  if not definition then
    return nil, err, more
  end
  local ok, trigger_error = call.use_trigger(tostring(call.args.trigger_id or ""))
  if not ok then
    return nil, trigger_error
  end
  return {
    view = workspace:put_view(definition, below and {
      previous_view_id = below.id,
      root_view_id = below.root_view_id,
    }),
  }
end

methods["views.open"] = function(workspace, call)
  return show_view(workspace, call)
end

methods["views.push"] = function(workspace, call)
  local below = workspace:top_view()
  if not below then
    return nil, "not_found"
  elseif below.previous_view_id and workspace.views[below.previous_view_id].previous_view_id then
    return nil, "push_limit_reached"
  end
  return show_view(workspace, call, below)
end

methods["views.update"] = function(workspace, call)
  local definition, err, more = check_view(call)
  if not definition then
    return nil, err, more
  end
  local view = find_view(workspace, call)
  if not view then
    return nil, "not_found"
  elseif call.args.hash and call.args.hash ~= view.hash then
    return nil, "hash_conflict"
  end
  return {
    view = workspace:put_view(definition, {
      id = view.id,
      previous_view_id = view.previous_view_id,
      root_view_id = view.root_view_id,
    }),
  }
end

methods["views.publish"] = function(workspace, call)
  local definition, err, more = check_view(call)
  if not definition then
    return nil, err, more
  end
  local user = workspace.users[tostring(call.args.user_id or "")]
  if not user then
    return nil, "user_not_found"
  elseif call.args.hash and user.home and call.args.hash ~= user.home.hash then
    return nil, "hash_conflict"
  end
  user.home = workspace:put_view(definition, { id = user.home and user.home.id, user_id = user.id })
  return { view = user.home }
end

return methods
