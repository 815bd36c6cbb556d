-- What people say and do in the local workspace's channels, and what they see.

local checks = require "slack.sandbox.checks"
local json = require "slack.json"
local rich_text = require "slack.sandbox.rich_text"

---@class slack.sandbox.People
local people = {}

local function fail(level, text, ...)
  error(("sandbox: " .. text):format(...), level + 1)
end

-- Who does it, where: by name or id; the first person, in the first channel.
local function resolve(self, what)
  local workspace = self.workspace
  local user = workspace:find_user(what.user or workspace.user_list[2].name)
  local channel = workspace:find_channel(what.channel or workspace.channel_list[1].name)
  if not user then
    fail(3, "there is no user %s", what.user)
  elseif not channel then
    fail(3, "there is no channel %s", what.channel)
  end
  return user, channel
end

people.resolve = resolve
people.fail = fail

local MESSAGE = {
  text = "string", user = "string", channel = "string", thread_ts = "string", blocks = "table",
  reply_broadcast = "boolean",
}
local SHARED = {
  filename = "string", content = "string", title = "string", text = "string", user = "string",
  channel = "string", thread_ts = "string",
}
local EDIT = { message = "table", text = "string", user = "string" }
local REACTION = { message = "table", name = "string", user = "string" }
local EXPECTED = {
  channel = "string", text = "string", after = "string", ephemeral = "boolean", user = "string",
  timeout = "number",
}

-- The channel and the message itself, which what a program holds may be a copy of.
local function own_message(self, what)
  local user, channel = resolve(self, { user = what.user, channel = what.message.channel })
  local message = self.workspace.find_message(channel, what.message.ts)
  if not message then
    fail(3, "there is no message %s in #%s", tostring(what.message.ts), channel.name)
  end
  return message, channel, user
end

people.own_message = own_message

---Somebody writes a message; the app gets its events.
---@param what { text: string, user: string?, channel: string?, thread_ts: string?, blocks: table?,
---  reply_broadcast: boolean? } reply_broadcast: what they say in the thread is for the channel too
---@return table message with ts and channel
function people:say(what)
  checks.fields("say", what, MESSAGE)
  if not what.text and not what.blocks then
    fail(2, 'field "text" or "blocks" is needed')
  end
  local user, channel = resolve(self, what)
  local message = self.workspace:post(channel, {
    user = user.id,
    text = what.text,
    blocks = what.blocks or rich_text.blocks(what.text),
    thread_ts = what.thread_ts,
    reply_broadcast = what.reply_broadcast,
    client_msg_id = self.workspace.new_id "":lower(),
  })
  message.channel = channel.id
  self:changed()
  return message
end

---Somebody shares a file; the app gets the message with it, and file_shared.
---@param what { filename: string, content: string, title: string?, text: string?, user: string?,
---  channel: string?, thread_ts: string? }
---@return table message with ts, channel and files
function people:share(what)
  checks.fields("share", what, SHARED, "filename", "content")
  local user, channel = resolve(self, what)
  local uploads = (self.sandbox or self).uploads
  local file = uploads:add(self.workspace, {
    filename = what.filename, content = what.content, title = what.title, user_id = user.id,
  })
  local message = uploads.share(self.workspace, channel, { file }, {
    user = user.id, text = what.text or "", thread_ts = what.thread_ts,
    blocks = rich_text.blocks(what.text or ""),
  })
  message.channel = channel.id
  self:changed()
  return message
end

---Somebody edits a message.
---@param what { message: table, text: string, user: string? }
function people:edit(what)
  checks.fields("edit", what, EDIT, "message", "text")
  local message, channel, user = own_message(self, what)
  self.workspace:change(channel, message, {
    text = what.text, blocks = rich_text.blocks(what.text) or json.null,
  }, user.id)
  self:changed()
end

---Somebody deletes a message.
---@param what { message: table }
function people:delete(what)
  checks.fields("delete", what, { message = "table" }, "message")
  local message, channel = own_message(self, what)
  self.workspace:remove(channel, message.ts)
  self:changed()
end

---Somebody reacts to a message with an emoji.
---@param what { message: table, name: string, user: string? }
function people:react(what)
  checks.fields("react", what, REACTION, "message", "name")
  local message, channel, user = own_message(self, what)
  self.workspace:react(channel, message, what.name, user.id)
  self:changed()
end

---Somebody takes a reaction back.
---@param what { message: table, name: string, user: string? }
function people:unreact(what)
  checks.fields("unreact", what, REACTION, "message", "name")
  local message, channel, user = own_message(self, what)
  self.workspace:unreact(channel, message, what.name, user.id)
  self:changed()
end

---Somebody opens the app: its home tab, or what was said to it.
---@param what? { user: string?, tab: "home"|"messages"|nil } "home"
---@return table? view the published home tab, nil when there is none yet
function people:open_home(what)
  what = what or {}
  checks.fields("open_home", what, { user = "string", tab = "string" })
  local user, tab = resolve(self, { user = what.user }), what.tab or "home"
  if tab ~= "home" and tab ~= "messages" then
    fail(2, 'field "tab": "home" or "messages" expected, got %q', tab)
  end
  self:deliver_event {
    type = "app_home_opened",
    user = user.id,
    channel = self.workspace:direct_channel(user.id).id,
    tab = tab,
    view = tab == "home" and user.home or nil,
    event_ts = self.workspace:new_ts(),
  }
  self:changed()
  return user.home
end

-- What an ack of a command or a response puts into the channel.
local function show(self, content, user, channel)
  local fields = type(content) == "string" and { text = content } or content
  local workspace = self.workspace
  workspace.identify(fields.blocks)
  local message = {
    user = workspace.bot.user_id,
    bot_id = workspace.bot.id,
    app_id = workspace.app_id,
    text = fields.text or "",
    blocks = fields.blocks,
    attachments = fields.attachments,
    thread_ts = fields.thread_ts,
  }
  if fields.response_type == "in_channel" then
    return workspace:post(channel, message)
  end
  return workspace:show_ephemeral(channel, user.id, message)
end

people.show_response = show

---The messages of a channel, oldest first, as everybody there sees them.
---@param channel? string name or id
---@return table[]
function people:messages(channel)
  local _, found = resolve(self, { channel = channel })
  return found.messages
end

---What only that person was shown in a channel, oldest first.
---@param user? string
---@param channel? string
---@return table[]
function people:ephemeral(user, channel)
  local who, where = resolve(self, { user = user, channel = channel })
  local shown = {}
  for _, message in ipairs(where.ephemeral or {}) do
    if message.shown_to == who.id then
      table.insert(shown, message)
    end
  end
  return shown
end

---@class slack.sandbox.Expected
---@field channel? string
---@field text? string found anywhere in the message's text
---@field after? string ts: only later messages count
---@field ephemeral? boolean shown to user only
---@field user? string
---@field timeout? number seconds

---Waits for a message of the app.
---@async
---@param what slack.sandbox.Expected
---@return table? message with channel; nil, "timeout"
function people:wait_message(what)
  checks.fields("wait_message", what, EXPECTED)
  local _, channel = resolve(self, what)
  local bot_id = self.workspace.bot.id
  return self:wait(function()
    local list = what.ephemeral and self:ephemeral(what.user, channel.id) or channel.messages
    for _, message in ipairs(list) do
      if message.bot_id == bot_id and (not what.after or message.ts > what.after)
        and (not what.text or message.text:find(what.text, 1, true)) then
        message.channel = channel.id
        return message
      end
    end
  end, what.timeout)
end

return people
