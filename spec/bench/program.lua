-- Runs one of the programs in C that load what is measured, and reads what it has seen.

local json = require "cjson"

local M = {}

---@class bench.Run
---@field who string for the message when it fails
---@field environment string?
---@field harness string the program in C, with its options
---@field command string what it starts, with its arguments
---@field field string of the result, true when it went well

---Begins a run; what it has seen is read by the function that comes back, which waits.
---@param run bench.Run
---@return fun(): table result
function M.start(run)
  local line = ("%s %s -- %s"):format(run.environment or "", run.harness, run.command)
  local pipe = assert(io.popen(line))
  return function()
    local text = pipe:read "a"
    pipe:close()
    local ok, result = pcall(json.decode, text)
    if not ok or type(result) ~= "table" or result[run.field] ~= true then
      io.stderr:write(("%s could not be measured: %s\n%s\n"):format(run.who, line, text))
      os.exit(1)
    end
    return result
  end
end

---@param run bench.Run
---@return table result
function M.run(run)
  return M.start(run)()
end

return M
