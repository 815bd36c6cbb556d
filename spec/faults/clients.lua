-- Who faults are done to.
local Process = require "support.process"
local json = require "slack.json"

local M = {}

M.MODULES = os.getenv "NODE_PATH" or "build/peers/node_modules"

M["lua-slack"] = {
  connections = 2, -- its default
  start = function(options)
    return Process.lua("spec/faults/app.lua", {
      environment = { FAULT_TRIAL = assert(json.encode(options)) },
    })
  end,
}

M.bolt = {
  connections = 1, -- it knows no more
  start = function(options)
    return Process.start("node spec/faults/bolt.js", { environment = {
      FAULT_TRIAL = assert(json.encode(options)), NODE_PATH = M.MODULES, BOLT = "bolt5",
      NODE_EXTRA_CA_CERTS = options.ca_file,
    } })
  end,
}

return M
