-- The things of a workspace as the page is told of them.

local json = require "slack.json"
local merged = require "slack.merged"
local own_commands = require "slack.sandbox.page.acts.own_commands"
local rich_text = require "slack.sandbox.rich_text"
local sorted_keys = require "slack.sorted_keys"

local M = {}

---@param user table
---@return table
function M.user(user)
  local shape = merged(user)
  shape.home = nil
  return shape
end

local function kind_of(channel)
  return channel.is_im and "im" or channel.is_mpim and "mpim"
    or channel.is_private and "private" or "channel"
end

-- Topics and purposes are objects at Slack.
local function words(value)
  return type(value) == "table" and value.value or type(value) == "string" and value or ""
end

-- Whom a direct conversation is with.
local function partner(channel, me)
  for id in pairs(channel.members) do
    if id ~= me then
      return id
    end
  end
end

---@param channel table
---@param me string id of who looks
---@return table
function M.channel(channel, me)
  return {
    id = channel.id,
    name = channel.name,
    kind = kind_of(channel),
    user = channel.is_im and partner(channel, me) or nil,
    topic = words(channel.topic),
    purpose = words(channel.purpose),
    is_member = channel.members[me] == true,
    members = json.list(sorted_keys(channel.members)),
    is_archived = channel.is_archived == true,
    is_general = channel.is_general == true,
    created = channel.created,
  }
end

---Whether a person sees a channel at all.
---@param channel table
---@param me string
---@return boolean
function M.is_visible(channel, me)
  local is_open = not (channel.is_im or channel.is_mpim or channel.is_private)
  return is_open or channel.members[me] == true
end

---What is written bit by bit, beside the text that stands in the message already.
---@param workspace slack.sandbox.Workspace
---@param ts string
---@return table? nil: the message was not written so
function M.stream(workspace, ts)
  local stream = workspace.streams[ts] and workspace:stream_of(ts)
  return stream and {
    state = stream.state, tasks = json.list(table.move(stream.tasks, 1, #stream.tasks, 1, {})),
    plan = stream.plan,
  }
end

---@param workspace slack.sandbox.Workspace
---@param channel table
---@param message table
---@param stream table? of M.stream
---@return table
function M.message(workspace, channel, message, stream)
  local shape = merged(message)
  shape.stream = stream
  shape.shown_to = nil
  if rich_text.is_made(message.blocks) then -- the page shows the text
    shape.blocks = nil
  end
  shape.reactions = message.reactions and message.reactions[1] and message.reactions or nil
  shape.channel = channel.id
  shape.pinned = message.pinned_to and message.pinned_to[1] ~= nil or nil
  shape.permalink = ("https://%s.slack.com/archives/%s/p%s"):format(workspace.team.domain,
    channel.id, (message.ts:gsub("%.", "")))
  return shape
end

-- What a file_input holds.
---@param fields table of a file
---@return table
function M.file(fields)
  return { id = fields.id, name = fields.name, title = fields.title, mimetype = fields.mimetype,
    filetype = fields.filetype, size = fields.size, created = fields.created, user = fields.user }
end

---@param thread slack.sandbox.Thread
---@param now number
---@return table
function M.thread(thread, now)
  local is_over = thread.status_until and now >= thread.status_until
  return {
    channel = thread.channel,
    thread_ts = thread.thread_ts,
    title = thread.title,
    status = is_over and "" or thread.status,
    loading_messages = not is_over and thread.loading_messages or nil,
    prompts = thread.prompts and { title = thread.prompts_title, prompts = thread.prompts },
  }
end

-- The app ------------------------------------------------------------------------

local function ready_connections(sandbox)
  local count = 0
  for _, side in ipairs { sandbox.socket, sandbox.rtm } do
    for _, connection in ipairs(side.connections) do
      if connection.ready and not connection.leaving then
        count = count + 1
      end
    end
  end
  return count
end

---Whether deliveries reach the app now.
---@param sandbox slack.Sandbox
---@return boolean
function M.is_connected(sandbox)
  return sandbox.http ~= nil or ready_connections(sandbox) > 0
end

-- What a bot that reports nothing has been asked.
local function typed_commands(sandbox)
  local list = json.list {}
  for _, command in ipairs(sorted_keys(sandbox.page.typed)) do
    list[#list + 1] = { command = command }
  end
  return list
end

local function reported(sandbox)
  local report = sandbox.report
  if not report then
    return { commands = typed_commands(sandbox) }
  end
  return {
    name = report.app, pid = report.pid, commands = report.commands, shortcuts = report.shortcuts,
    problems = report.problems, scripts = report.scripts, listeners = report.listeners,
  }
end

---What is known of the app and of the process that it runs in; `own_commands` are
---Slack's.
---@param sandbox slack.Sandbox
---@return table
function M.app(sandbox)
  local count, child = ready_connections(sandbox), sandbox.child
  local shape = reported(sandbox)
  shape.connections = count
  shape.connected = M.is_connected(sandbox)
  shape.transport = sandbox.http and sandbox.delivery ~= "socket" and "http"
    or count > 0 and "socket" or json.null
  shape.is_running = json.null
  if child then
    shape.is_running, shape.exit = child.is_running == true, child.exit
    shape.pid = child.pid or shape.pid
  end
  for _, name in ipairs { "commands", "shortcuts", "problems", "scripts" } do
    local list = shape[name] or {}
    shape[name] = json.list(table.move(list, 1, #list, 1, {}))
  end
  shape.own_commands = {}
  for i, own in ipairs(own_commands.list) do
    shape.own_commands[i] = {
      command = own.command, description = own.description, usage_hint = own.usage_hint,
    }
  end
  return shape
end

return M
