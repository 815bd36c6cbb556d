-- What the local Slack answers over HTTPS: which part of it a request is for, and its record in
-- the trace.

local headers = require "slack.headers"
local responses = require "slack.sandbox.responses"
local webhooks = require "slack.sandbox.webhooks"

---@class slack.sandbox.Serving
local serving = {}

local function handle(self, request)
  local response_id = request.path:match "^/commands/%w+/(%w+)$"
  if response_id then
    return responses.handle(self, response_id, request)
  elseif request.path:find "^/services/" then
    return webhooks.handle(self, request)
  end
  local status, answer_headers, body = self:handle_report(request)
  if not status then
    status, answer_headers, body = self.uploads:handle(request)
  end
  if not status then
    status, answer_headers, body = self.oauth:handle(request)
  end
  if status then
    return status, answer_headers, body
  end
  return self.api:handle(request)
end

-- Under which kind and name a request is recorded; nil: not at all.
local function trace_name(path)
  local method = path:match "^/api/([%w._]+)$"
  if method then
    return "call", method
  elseif path:find "^/commands/" then
    return "response_url", "response_url"
  elseif path:find "^/services/" then
    return "response_url", "incoming webhook"
  elseif path:find "^/upload/" then
    return "call", "upload"
  end
end

---Status, headers and body for a request of the app.
---@async
---@param request slack.sandbox.Request
---@return integer|"drop" status, string[] headers, string body
function serving:answer(request)
  local kind, name = trace_name(request.path)
  local record = kind and self.recorder:asked(kind, name, request)
  local status, answer_headers, body = handle(self, request)
  if record then
    self.recorder:answered(record, status, body)
  end
  return status, answer_headers, body
end

function serving:on_request(id, method, target, header_lines, body)
  local path, query = target:match "^([^?]*)%??(.*)$"
  local request = {
    method = method,
    path = path,
    query = query,
    headers = headers.parse(header_lines),
    body = body,
  }
  local status, answer_headers, answer = self:answer(request)
  if self.stopped then
    return
  elseif status == "drop" then
    self.server:drop(id)
  else
    self.server:respond(id, status, answer_headers, answer)
  end
  self:changed()
end

return serving
