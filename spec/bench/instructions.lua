-- Counts the instructions of the event path under callgrind, each time so many of them that one
-- more or less does not show; what is in libcrypto and libcurl depends on the processor and is
-- left out.

local callgrind = require "bench.callgrind"
local cjson = require "cjson"
local clients = require "bench.clients"
local files = require "support.files"
local settings = require "bench.settings"

local M = {}

local FRAMES <const>, REQUESTS <const>, REPETITIONS <const> = 6400, 2000, 1500
local CALLS <const>, EVENTS <const>, WARM_UP <const> = 600, 1500, 500
local RUNS <const> = 3 -- of what depends on how threads take turns: that only ever adds
local PATIENCE <const> = 300 -- seconds; callgrind on a busy machine is slow

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

---@class bench.Counted: bench.Counting
---@field name string of the program, which is its folder too
---@field repetitions integer
---@field title string? what its only count is called; nil: as each says
---@field is_alone boolean? nothing else is counted meanwhile

---@return bench.Counted[]
local function programs(directory)
  local bench, environment = settings.BENCH, settings.LUA_ENVIRONMENT
  local list = {
    {
      name = "lua", repetitions = REPETITIONS, counts_by_thread = true,
      command = ("%s spec/bench/counted.lua %s %s/mix %d"):format(settings.LUA, settings.BUILD,
        directory, REPETITIONS),
    },
    {
      name = "frames", repetitions = FRAMES, counts_by_thread = true,
      command = ("%s/count_frames %d"):format(bench, FRAMES),
      title = "C: frame, envelope, message and ack of an event",
    },
    {
      name = "requests", repetitions = REQUESTS, counts_by_thread = true,
      command = ("%s/count_requests %d"):format(bench, REQUESTS),
      title = "C: head, signature and message of a request",
    },
    {
      name = "calls", repetitions = CALLS, counts_by_thread = true,
      environment = environment .. " BENCH_COUNTED=1",
      harness = ("%s/call_server %s --timeout %d --warm-up %d --total %d"):format(bench,
        clients.TLS, PATIENCE, WARM_UP, CALLS),
      command = ("%s spec/bench/calls.lua {api} %s %d %d 1"):format(settings.LUA, clients.CA,
        WARM_UP, CALLS),
      title = "Lua: a Web API call, one at a time",
    },
  }
  for run = 1, RUNS do
    list[#list + 1] = {
      name = "events" .. run, repetitions = EVENTS,
      environment = ("%s BENCH_COUNTED=%d-%d"):format(environment, WARM_UP, WARM_UP + EVENTS),
      harness = ("%s --timeout %d --total %d --in-flight 64 %s"):format(clients.LOAD_SERVER,
        PATIENCE, 2 * WARM_UP + EVENTS, clients.TLS),
      command = clients.app(),
      title = "All threads: an event over wss, 64 in flight", is_alone = true,
    }
  end
  return list
end

---@return table<string, integer> instructions of each figure
function M.count()
  local directory <close> = files.temporary()
  files.run(("%s/load_server --mix >%s/mix"):format(settings.BENCH, directory.path))
  local list, waits, figures = programs(directory.path), {}, {}
  local function start(program)
    program.directory = directory.path .. "/" .. program.name
    files.run(("mkdir '%s'"):format(program.directory))
    return callgrind.start(program)
  end
  for i, program in ipairs(list) do
    waits[i] = not program.is_alone and start(program)
  end
  for i, program in ipairs(list) do
    for name, objects in pairs((waits[i] or start(program))()) do
      local title, count = program.title or name, each(objects, program.repetitions)
      figures[title] = math.min(figures[title] or count, count)
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
