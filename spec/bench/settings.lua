-- What a run of the bench is told: by its first argument where things were built, the rest
-- by the environment. The README of this folder lists all.

local function text_of(name)
  local value = os.getenv(name) or ""
  return value ~= "" and value or nil
end

local M = {}

M.BUILD = arg[1] or "build"
M.BENCH = M.BUILD .. "/bench"
M.LUA = arg[-1] or "lua5.4"
M.LUA_ENVIRONMENT = ("LUA_PATH='./lua/?.lua;./lua/?/init.lua;;' LUA_CPATH='%s/?.so;;'"):format(
  M.BUILD)
M.NODE_MODULES = M.BENCH .. "/node_modules"

M.is_quick = text_of "BENCH_QUICK" ~= nil
M.rounds = math.tointeger(tonumber(text_of "BENCH_ROUNDS")) or (M.is_quick and 1 or 5)
M.json = text_of "BENCH_JSON" or M.BENCH .. "/results.json"

-- Names set apart by commas, as a set; nil: all.
local function names_of(variable)
  local text = text_of(variable)
  if not text then
    return nil
  end
  local names = {}
  for name in text:gmatch "[^,]+" do
    names[name] = true
  end
  return names
end

local parts, only = names_of "BENCH_PART", names_of "BENCH_ONLY"

---@param name string of a part
---@return boolean
function M.wants_part(name)
  return not parts or parts[name] == true
end

---@param name string of who is measured
---@return boolean
function M.wants(name)
  return not only or only[name] == true
end

return M
