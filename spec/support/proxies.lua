-- Real proxies of every kind, started when a spec file first needs them, and a local Slack
-- that is only reached through them.
local Process = require "support.process"
local Proxy = require "support.proxy"
local Squid = require "support.squid"
local files = require "support.files"

local M = {}

-- Of every kind: by address, as tinyproxy asks the system for names and not every system knows
-- its own; and by a name that only squid knows.
M.CERTIFICATE = { names = "IP:127.0.0.1,IP:0.0.0.0,DNS:localhost,DNS:slack.test" }
local WORKER <const> = { user = "worker", password = "pa55word", encoded = "worker:pa55word" }
-- As a program must write them in a URL.
local ODD <const> = {
  user = "wörk er", password = "p@ss w/rd %#é?",
  encoded = "w%C3%B6rk%20er:p%40ss%20w%2Frd%20%25%23%C3%A9%3F",
}

local started = {}

local function tinyproxy(credentials)
  local key = credentials and "shut" or "open"
  started[key] = started[key] or Proxy.start(credentials)
  return started[key], started[key].port
end

local function squid(port)
  started.squid = started.squid or Squid.start {
    user = ODD.user, password = ODD.password, hosts = { "slack.test", "wss.slack.test" },
  }
  return started.squid, started.squid[port]
end

---@class spec.ProxyKind
---@field name string
---@field is_installed fun(): boolean
---@field start fun(): table proxy, integer port
---@field credentials table?
---@field host string of the local Slack; one that no rule of the environment is about
---@field scheme string?
---@field ca_file fun(): string?

---@type spec.ProxyKind[]
M.KINDS = {
  { name = "tinyproxy", is_installed = Proxy.is_installed, start = function()
    return tinyproxy()
  end, host = "0.0.0.0" },
  { name = "tinyproxy with credentials", is_installed = Proxy.is_installed, start = function()
    return tinyproxy(WORKER)
  end, credentials = WORKER, host = "0.0.0.0" },
  { name = "squid", is_installed = Squid.is_installed, start = function()
    return squid "open"
  end, host = "slack.test" },
  { name = "squid with credentials", is_installed = Squid.is_installed, start = function()
    return squid "shut"
  end, credentials = ODD, host = "slack.test" },
  { name = "squid over TLS", is_installed = Squid.is_installed, start = function()
    return squid "tls"
  end, host = "slack.test", scheme = "https" },
}

---@param kind spec.ProxyKind
---@return string url, table proxy
function M.start(kind)
  local proxy, port = kind.start()
  local user_info = kind.credentials and kind.credentials.encoded .. "@" or ""
  return ("%s://%s127.0.0.1:%d"):format(kind.scheme or "http", user_info, port), proxy
end

---What a spec that needs it is pending for; nil when it is there.
---@param kind spec.ProxyKind
---@return string?
function M.missing(kind)
  return not kind.is_installed() and kind.name:match "%a+" .. " is not installed" or nil
end

---Has the local Slack name itself so in every URL that it gives.
---@param here slack.Sandbox
---@param host string
function M.move(here, host)
  for _, place in ipairs { here, here.socket, here.uploads } do
    place.url = place.url:gsub("localhost", host, 1)
  end
  here.api_url = here.url .. "api/"
end

---A file with the authorities of the local Slack and of the proxy.
---@return string path
function M.authorities(directory, here, proxy)
  local path = directory.path .. "/authorities.pem"
  files.write(path, files.read(here.ca_file) .. files.read(proxy.ca_file or here.ca_file))
  return path
end

---@param kind_name string
---@return spec.ProxyKind
function M.find(kind_name)
  for _, kind in ipairs(M.KINDS) do
    if kind.name == kind_name then
      return kind
    end
  end
end

local PROGRAM <const> = [[
local slack = require "slack"
local settings = {
  token = os.getenv "TOKEN", api_url = os.getenv "API_URL", connections = 1, log = "warn",
}
slack.run(function()
  local client = slack.client { token = settings.token, api_url = settings.api_url, retries = 0 }
  local answer, err = client:call "auth.test"
  if not answer then
    print(err.code .. ": " .. tostring(err))
    os.exit(1)
  end
  settings.app_token = os.getenv "APP_TOKEN"
  local app <close> = slack.app(settings)
  app:command("/hello", function(c)
    c:ack()
    assert(c:respond "From a program.")
    app:stop()
  end)
  assert(app:run())
  print "called"
end)
]]

---A bot that is told of the network by nothing but its environment. It answers /hello and ends.
---@return table process
function M.run_program(directory, here, environment)
  local path = directory.path .. "/program.lua"
  files.write(path, PROGRAM)
  environment.API_URL, environment.TOKEN, environment.APP_TOKEN =
    here.api_url, here.bot_token, here.app_token
  for _, name in ipairs { "HTTPS_PROXY", "NO_PROXY", "no_proxy", "https_proxy" } do
    environment[name] = environment[name] or ""
  end
  return Process.lua(path, { environment = environment })
end

---Ends those that were started.
function M.stop()
  for _, proxy in pairs(started) do
    proxy:stop()
  end
  started = {}
end

return M
