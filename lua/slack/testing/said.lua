-- What the bot says in a local workspace, noted as it happens.

local json = require "slack.json"
local merged = require "slack.merged"

---A message of the bot's as it was said: Slack's message object, and
---@class slack.testing.Said
---@field text string
---@field blocks? table[]
---@field ts string
---@field channel string id
---@field channel_name string "general", or "@ada" for the conversation with a person
---@field thread_ts? string
---@field ephemeral_to? string name of the only person who sees it
---@field is_update? boolean it took the place of an earlier text of this message

-- What stands above an assistant's thread.
local ROOT = "assistant_app_thread"

local M = {}

local function name_of(workspace, id)
  local user = workspace.users[id]
  return user and user.name or id
end

local function channel_name(workspace, channel)
  return channel.is_im and "@" .. name_of(workspace, channel.user) or channel.name
end

local function snapshot(workspace, channel, message)
  local said = merged(message)
  said.text = said.text or ""
  said.channel, said.channel_name = channel.id, channel_name(workspace, channel)
  said.ephemeral_to = message.shown_to and name_of(workspace, message.shown_to)
  return said
end

M.snapshot = snapshot

---Calls note(said, message) with all that the bot says there from now on.
---@param workspace slack.sandbox.Workspace
---@param note fun(said: slack.testing.Said, message: table)
---@param note_removed fun(said: slack.testing.Said)
function M.watch(workspace, note, note_removed)
  local class = getmetatable(workspace)
  local function is_bots(message)
    return message.bot_id == workspace.bot.id
  end
  function workspace:post(channel, ...)
    local message = class.post(self, channel, ...)
    if is_bots(message) and message.subtype ~= ROOT then
      note(snapshot(self, channel, message), message)
    end
    return message
  end
  function workspace:show_ephemeral(channel, ...)
    local message = class.show_ephemeral(self, channel, ...)
    note(snapshot(self, channel, message), message)
    return message
  end
  function workspace:change(channel, message, changes, editor, ...)
    local result = class.change(self, channel, message, changes, editor, ...)
    if is_bots(message) and not editor then
      local said = snapshot(self, channel, message)
      said.is_update = true
      note(said, message)
    end
    return result
  end
  function workspace:remove(channel, ts, ...)
    local message = self.find_message(channel, ts)
    if message and is_bots(message) then
      note_removed(snapshot(self, channel, message))
    end
    return class.remove(self, channel, ts, ...)
  end
end

---What a post to a response URL has put in the place of a message that only one person sees.
---@param slack_here slack.Sandbox
---@param asked slack.fake_network.Asked
---@param status integer|string
---@return slack.testing.Said?
---@return table? message
function M.replaced(slack_here, asked, status)
  local id = status == 200 and asked.path:match "^/commands/%w+/(%w+)$"
  local place = id and slack_here.responses[id]
  local content = place and place.message and place.message.is_ephemeral
    and json.decode(asked.body)
  if content and content.replace_original then
    local one = snapshot(place.team.workspace, place.channel, place.message)
    one.is_update = true
    return one, place.message
  end
end

return M
