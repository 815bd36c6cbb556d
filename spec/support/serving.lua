-- An app without Slack whose HTTP side listens on a free port of the loopback.
local HttpServer = require "slack.http_server"
local core = require "slack.core"
local files = require "support.files"
local offline_app = require "support.offline_app"
local slack = require "slack"
local tasks = require "slack.tasks"

local M = {}

---Writes a new certificate and its key into a folder.
---@param folder string
---@return { cert: string, key: string, ca: string } paths
function M.write_certificate(folder)
  local pem = assert(core.certificate {})
  local paths = {
    cert = folder .. "/cert.pem", key = folder .. "/key.pem", ca = folder .. "/ca.pem",
  }
  files.write(paths.ca, pem.authority)
  files.write(paths.cert, pem.certificate)
  files.write(paths.key, pem.key)
  return paths
end

---Runs fn(on) as a task; on has app, server, log() and request(path, options).
---@param fn fun(on: table)
---@param given? table options of the app
function M.run(fn, given)
  local options = { http = {} }
  for name, value in pairs(given or {}) do
    options[name] = value
  end
  options.http.host, options.http.port = "127.0.0.1", 0
  local offline = offline_app.new(options)
  local app = offline.app
  local server = HttpServer.new { app = app, options = app.settings.http, log = app.log }
  app.http_server = server
  local function request(path, more)
    return assert(slack.fetch(server:url() .. path, more))
  end
  tasks.run(function()
    local closing <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
      server:close()
    end })
    assert(server:open())
    fn {
      app = app, server = server, request = request, offline = offline,
      log = function() return offline:log() end,
    }
  end)
end

return M
