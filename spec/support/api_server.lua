-- A Web API that a function of the spec answers for, and a client of it whose log is kept.
local WebServer = require "support.web_server"
local clients = require "slack.client"
local json = require "slack.json"
local log = require "slack.log"

local ApiServer = {}
ApiServer.__index = ApiServer

ApiServer.TOKEN = "xoxb-111111111111-222222222222-abcdefABCDEF"

---answer(request, number) gives a status, a body (a table becomes JSON) and headers.
---@param answer fun(request: support.Request, number: integer): integer?, any, string[]?
---@param options? slack.ClientOptions
function ApiServer.start(answer, options)
  local self = setmetatable({ lines = {} }, ApiServer)
  self.server = WebServer.start(function(request)
    local status, body, headers = answer(request, #self.server.requests)
    return status, type(body) == "table" and json.encode(body) or body, headers
  end)
  self.requests, self.url = self.server.requests, self.server.url
  local all = {
    token = ApiServer.TOKEN, api_url = self.url .. "/api/", proxy = "", retries = 0,
    log = log.new {
      level = "debug",
      sink = function(line)
        table.insert(self.lines, line)
      end,
    },
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  self.client = clients.new(all)
  return self
end

---How many lines of the log have the text in them.
---@param text string
---@return integer
function ApiServer:count(text)
  local count = 0
  for _, line in ipairs(self.lines) do
    count = count + (line:find(text, 1, true) and 1 or 0)
  end
  return count
end

function ApiServer:stop()
  self.server:stop()
end

return ApiServer
