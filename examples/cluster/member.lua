-- A process of the cluster, as run.lua starts, watches and ends it.

local core = require "slack.core"

---@class cluster.Member
---@field name string
---@field pid integer
---@field pipe file*? nil when it has been collected
---@field log_file string
local Member = {}
Member.__index = Member
Member.__name = "cluster.member"

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

---@param directory string for its log
---@param name string
---@param command string for the shell; one program
---@param environment? table<string, any>
---@return cluster.Member ended when it is closed
function Member.start(directory, name, command, environment)
  local log_file = ("%s/%s.log"):format(directory, name:gsub(" ", "_"))
  local words = { "echo $$; exec env" }
  for key, value in pairs(environment or {}) do
    table.insert(words, key .. "=" .. quote(value))
  end
  table.insert(words, ("%s >%s 2>&1"):format(command, quote(log_file)))
  local pipe = assert(io.popen(table.concat(words, " "), "r"))
  local pid = assert(pipe:read "n", name .. " did not start")
  return setmetatable({ name = name, pid = pid, pipe = pipe, log_file = log_file }, Member)
end

---What it has written.
---@return string
function Member:log()
  local file <close> = io.open(self.log_file, "rb")
  return file and file:read "a" or ""
end

---Sends a signal and waits for its end (blocks).
---@param signal "TERM"|"KILL"
---@return integer status
function Member:finish(signal)
  if self.pipe then
    core.signal_process(self.pid, signal)
    local _, _, status = self.pipe:close()
    self.pipe, self.status = nil, status
  end
  return self.status
end

function Member:__close()
  self:finish "KILL"
end

return Member
