-- A Web API that a function of the spec answers for, and a client of it whose log is kept.
local KeptLog = require "support.kept_log"
local WebServer = require "support.web_server"
local clients = require "slack.client"
local json = require "slack.json"
local merged = require "slack.merged"

local ApiServer = {}
ApiServer.__index = ApiServer

ApiServer.TOKEN = "xoxb-111111111111-222222222222-abcdefABCDEF"

---answer(request, number) gives a status, a body (a table becomes JSON) and headers.
---@param answer fun(request: support.Request, number: integer): integer?, any, string[]?
---@param options? slack.ClientOptions
function ApiServer.start(answer, options)
  local self = setmetatable({ kept = KeptLog.new "info" }, ApiServer)
  self.server = WebServer.start(function(request)
    local status, body, headers = answer(request, #self.server.requests)
    return status, type(body) == "table" and json.encode(body) or body, headers
  end)
  self.requests, self.url, self.lines = self.server.requests, self.server.url, self.kept.lines
  self.client = self:open(clients.new, "/api/", options)
  return self
end

---What a constructor makes of this server's address, with the same log.
---@generic T
---@param new fun(options: table): T
---@param path string of the API
---@param options? table
---@return T
function ApiServer:open(new, path, options)
  return new(merged({
    token = ApiServer.TOKEN, api_url = self.url .. path, proxy = "", retries = 0,
    log = self.kept.log,
  }, options))
end

---How many lines of the log have the text in them.
---@param text string
---@return integer
function ApiServer:count(text)
  return self.kept:count(text, true)
end

function ApiServer:stop()
  self.server:stop()
end

return ApiServer
