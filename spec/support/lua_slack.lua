-- The command `lua-slack` as a process of its own, in a folder of the spec's.
local Process = require "support.process"
local files = require "support.files"

local M = {}

local TOKENS = "SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_SIGNING_SECRET SLACK_API_URL SLACK_STORAGE"

local function here()
  local pipe <close> = assert(io.popen("pwd", "r"))
  return pipe:read "l"
end

-- A script that is that line of words.
local function entry_of(words)
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = ("%q"):format(word)
  end
  return ("arg = { [0] = %q, [-1] = arg[-1], %s }\ndofile(arg[0])"):format(
    here() .. "/lua/slack/command/main.lua", table.concat(quoted, ", "))
end

---Starts it.
---@param directory string
---@param words string[]
---@param environment? table<string, string>
---@return table process
function M.start(directory, words, environment)
  local path = os.tmpname()
  files.write(path, entry_of(words))
  local process = Process.lua(path, {
    directory = directory, environment = environment, before = "unset " .. TOKENS,
  })
  process.entry = setmetatable({}, { __gc = function() os.remove(path) end })
  return process
end

---Runs it to its end.
---@param directory string
---@param words string[]
---@param environment? table<string, string>
---@return integer status
---@return string output
function M.run(directory, words, environment)
  local process <close> = M.start(directory, words, environment)
  local status = process:wait()
  return status, process:output()
end

return M
