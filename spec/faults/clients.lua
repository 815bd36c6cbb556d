-- Who faults are done to: `start(options, before)`, with words before the command.
local Process = require "support.process"
local child = require "support.child"
local json = require "slack.json"

local M = {}

M.MODULES = os.getenv "NODE_PATH" or "build/peers/node_modules"

M["lua-slack"] = {
  connections = 2, -- its default
  start = function(options, before)
    return Process.start(before .. child.interpreter() .. " spec/faults/app.lua", {
      environment = {
        FAULT_TRIAL = assert(json.encode(options)),
        LUA_PATH = package.path, LUA_CPATH = package.cpath,
      },
    })
  end,
}

M.bolt = {
  connections = 1, -- it knows no more
  start = function(options, before)
    return Process.start(before .. "node spec/faults/bolt.js", { environment = {
      FAULT_TRIAL = assert(json.encode(options)), NODE_PATH = M.MODULES, BOLT = "bolt5",
      NODE_EXTRA_CA_CERTS = options.ca_file,
    } })
  end,
}

return M
