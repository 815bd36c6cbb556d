-- Response URLs of the local Slack (protocol §5.9): five posts within thirty
-- minutes, to the message the interaction came from or beside it.

local block_checks = require "slack.sandbox.block_checks"
local json = require "slack.json"
local loop = require "slack.loop"
local people = require "slack.sandbox.people"

local responses = {}

local LIFE = 30 * 60
local USES = 5

---A URL to answer an interaction with.
---@param self slack.Sandbox
---@param team slack.sandbox.Team where it was
---@param user table
---@param channel table
---@param message? table the one that the interaction came from
---@return string url
function responses.add(self, team, user, channel, message)
  local id = self.workspace.new_id "R"
  self.responses[id] = {
    team = team,
    user = user,
    channel = channel,
    message = message,
    left = USES,
    until_time = loop.now() + LIFE,
  }
  return ("%scommands/%s/%s"):format(self.url, team.team_id, id)
end

local function refuse(status, word)
  return status, { "Content-Type", "application/json" }, ('{"ok":false,"error":"%s"}'):format(word)
end

local function take_away(place)
  local channel, ts = place.channel, place.message.ts
  for position, message in ipairs(channel.ephemeral or {}) do
    if message.ts == ts then
      table.remove(channel.ephemeral, position)
      return
    end
  end
  place.team.workspace:remove(channel, ts)
end

local function replace(place, content)
  local message = place.message
  place.team.workspace.identify(content.blocks)
  local changes = {
    text = content.text or "", blocks = content.blocks or json.null,
    attachments = content.attachments or json.null, metadata = content.metadata,
  }
  if message.is_ephemeral then
    place.team.workspace.alter(message, changes)
  else
    place.team.workspace:change(place.channel, message, changes)
  end
end

---Answers a post to a response URL.
---@param self slack.Sandbox
---@param id string
---@param request slack.sandbox.Request
---@return integer status, string[] headers, string body
function responses.handle(self, id, request)
  local place = self.responses[id]
  if not place then
    return refuse(404, "invalid_url")
  elseif loop.now() > place.until_time then
    return refuse(404, "expired_url")
  elseif place.left == 0 then
    return refuse(404, "used_url")
  end
  local content = json.decode(request.body)
  if request.method ~= "POST" or type(content) ~= "table" then
    return refuse(400, "invalid_payload")
  end
  if block_checks.refusal(block_checks.message(content)) then
    return refuse(400, "invalid_blocks")
  end
  place.left = place.left - 1
  if content.delete_original and place.message then
    take_away(place)
  elseif content.replace_original and place.message then
    replace(place, content)
  elseif not (content.text or content.blocks or content.attachments) then
    return refuse(400, "no_text")
  else
    people.show_response(place.team, content, place.user, place.channel)
  end
  return 200, { "Content-Type", "text/plain" }, "ok"
end

return responses
