-- Counts the instructions of the event path under callgrind, each time so many of them that one
-- more or less does not show; what is in libcrypto and libcurl depends on the processor and is
-- left out.

local callgrind = require "bench.callgrind"
local cjson = require "cjson"
local files = require "support.files"
local settings = require "bench.settings"

local M = {}

local FRAMES <const>, REQUESTS <const>, REPETITIONS <const> = 6400, 2000, 1500

-- Ours, Lua's, and what Lua needs of others.
local OBJECTS <const> = {
  "/core%.so$", "/count_%l+$", "/lua[%w.-]*$", "/liblua[%w.-]*$", "/libc[.-][^/]*$", "/cjson%.so",
}

local function is_counted(object)
  for _, pattern in ipairs(OBJECTS) do
    if object:find(pattern) then
      return true
    end
  end
  return false
end

-- Instructions for one of so many repetitions.
local function each(objects, repetitions)
  local sum = 0
  for object, instructions in pairs(objects) do
    sum = sum + (is_counted(object) and instructions or 0)
  end
  return math.tointeger(sum // repetitions)
end

---@class bench.Counted
---@field name string of the program, which is its folder too
---@field command string
---@field repetitions integer
---@field titles table<string, string>? what its counts are called in the end; nil: as it says

local function programs(directory)
  local bench = settings.BENCH
  return {
    {
      name = "lua", repetitions = REPETITIONS,
      command = ("%s spec/bench/counted.lua %s %s/mix %d"):format(settings.LUA, settings.BUILD,
        directory, REPETITIONS),
    },
    {
      name = "frames", command = ("%s/count_frames %d"):format(bench, FRAMES),
      repetitions = FRAMES,
      titles = { frames = "C: frame, envelope, message and ack of an event" },
    },
    {
      name = "requests", command = ("%s/count_requests %d"):format(bench, REQUESTS),
      repetitions = REQUESTS,
      titles = { requests = "C: head, signature and message of a request" },
    },
  }
end

---@return table<string, integer> instructions of each figure
function M.count()
  local directory <close> = files.temporary()
  files.run(("%s/load_server --mix >%s/mix"):format(settings.BENCH, directory.path))
  local list, waits, figures = programs(directory.path), {}, {}
  for i, program in ipairs(list) do
    local own = directory.path .. "/" .. program.name
    files.run(("mkdir '%s'"):format(own))
    waits[i] = callgrind.start { command = program.command, directory = own }
  end
  for i, program in ipairs(list) do
    for name, objects in pairs(waits[i]()) do
      local title = program.titles and program.titles[name] or name
      figures[title] = each(objects, program.repetitions)
    end
  end
  return figures
end

local function said(command)
  local pipe <close> = assert(io.popen(command .. " 2>&1"))
  return pipe:read "a"
end

---What the counts depend on. How the C module was compiled it says itself.
---@return table<string, string>
function M.versions()
  local module = files.read(settings.BUILD .. "/slack/core.so")
  local producer = module:match "GNU C%d+ [^%z]+" or module:match "clang version [^%z]+"
    or "unknown"
  return {
    processor = said "uname -m":match "%S+",
    compiler = producer:match "^GNU C%d+ [%d.]+" or producer,
    flags = producer:match "^GNU C%d+ [%d.]+ ([^%z]*)" or "unknown",
    lua = said(settings.LUA .. " -v"):match "Lua [%d.]+" or "unknown",
    libc = said "getconf GNU_LIBC_VERSION":match "%S+ %S+" or "unknown",
    ["lua-cjson"] = cjson._VERSION,
    valgrind = said "valgrind --version":match "%S+" or "unknown",
  }
end

return M
