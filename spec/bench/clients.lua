-- The Socket Mode clients that are measured, and how one is run under the load server.

local core = require "slack.core"
local program = require "bench.program"
local settings = require "bench.settings"

local M = {}

local BENCH, LUA = settings.BENCH, settings.LUA

local function write_file(name, text)
  local path = BENCH .. "/" .. name
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  return path
end

local pem = assert(core.certificate { names = "DNS:localhost,IP:127.0.0.1" })

M.CA = write_file("authority.pem", pem.authority)
M.TLS = ("--cert %s --key %s"):format(
  write_file("certificate.pem", pem.certificate), write_file("key.pem", pem.key))
M.LOAD_SERVER = BENCH .. "/load_server"

---@class bench.Client
---@field name string
---@field is_ours boolean?
---@field is_foreign boolean? not of lua-slack: whether it gets better is not ours to say
---@field is_bare boolean? acks and does nothing else
---@field command string
---@field environment string?
---@field file string what must be there for it to be measured
---@field events integer in a closed loop

---The command of lua-slack's app.
---@param arguments? string of spec/bench/app.lua
---@return string
function M.app(arguments)
  return ("%s spec/bench/app.lua {api} %s %s"):format(LUA, M.CA, arguments or "")
end

---@type bench.Client[]
M.ALL = {
  {
    name = "lua-slack", is_ours = true,
    command = M.app(),
    environment = settings.LUA_ENVIRONMENT,
    file = "spec/bench/app.lua",
    events = 60000,
  },
  {
    name = "bare lws", is_foreign = true, is_bare = true,
    command = BENCH .. "/bare_lws {ws} " .. M.CA,
    file = BENCH .. "/bare_lws",
    events = 40000,
  },
  {
    name = "bare curl", is_foreign = true, is_bare = true,
    command = BENCH .. "/bare_curl {ws} " .. M.CA,
    file = BENCH .. "/bare_curl",
    events = 60000,
  },
  {
    name = "Bolt", is_foreign = true,
    command = "node spec/bench/peers/bolt.js {api}",
    environment = ("NODE_EXTRA_CA_CERTS=%s NODE_PATH=%s"):format(M.CA, settings.NODE_MODULES),
    file = settings.NODE_MODULES .. "/@slack/bolt/package.json",
    events = 20000,
  },
  {
    name = "slack-go", is_foreign = true,
    command = BENCH .. "/slack_go {api}",
    environment = "SSL_CERT_FILE=" .. M.CA,
    file = BENCH .. "/slack_go",
    events = 20000,
  },
}

---Starts a client under the load server.
---@param client bench.Client
---@param options string of the load server
---@param command? string instead of the client's own
---@param is_plain? boolean without TLS
---@return fun(): table result waits until the load server has printed it
function M.start(client, options, command, is_plain)
  return program.start {
    who = client.name, environment = client.environment, field = "connected",
    harness = ("%s %s %s"):format(M.LOAD_SERVER, is_plain and "" or M.TLS, options),
    command = command or client.command,
  }
end

---Runs a client under the load server.
---@param client bench.Client
---@param options string of the load server
---@param command? string instead of the client's own
---@param is_plain? boolean without TLS
---@return table result what the load server printed
function M.run(client, options, command, is_plain)
  return M.start(client, options, command, is_plain)()
end

return M
