-- A local Slack for specs, which may run on a machine that does much else: what
-- waits for an app waits until it must be broken, unless the spec says otherwise.
local sandbox = require "slack.sandbox"

-- Seconds. What went to a connection that was just ending comes again before the
-- patience is over.
local PATIENCE <const>, ACK_TIMEOUT <const> = 60, 5

local M = {}

---@param options? slack.SandboxOptions
---@return slack.Sandbox?, string? message, string? code
function M.start(options)
  local all = { patience = PATIENCE, ack_timeout = ACK_TIMEOUT }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return sandbox.start(all)
end

return M
