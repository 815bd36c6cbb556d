-- The name of this process among those that share an inbox: HOST.BOOT.NS.PID.RANDOM. By the
-- first four another process on the same machine can tell that this one is gone, and need not
-- wait for its lease.

local core = require "slack.core"

local UNKNOWN = "-"

local M = {}

-- The first line of a file of the system, without what would part it.
local function read(path)
  local file = io.open(path, "r")
  local line = file and file:read "l"
  if file then
    file:close()
  end
  line = line and line:gsub("[^%w%-_]", "-") or ""
  return line ~= "" and line:sub(1, 64) or UNKNOWN
end

-- The number of the namespace in which the process has its id; containers have their own.
local function namespace()
  local stamp = core.stat "/proc/self/ns/pid"
  return stamp and stamp:match "^%d+%D(%d+)" or UNKNOWN
end

---A new name, of the process that calls this.
---@return string
function M.new()
  local random = core.random(8):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  return table.concat({
    read "/proc/sys/kernel/hostname", read "/proc/sys/kernel/random/boot_id", namespace(),
    ("%d"):format(core.pid()), random,
  }, ".")
end

---How a process is called in the log: HOST:PID.
---@param name string
---@return string
function M.label(name)
  local host, pid = name:match "^([^.]+)%.[^.]+%.[^.]+%.(%d+)%.%x+$"
  return host and host .. ":" .. pid or name
end

return M
