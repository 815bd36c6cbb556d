-- HTTP in the time of a made-up clock, without a network: what http.request is asked, a function
-- answers, some time later.
local clock = require "support.clock"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local M = {}
M.__index = M

local Response = {}
Response.__index = Response

function Response:header(name)
  return self.headers[name]
end

local function respond(request, status, body, headers)
  local lower = {}
  for name, value in pairs(headers or {}) do
    lower[name:lower()] = value
  end
  return setmetatable({
    status = status, ok = status >= 200 and status < 300, url = request.url, headers = lower,
    redirect = lower.location,
    body = type(body) == "table" and json.encode(body) or body or "",
  }, Response)
end

---Begins it. answer(request, number) gives a status, a body (a table becomes JSON) and headers by
---name; or nil and an error.
---@param answer fun(request: slack.HttpRequest, number: integer): ...
---@param options? { latency: number? } seconds, 0.01
---@return table self requests: { url =, body =, at = seconds since the start }; time.now
function M.start(answer, options)
  local made, time = clock.loop()
  local self = setmetatable({
    requests = {}, time = time, began = time.now, before = loop.use(made), request = http.request,
  }, M)
  http.request = function(request, body_of_shape)
    request = body_of_shape and setmetatable({ body = body_of_shape }, request) or request
    local number = #self.requests + 1
    self.requests[number] = {
      url = request.url, body = request.body, at = time.now - self.began,
      timeout = request.timeout, deadline = request.deadline,
    }
    local status, body, headers = answer(request, number)
    tasks.sleep(options and options.latency or 0.01)
    if not status then
      return nil, body
    end
    return respond(request, status, body, headers)
  end
  return self
end

function M:stop()
  loop.use(self.before)
  http.request = self.request
end

M.__close = M.stop

return M
