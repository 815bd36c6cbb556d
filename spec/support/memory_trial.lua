-- What becomes of a bot's memory in the course of very many events, and after more than it can
-- handle at once. The load server of spec/bench sends them over Socket Mode with TLS to a bot,
-- which it starts, and which looks at its own memory again and again.
local Process = require "support.process"
local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"

local BUILD <const> = os.getenv "SLACK_CORE_DIR" or "build"
local LOAD_SERVER <const> = BUILD .. "/bench/load_server"
local EACH <const> = 10000 -- events a second in which it certainly comes through, divided by ten

local BOT <const> = [[
local json = require "slack.json"
local slack = require "slack"
local api_url, ca_file, every = arg[1], arg[2], math.tointeger(arg[3])
local blocks, rest = tonumber(arg[4]), tonumber(arg[5])

local app = slack.app {
  token = "xoxb-bench", app_token = "xapp-bench", api_url = api_url, ca_file = ca_file,
  connections = 1, log = "error",
}

local function resident()
  local file <close> = io.open "/proc/self/status"
  return file and tonumber(file:read "a":match "VmRSS:%s*(%d+)") * 1024 or 0
end

local handled, heaps, residents = 0, {}, {}

local function look()
  collectgarbage()
  collectgarbage()
  heaps[#heaps + 1], residents[#residents + 1] = collectgarbage "count" * 1024 // 1, resident()
end

-- Looks before the first event, and when it has stood still for a while after the last.
slack.spawn(function()
  slack.sleep(0.1)
  look()
  repeat
    local last = handled
    slack.sleep(rest)
  until handled == last and last > 0
  look()
end)

for _, name in ipairs { "message", "app_mention", "reaction_added" } do
  app:event(name, function(c)
    handled = handled + 1
    if handled % every == 0 then
      look()
    end
    if c.event.text == "burn" then
      look()
      local till = os.clock() + blocks
      repeat until os.clock() > till
    end
  end)
end

app:run()
print(json.encode { handled = handled, heaps = heaps, residents = residents })
]]

local M = {}

---@class support.MemoryTrial
---@field events integer
---@field every integer events between two looks
---@field in_flight? integer events that are not acked yet, 64
---@field burn_at? integer the event whose handler blocks
---@field blocks? number seconds of CPU that it does so
---@field rest? number seconds after the last event until the last look, 2

---@param options support.MemoryTrial
---@return { handled: integer, heaps: integer[], residents: integer[] } looked bytes at each look:
---  of Lua, and resident
function M.run(options)
  assert(core.stat(LOAD_SERVER), "there is no " .. LOAD_SERVER .. " (built by: make unit)")
  local folder <close> = files.temporary()
  local made = assert(core.certificate {})
  local bot, cert, key = folder.path .. "/bot.lua", folder.path .. "/cert", folder.path .. "/key"
  files.write(bot, BOT)
  files.write(cert, made.certificate)
  files.write(key, made.key)
  local rest = options.rest or 2
  local words = { LOAD_SERVER, "--cert", cert, "--key", key, "--total", options.events,
    "--in-flight", options.in_flight or 64, "--quiet-ms", rest * 1200 // 1 | 0,
    "--timeout", 60 + options.events // EACH,
    options.burn_at and "--burn-at " .. options.burn_at or "", "--", child.interpreter(), bot,
    "{api}", cert, options.every, options.blocks or 0,
    rest }
  local server <close> = Process.start(table.concat(words, " "), { environment = {
    LUA_PATH = Process.absolute(package.path), LUA_CPATH = Process.absolute(package.cpath),
  } })
  server:wait()
  local line = server:output():match '{"connected"[^\n]*' or "null"
  return assert(json.decode(line), server:output()).client
end

return M
