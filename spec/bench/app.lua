-- The app under test: listeners that read the text of each kind of event in the mix.
--   lua5.4 spec/bench/app.lua API_URL CA_FILE [listeners=N] [connections=N] [count=1]
--     [burn=SECONDS] [forgiving=1]
-- With BENCH_COUNTED=FROM-TO what the process executes between those events is counted under
-- callgrind (count.h).
-- Says at its end, as one line of JSON, what it handled.
package.path = package.path .. ";./spec/?.lua"

local settings = { listeners = 3, connections = 1, count = 0, burn = 0, forgiving = 0 }
for i = 3, #arg do
  local name, value = arg[i]:match "^(%w+)=(%d+)$"
  settings[name] = math.tointeger(value)
end

-- A thousand refreshes in a minute are more than Slack would ever send; without
-- this they would be answered with backoff, as a server's fault.
if settings.forgiving > 0 then
  local core = require "slack.core"
  local socket_mode = core.socket_mode
  core.socket_mode = function(options)
    options.stable_after = 0.01
    return socket_mode(options)
  end
end

local mix = require "bench.mix"

local app = mix.app {
  app_token = "xapp-bench",
  api_url = arg[1],
  ca_file = arg[2] ~= "" and arg[2] or nil,
  connections = settings.connections,
}

local seen, handled, repeated = {}, 0, 0

local function nothing() end

local function count(c)
  local id = c.body.event_id
  handled = handled + 1
  if seen[id] then
    repeated = repeated + 1
  end
  seen[id] = true
end

local function burn(c)
  if c.event.text == "burn" then
    local till = os.clock() + settings.burn
    repeat
    until os.clock() > till
  end
end

local listener = settings.count > 0 and count or settings.burn > 0 and burn or mix.read_text
local from, to = (os.getenv "BENCH_COUNTED" or ""):match "^(%d+)-(%d+)$"
if from then
  local counter, number, inner = require "bench.count", 0, listener
  from, to = math.tointeger(from), math.tointeger(to)
  listener = function(c)
    number = number + 1
    if number == from then
      counter.begin()
    elseif number == to then
      counter.finish "event"
    end
    return inner(c)
  end
end

mix.listen(app, listener)
for i = 4, settings.listeners do
  app:event("bench_" .. i, nothing)
end

app:run()
if settings.count == 0 then
  handled = app:stats().handled
end
print(('{"handled":%d,"repeated":%d,"characters":%d}'):format(handled, repeated, mix.characters()))
