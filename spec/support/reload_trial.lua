-- What becomes of events when a script is saved again and again while they come. The load server
-- of spec/bench sends them over Socket Mode to a bot, which it starts; this process saves the
-- bot's script meanwhile, in every way in which editors do. The script has two listeners for
-- each event, which note the version that they are of; the bot does the sums.
local Process = require "support.process"
local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"
local tasks = require "slack.tasks"

local BUILD <const> = os.getenv "SLACK_CORE_DIR" or "build"
local LOAD_SERVER <const> = BUILD .. "/bench/load_server"
-- Seconds: of events before the first save and after the last, until all is given up.
local MARGIN <const>, PATIENCE <const> = 0.3, 120
-- Among so many saves one does not compile, and one fails when it runs.
local BROKEN_EVERY <const>, FAILING_EVERY <const> = 25, 40

local BOT <const> = [[
local core = require "slack.core"
local json = require "slack.json"
local slack = require "slack"
local api_url, folder, total, watch = arg[1], arg[2], math.tointeger(arg[3]), arg[4]

-- By the number of the event, which its id has: what the first listener has noted, then -1.
local noted = {}
for i = 1, total do
  noted[i] = 0
end
local sums = { pairs = 0, mixed = 0, doubled = 0, resumed = 0 }
local functions = setmetatable({}, { __mode = "k" }) -- handlers of all generations

local app = slack.app {
  token = "xoxb-bench", app_token = "xapp-bench", api_url = api_url, scripts = folder,
  watch = watch == "poll" and "poll" or true,
  log = { level = "error", sink = function() end },
}

app.scripts.intervals = { behind_notices = 2, without_notices = 0.1 }

function app.trial_note(c, side, version, fn)
  local number = tonumber(c.body.event_id:sub(3), 16) + 1
  local known, note = noted[number], version * 2 + side
  functions[fn] = true
  if number == 1 then
    io.open(folder .. "/../begun", "w"):close()
  end
  if known == 0 then
    noted[number] = note
  elseif known == -1 or known % 2 == side then
    sums.doubled = sums.doubled + 1
  else
    noted[number] = -1
    sums.pairs = sums.pairs + 1
    sums.mixed = sums.mixed + (known // 2 ~= version and 1 or 0)
  end
end

local function memory()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

-- With the first hundred events all there is has been set up.
local first_memory
function app.trial_measure()
  first_memory = first_memory or memory()
end

app:run()
local stats = app:stats()
local last_memory, alive = memory(), 0
for _ in pairs(functions) do
  alive = alive + 1
end
print(json.encode {
  pairs = sums.pairs, mixed = sums.mixed, doubled = sums.doubled, reloads = stats.scripts.reloads,
  failures = stats.scripts.failures, handled = stats.handled, functions = alive,
  first_memory = first_memory, last_memory = last_memory, cpu = os.clock(),
})
]]

-- Each version is of another length, and each tenth event is held on to over a swap or two.
local SCRIPT <const> = [[
local app = ...
local slack = require "slack"
local VERSION = %d
local words = require "words"
local kinds = { "message", "app_mention", "reaction_added" }
assert(VERSION > words.least, "of another time")
local function listener(side)
  local self
  self = function(c)
    if c.event.event_ts:sub(-1) == "7" then
      slack.sleep(0.03)
    end
    app.trial_note(c, side, VERSION, self)
  end
  return self
end
app:event(kinds, listener(0))
app:event(kinds, listener(1))
if VERSION > 1 then
  app.trial_measure()
end
-- %s
]]

local M = {}

local function text_of(version, number)
  if number % BROKEN_EVERY == BROKEN_EVERY - 1 then
    return "local app = ...\nif then"
  elseif number % FAILING_EVERY == FAILING_EVERY - 1 then
    return "local app = ...\napp:event('message', error)\nerror 'on purpose'"
  end
  return SCRIPT:format(version, ("x"):rep(version % 50))
end

---How editors and other programs save a text.
---@type (fun(path: string, text: string))[]
M.SAVES = {
  function(path, text) -- in place
    files.write(path, text)
  end,
  function(path, text) -- beside it, and renamed
    files.write(path .. ".new", text)
    assert(os.rename(path .. ".new", path))
  end,
  function(path, text) -- with a backup, as vim does
    assert(os.rename(path, path .. "~"))
    files.write(path, text)
    assert(os.remove(path .. "~"))
  end,
  function(path, text) -- removed and made anew
    assert(os.remove(path))
    files.write(path, text)
  end,
  function(path, text) -- in two steps
    local file <close> = assert(io.open(path, "wb"))
    file:write(text:sub(1, #text // 2))
    file:flush()
    tasks.sleep(0.002)
    file:write(text:sub(#text // 2 + 1))
  end,
}

local function save_all(options, path, began)
  local version = 1
  for number = 1, options.saves do
    local text = text_of(version + 1, number)
    version = text:find "VERSION" and version + 1 or version
    tasks.sleep(math.max(began + number * options.pause - core.monotonic(), 0))
    M.SAVES[number % #M.SAVES + 1](path, text)
  end
end

local function start(options, folder, total)
  files.write(folder .. "/bot.lua", BOT)
  local watch = options.watch or "notices"
  local words = { LOAD_SERVER, "--total", total, "--rate", options.rate, "--connections 2",
    "--in-flight 4096", "--timeout", PATIENCE + total // options.rate, "--", child.interpreter(),
    folder .. "/bot.lua", "{api}", folder .. "/handlers", total, watch }
  return Process.start(table.concat(words, " "), { environment = {
    LUA_PATH = Process.absolute(package.path), LUA_CPATH = Process.absolute(package.cpath),
  } })
end

local function wait_for(what, seconds, condition)
  local deadline = core.monotonic() + seconds
  while not condition() do
    if core.monotonic() > deadline then
      error("waited in vain for " .. what, 0)
    end
    tasks.sleep(0.02)
  end
end

---@async
---@param options { saves: integer, pause: number, rate: integer, watch: "poll"? } pause: seconds
---  between saves; rate: events a second
---@return table result of the load server; its `client`: the sums of the bot
function M.run(options)
  assert(core.stat(LOAD_SERVER), "there is no " .. LOAD_SERVER .. " (built by: make unit)")
  local folder <close> = files.temporary()
  local seconds = options.saves * options.pause + 2 * MARGIN
  local total = math.ceil(seconds * options.rate)
  files.run(("mkdir '%s/handlers'"):format(folder.path))
  local path = folder.path .. "/handlers/script.lua"
  files.write(folder.path .. "/handlers/words.lua", "return { least = 0 }")
  files.write(path, text_of(1, 0))
  local server <close> = start(options, folder.path, total)
  wait_for("the first event: " .. server:output(), PATIENCE, function()
    return core.stat(folder.path .. "/begun") or not server:is_running()
  end)
  tasks.sleep(MARGIN)
  save_all(options, path, core.monotonic())
  wait_for("the end of the load", PATIENCE, function() return not server:is_running() end)
  server:wait()
  local line = server:output():match '{"connected"[^\n]*' or "null"
  local result = assert(json.decode(line), server:output())
  result.total = total
  return result
end

return M
