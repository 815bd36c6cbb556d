-- The programs that are measured, and how one is run under the load server.

local json = require "cjson"
local core = require "slack.core"
local wanted = require "bench.wanted"

local M = {}

local BUILD = arg[1] or "build"
local BENCH = BUILD .. "/bench"
local LUA = arg[-1] or "lua5.4"

M.LOAD_SERVER = BENCH .. "/load_server"

local function write_file(name, text)
  local path = BENCH .. "/" .. name
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local pem = assert(core.certificate { names = "DNS:localhost,IP:127.0.0.1" })
local CA = write_file("authority.pem", pem.authority)
local TLS = ("--cert %s --key %s"):format(
  write_file("certificate.pem", pem.certificate),
  write_file("key.pem", pem.key)
)

M.BENCH, M.LUA, M.CA, M.TLS = BENCH, LUA, CA, TLS

local LUA_ENVIRONMENT = ("LUA_PATH='./lua/?.lua;./lua/?/init.lua;;' LUA_CPATH='%s/?.so;;'"):format(
  BUILD
)
M.LUA_ENVIRONMENT = LUA_ENVIRONMENT

---@class bench.Client
---@field name string
---@field command string
---@field environment string?
---@field file string what must be there for it to be measured
---@field events integer in a closed loop

---The command of lua-slack's app.
---@param arguments? string of spec/bench/app.lua
---@return string
function M.app(arguments)
  return ("%s spec/bench/app.lua {api} %s %s"):format(LUA, CA, arguments or "")
end

---@type bench.Client[]
local clients = {
  {
    name = "lua-slack",
    command = M.app(),
    environment = LUA_ENVIRONMENT,
    file = "spec/bench/app.lua",
    events = 100000,
  },
  {
    name = "bare lws",
    command = BENCH .. "/bare_lws {ws} " .. CA,
    file = BENCH .. "/bare_lws",
    events = 100000,
  },
  {
    name = "bare curl",
    command = BENCH .. "/bare_curl {ws} " .. CA,
    file = BENCH .. "/bare_curl",
    events = 100000,
  },
  {
    name = "Bolt",
    command = "node spec/bench/peers/bolt.js {api}",
    environment = ("NODE_EXTRA_CA_CERTS=%s NODE_PATH=%s/node_modules"):format(CA, BENCH),
    file = BENCH .. "/node_modules/@slack/bolt/package.json",
    events = 50000,
  },
  {
    name = "slack-go",
    command = BENCH .. "/slack_go {api}",
    environment = "SSL_CERT_FILE=" .. CA,
    file = BENCH .. "/slack_go",
    events = 50000,
  },
}

---@return bench.Client[]
function M.wanted()
  return wanted(clients, "not measured")
end

---Runs a client under the load server.
---@param client bench.Client
---@param options string of the load server
---@param command? string instead of the client's own
---@return table result what the load server printed
function M.run(client, options, command)
  local line = ("%s %s %s %s -- %s"):format(
    client.environment or "",
    M.LOAD_SERVER,
    TLS,
    options,
    command or client.command
  )
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  pipe:close()
  local ok, result = pcall(json.decode, text)
  if not ok or not result.connected then
    io.stderr:write(("%s did not connect: %s\n"):format(client.name, line))
    os.exit(1)
  end
  return result
end

return M
