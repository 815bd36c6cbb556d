-- Incoming webhooks of the local Slack (protocol §13.7): URLs that an installation
-- with the scope incoming-webhook brings.

local block_checks = require "slack.sandbox.block_checks"
local form = require "slack.form"
local json = require "slack.json"
local new_id = require "slack.sandbox.new_id"

local M = {}

---Makes a webhook of the app for the first channel of a workspace.
---@param sandbox slack.Sandbox
---@param workspace slack.sandbox.Workspace
---@return { url: string, channel: string, channel_id: string, configuration_url: string }
function M.add(sandbox, workspace)
  local channel = workspace.channel_list[1]
  local path = ("/services/%s/%s/%s"):format(workspace.id, workspace.bot.id, new_id "")
  sandbox.webhooks[path] = { workspace = workspace, channel = channel }
  return {
    url = sandbox.url .. path:sub(2),
    channel = "#" .. channel.name,
    channel_id = channel.id,
    configuration_url = ("https://%s.slack.com/services/%s"):format(
      workspace.team.domain, workspace.bot.id),
  }
end

local function decode(request)
  local kind = request.headers["content-type"] or ""
  if kind:find "^application/x%-www%-form%-urlencoded" then
    return json.decode((form.decode(request.body) or {}).payload or "")
  end
  return json.decode(request.body)
end

local function answer(status, word)
  return status, { "Content-Type", "text/plain" }, word
end

---@param sandbox slack.Sandbox
---@param request slack.sandbox.Request
---@return integer status, string[] headers, string body
function M.handle(sandbox, request)
  local hook = sandbox.webhooks[request.path]
  local content = hook and request.method == "POST" and decode(request)
  if not hook or not sandbox.grants:installation_of(hook.workspace) then
    return answer(404, "no_service")
  end
  local seconds = sandbox.rate_limits:take("incoming webhook", request.path)
  if seconds then
    return 429, { "Content-Type", "text/plain", "Retry-After", tostring(seconds) }, "rate_limited"
  elseif type(content) ~= "table" then
    return answer(400, "invalid_payload")
  elseif not (content.text or content.blocks or content.attachments) then
    return answer(400, "no_text")
  elseif block_checks.refusal(block_checks.message(content)) then
    return answer(400, "invalid_blocks")
  end
  local message = hook.workspace:bot_fields()
  message.subtype = "bot_message"
  message.text = content.text or ""
  message.blocks, message.attachments = content.blocks, content.attachments
  hook.workspace:post(hook.channel, message)
  return answer(200, "ok")
end

return M
