-- Runs one of the programs in C that load what is measured, and reads what it has seen.

local files = require "support.files"
local json = require "cjson"
local settings = require "bench.settings"

local M = {}

local started = 0

---@class bench.Run
---@field who string for the message when it fails
---@field environment string?
---@field harness string the program in C, with its options
---@field command string what it starts, with its arguments
---@field field string of the result, true when it went well

-- What it writes to stderr matters when it fails: peers write there when they are disturbed.

---Begins a run; what it has seen is read by the function that comes back, which waits.
---@param run bench.Run
---@return fun(): table result
function M.start(run)
  started = started + 1
  local errors = ("%s/stderr.%d"):format(settings.BENCH, started)
  local line = ("%s %s -- %s"):format(run.environment or "", run.harness, run.command)
  local pipe = assert(io.popen(("%s 2>%s"):format(line, errors)))
  return function()
    local text = pipe:read "a"
    pipe:close()
    local said = files.read(errors)
    os.remove(errors)
    local ok, result = pcall(json.decode, text)
    if not ok or type(result) ~= "table" or result[run.field] ~= true then
      error(("%s could not be measured: %s\n%s\n%s"):format(run.who, line, text, said), 0)
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
