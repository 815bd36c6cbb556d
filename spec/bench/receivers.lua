-- The HTTP receivers that are measured, and how one is run under the load client.

local program = require "bench.program"
local settings = require "bench.settings"

local M = {}

local BENCH = settings.BENCH

---@class bench.Receiver
---@field name string
---@field is_ours boolean?
---@field is_foreign boolean?
---@field command string
---@field environment string?
---@field file string what must be there for it to be measured
---@field requests integer

---@type bench.Receiver[]
M.ALL = {
  {
    name = "lua-slack", is_ours = true,
    command = settings.LUA .. " spec/bench/app_http.lua {api} {port}",
    environment = settings.LUA_ENVIRONMENT,
    file = "spec/bench/app_http.lua",
    requests = 50000,
  },
  {
    name = "bare raw-skt", is_foreign = true,
    command = BENCH .. "/bare_lws_raw {port}",
    file = BENCH .. "/bare_lws_raw",
    requests = 50000,
  },
  {
    name = "bare lws", is_foreign = true,
    command = BENCH .. "/bare_lws_http {port}",
    file = BENCH .. "/bare_lws_http",
    requests = 50000,
  },
  {
    name = "Bolt", is_foreign = true,
    command = "node spec/bench/peers/bolt_http.js {api} {port}",
    environment = "NODE_PATH=" .. settings.NODE_MODULES,
    file = settings.NODE_MODULES .. "/@slack/bolt/package.json",
    requests = 6000,
  },
  {
    name = "slack-go", is_foreign = true,
    command = BENCH .. "/slack_go_http {port}",
    file = BENCH .. "/slack_go_http",
    requests = 20000,
  },
}

---Runs a receiver under the load client.
---@param receiver bench.Receiver
---@param options string of the load client
---@return table result what the load client printed
function M.run(receiver, options)
  return program.run {
    who = receiver.name, environment = receiver.environment, field = "ok",
    harness = ("%s/load_client %s"):format(BENCH, options), command = receiver.command,
  }
end

return M
