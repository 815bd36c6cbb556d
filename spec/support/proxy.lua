-- A real HTTP proxy (tinyproxy) on this machine, for as long as a spec wants it.
local Process = require "support.process"
local WebServer = require "support.web_server"
local files = require "support.files"
local http = require "slack.http"
local tasks = require "slack.tasks"

local Proxy = {}
Proxy.__index = Proxy
Proxy.__name = "proxy"

local CONFIGURATION = "Port %d\nListen 127.0.0.1\nTimeout 20\nMaxClients 20\nAllow 127.0.0.1\n%s\n"

---A port that nothing listens on.
---@return integer
function Proxy.free_port()
  local server <close> = WebServer.start(function() end)
  return server.port
end

---Three of them, no two of which are the same: they are let go together.
---@return integer, integer, integer
function Proxy.three_free_ports()
  local first <close> = WebServer.start(function() end)
  local second <close> = WebServer.start(function() end)
  local third <close> = WebServer.start(function() end)
  return first.port, second.port, third.port
end

---Whether the program is there.
---@return boolean
function Proxy.is_installed()
  return files.run "command -v tinyproxy >/dev/null"
end

local function answers(port)
  return http.request {
    url = ("http://127.0.0.1:%d/"):format(port), net = http.net { proxy = "" }, timeout = 5,
  }
end

---Waits until a proxy answers.
---@param port integer
---@return boolean
function Proxy.wait_for(port)
  for _ = 1, 500 do
    if answers(port) then
      return true
    end
    tasks.sleep(0.02)
  end
  return false
end

---Whether a proxy lets nobody through who gives no credentials.
---@param port integer
---@return boolean
function Proxy.is_shut(port)
  local _, message = http.request {
    url = "http://127.0.0.1:1/", timeout = 5,
    net = http.net { proxy = ("http://127.0.0.1:%d"):format(port), no_proxy = "" },
  }
  return message ~= nil and tostring(message):find("status 407", 1, true) ~= nil
end

---Starts it and waits until it answers.
---@param options? { user: string, password: string } credentials that it wants
---@param port? integer
---@return table proxy with port
function Proxy.start(options, port)
  local self = setmetatable({ directory = files.temporary(), port = port or Proxy.free_port() },
    Proxy)
  local credentials = options and ("BasicAuth %s %s"):format(options.user, options.password) or ""
  local path = self.directory.path .. "/conf"
  files.write(path, CONFIGURATION:format(self.port, credentials))
  self.program = Process.start("tinyproxy -d -c " .. path)
  if not Proxy.wait_for(self.port) then
    local output = self.program:output()
    self:stop()
    error("tinyproxy does not answer: " .. output)
  end
  return self
end

---What it has logged so far.
---@return string
function Proxy:output()
  return self.program:output()
end

function Proxy:stop()
  Process.__close(self.program)
  getmetatable(self.directory).__close(self.directory)
end

Proxy.__close = Proxy.stop

return Proxy
