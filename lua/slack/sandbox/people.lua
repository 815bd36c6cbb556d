-- What people do in the local workspace, and what they see.

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

---Somebody writes a message; the app gets its events.
---@param what { text: string, user: string?, channel: string?, thread_ts: string?, blocks: table? }
---@return table message with ts and channel
function people:say(what)
  local user, channel = resolve(self, what)
  local message = self.workspace:post(channel, {
    user = user.id,
    text = what.text,
    blocks = what.blocks,
    thread_ts = what.thread_ts,
    client_msg_id = self.workspace.new_id "":lower(),
  })
  message.channel = channel.id
  self:changed()
  return message
end

---Somebody edits a message.
---@param what { message: table, text: string, user: string? }
function people:edit(what)
  local user, channel = resolve(self, { user = what.user, channel = what.message.channel })
  local message = self.workspace.find_message(channel, what.message.ts)
  self.workspace:change(channel, message, { text = what.text }, user.id)
  self:changed()
end

---Somebody deletes a message.
---@param what { message: table }
function people:delete(what)
  local _, channel = resolve(self, { channel = what.message.channel })
  self.workspace:remove(channel, what.message.ts)
  self:changed()
end

---Somebody reacts to a message with an emoji.
---@param what { message: table, name: string, user: string? }
function people:react(what)
  local user, channel = resolve(self, { user = what.user, channel = what.message.channel })
  local message = self.workspace.find_message(channel, what.message.ts)
  self.workspace:react(channel, message, what.name, user.id)
  self:changed()
end

-- What an ack of a command or a response puts into the channel.
local function show(self, content, user, channel)
  local fields = type(content) == "string" and { text = content } or content
  local workspace = self.workspace
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

---@class slack.sandbox.Outcome
---@field ack any payload of the app's ack; json.null when it had none; nil when it never came
---@field seconds number? from sending to ack
---@field message table? what the ack put into the channel
---@field response_url string? for this interaction
---@field trigger_id string?
---@field delivery slack.sandbox.Delivery

local function deliver_and_wait(self, kind, payload, timeout)
  local delivery = self:deliver(kind, payload, { accepts_response_payload = true })
  local ack = delivery:await_ack(timeout or 3)
  return {
    ack = ack,
    seconds = delivery:ack_time(),
    response_url = payload.response_url,
    trigger_id = payload.trigger_id,
    delivery = delivery,
  }
end

local function is_message(ack)
  return type(ack) == "table" and (ack.text or ack.blocks or ack.attachments)
end

---Somebody types a slash command; waits for the app's ack.
---@async
---@param what { command: string, text: string?, user: string?, channel: string?, timeout: number? }
---@return slack.sandbox.Outcome
function people:command(what)
  local user, channel = resolve(self, what)
  local outcome = deliver_and_wait(self, "slash_commands", {
    token = "verification-token",
    team_id = self.workspace.team.id,
    team_domain = self.workspace.team.domain,
    channel_id = channel.id,
    channel_name = channel.name,
    user_id = user.id,
    user_name = user.name,
    command = what.command,
    text = what.text or "",
    api_app_id = self.workspace.app_id,
    is_enterprise_install = "false",
    response_url = self:new_response_url(user, channel),
    trigger_id = self:new_trigger(),
  }, what.timeout)
  if is_message(outcome.ack) then
    outcome.message = show(self, outcome.ack, user, channel)
  end
  self:changed()
  return outcome
end

local function find_element(message, action_id)
  for _, block in ipairs(message.blocks or {}) do
    local elements = block.elements or { block.accessory }
    for _, element in ipairs(elements) do
      if element.action_id == action_id then
        return element, block
      end
    end
  end
end

-- The fields of a payload that each interaction has.
local function interaction(self, kind, user)
  local workspace = self.workspace
  return {
    type = kind,
    user = { id = user.id, username = user.name, name = user.name, team_id = workspace.team.id },
    team = { id = workspace.team.id, domain = workspace.team.domain },
    api_app_id = workspace.app_id,
    token = "verification-token",
    trigger_id = self:new_trigger(),
    is_enterprise_install = false,
  }
end

---@class slack.sandbox.Click
---@field message table
---@field action_id string
---@field user? string
---@field fields? table what the action carries besides, selected_option for instance
---@field timeout? number seconds

---Somebody uses a button or menu of a message; waits for the app's ack.
---@async
---@param what slack.sandbox.Click
---@return slack.sandbox.Outcome
function people:click(what)
  local message = what.message
  local user, channel = resolve(self, { user = what.user, channel = message.channel })
  local element, block = find_element(message, what.action_id)
  if not element then
    fail(2, "the message has no element with action_id %s", what.action_id)
  end
  local action = {
    type = element.type,
    action_id = element.action_id,
    block_id = block.block_id,
    text = element.text,
    value = element.value,
    style = element.style,
    action_ts = self.workspace:new_ts(),
  }
  for key, value in pairs(what.fields or {}) do
    action[key] = value
  end
  local payload = interaction(self, "block_actions", user)
  payload.actions = { action }
  payload.channel = { id = channel.id, name = channel.name }
  payload.container = {
    type = "message",
    message_ts = message.ts,
    channel_id = channel.id,
    is_ephemeral = message.is_ephemeral or false,
    thread_ts = message.thread_ts,
  }
  payload.message = not message.is_ephemeral and message or nil
  payload.state = { values = {} }
  payload.response_url = self:new_response_url(user, channel, message)
  local outcome = deliver_and_wait(self, "interactive", payload, what.timeout)
  self:changed()
  return outcome
end

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
