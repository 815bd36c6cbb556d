-- What was raised, as text for a log: the error, and the part of its traceback
-- that is the program's own.

local json = require "slack.json"

local M = {}

-- What lies below every handler and every script.
local INNER = {
  chain = true, dispatch = true, execution = true, http_server = true, ignore_self = true,
  index = true, listener = true, value_tests = true,
  job = true, limit = true, loop = true, matching = true, mention = true, only = true,
  scheduler = true, script = true, scripts = true, tasks = true,
}

-- error called by a file of ours.
local MISUSE = "^%s*stack traceback:\n%s*%[C%]: in function 'error'\n[^\n]*slack[/\\][%l_]+%.lua:"

local function of_table(err)
  local metatable = getmetatable(err)
  if type(metatable) == "table" and metatable.__tostring then
    return tostring(err)
  elseif type(err.message) == "string" then
    local code = err.code
    return code == nil and err.message or ("%s (code %s)"):format(err.message, tostring(code))
  end
  return json.encode(err) or tostring(err)
end

local function of_any(err)
  return type(err) == "table" and of_table(err) or tostring(err)
end

---An error may be anything, and its __tostring fail as well.
---@param err any
---@return string
function M.text(err)
  if err == nil then
    return "nil (error called without a message)"
  end
  local ok, text = pcall(of_any, err)
  return ok and text or ("a %s whose __tostring fails"):format(type(err))
end

---What load said in place of giving a chunk. Of what is nested too deeply it has no line, and
---in a task the handler of the xpcall around it has made something else of the text.
---@param message any
---@param name string of what was to be loaded
---@return string
function M.of_load(message, name)
  if type(message) == "table" then
    message = M.text(message.err or message.text)
  end
  return message:find "^C stack overflow" and name .. ": nested too deeply (C stack overflow)"
    or message
end

local function is_inner(line)
  local name = line:match "slack[/\\]([%l_]+)%.lua:"
  return name and INNER[name] or line:find("^%s*%[C%]:") or line:find("^%s*%(%.%.%.tail calls")
end

---The traceback without what lies below the program's own functions.
---@param traceback string
---@return string
function M.own_part(traceback)
  local lines = {}
  for line in traceback:gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  local last = #lines
  while last > 0 and is_inner(lines[last]) do
    last = last - 1
  end
  if last == 0 or lines[last]:find "^stack traceback" then
    return traceback -- nothing in it is the program's
  end
  local start = traceback:sub(1, 1) == "\n" and "\n" or ""
  return start .. table.concat(lines, "\n", 1, last)
end

---The traceback without what runs the program: all from the first line of that file on.
---@param traceback string
---@param file string the end of its path, as in "slack/program.lua"
---@return string? part nil when no function of the program's is in it
function M.part_above(traceback, file)
  local lines = {}
  for line in traceback:gmatch "[^\n]+" do
    if line:find(file, 1, true) then
      break
    end
    table.insert(lines, line)
  end
  while lines[#lines] and lines[#lines]:find "^%s*%[C%]" do
    table.remove(lines)
  end
  return #lines > 2 and table.concat(lines, "\n") or nil
end

---Whether this framework raised it, for a mistake in a call: its text names the
---line, and the traceback says no more.
---@param traceback string
---@return boolean
function M.is_misuse(traceback)
  return traceback:find(MISUSE) ~= nil
end

return M
