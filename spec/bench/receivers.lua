-- The HTTP receivers that are measured, and how one is run under the load client.

local json = require "cjson"
local wanted = require "bench.wanted"

local M = {}

local BUILD = arg[1] or "build"
local BENCH = BUILD .. "/bench"
local LUA = arg[-1] or "lua5.4"
local LOAD_CLIENT = BENCH .. "/load_client"

---@class bench.Receiver
---@field name string
---@field command string
---@field environment string?
---@field file string what must be there for it to be measured

---@type bench.Receiver[]
local receivers = {
  {
    name = "lua-slack",
    command = LUA .. " spec/bench/app_http.lua {api} {port}",
    environment = ("LUA_PATH='./lua/?.lua;./lua/?/init.lua;;' LUA_CPATH='%s/?.so;;'"):format(BUILD),
    file = "spec/bench/app_http.lua",
  },
  {
    name = "bare raw-skt",
    command = BENCH .. "/bare_lws_raw {port}",
    file = BENCH .. "/bare_lws_raw",
  },
  {
    name = "bare lws",
    command = BENCH .. "/bare_lws_http {port}",
    file = BENCH .. "/bare_lws_http",
  },
  {
    name = "Bolt",
    command = "node spec/bench/peers/bolt_http.js {api} {port}",
    environment = ("NODE_PATH=%s/node_modules"):format(BENCH),
    file = BENCH .. "/node_modules/@slack/bolt/package.json",
  },
  {
    name = "slack-go",
    command = BENCH .. "/slack_go_http {port}",
    file = BENCH .. "/slack_go_http",
  },
}

---@return bench.Receiver[]
function M.wanted()
  return wanted(receivers, "not measured over HTTP")
end

---Runs a receiver under the load client.
---@param receiver bench.Receiver
---@param options string of the load client
---@return table result what the load client printed
function M.run(receiver, options)
  local line = ("%s %s %s -- %s"):format(receiver.environment or "", LOAD_CLIENT, options,
    receiver.command)
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  pipe:close()
  local ok, result = pcall(json.decode, text)
  if not ok or not result.ok then
    io.stderr:write(("%s did not serve: %s\n"):format(receiver.name, line))
    os.exit(1)
  end
  return result
end

return M
