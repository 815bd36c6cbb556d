-- What specs of HTTP transfers ask, and what servers do to them.
local WebServer = require "support.web_server"
local assert = require "luassert"
local http = require "slack.http"

local M = {}

-- Steps of a scripted server: a head without a length, and a body without an end.
M.ENDLESS = "send HTTP/1.1 200 OK\\r\\n\\r\\n"
M.FLOOD = "repeat 0 " .. ("0123456789abcdef"):rep(256)

---A request without a proxy, unless its `net` says so, that nothing bounds soon.
---@param settings slack.HttpRequest
function M.request(settings)
  settings.net = settings.net or assert(http.net { proxy = "", ca_file = settings.ca_file })
  settings.ca_file = nil
  settings.timeout = settings.timeout or 20
  return http.request(settings)
end

---A server that gives back the body it got, and tells which length that was announced with.
---@param status? integer 200
---@return table server
function M.echo(status)
  return WebServer.start(function(got)
    return status or 200, got.body, { "X-Length", got.headers["content-length"] or "none" }
  end)
end

---Fails unless a request has failed with this code and a message like this.
---@param code string
---@param pattern string
function M.assert_failure(code, pattern, response, err)
  assert.is_nil(response)
  assert.equal(code, err.code, tostring(err))
  assert.matches(pattern, err.message)
end

return M
