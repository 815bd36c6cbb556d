-- What is counted on the Lua thread under callgrind, without a network: each figure is the sum
-- of so many repetitions, after as many as it takes until all is made that is made once.
--   valgrind --tool=callgrind … lua5.4 spec/bench/counted.lua BUILD_DIRECTORY MIX_FILE REPETITIONS
package.cpath = arg[1] .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local count = require "bench.count"
local json = require "slack.json"
local kinds = require "bench.kinds"
local offline = require "bench.offline"

local WARM_UP <const> = 300
local REPETITIONS <const> = math.tointeger(arg[3])

local made = 0

-- Payloads of the mix that the load server sends, each under an id of its own.
local function read_payloads(path)
  local payloads = {}
  for line in io.lines(path) do
    payloads[#payloads + 1] = line:match '"payload":(.*),"type":"events_api"'
  end
  return function()
    made = made + 1
    return (payloads[made % #payloads + 1]:gsub('"event_id":"Ev%x+"',
      ('"event_id":"Ev%012x"'):format(made)))
  end
end

-- Counts act(prepare()); what prepare does is not counted.
local function measure(name, prepare, act)
  for _ = 1, WARM_UP do
    act(prepare())
  end
  collectgarbage()
  collectgarbage()
  count.begin()
  for _ = 1, REPETITIONS do
    local given = prepare()
    count.on()
    act(given)
    count.off()
  end
  count.finish(name)
end

local new_payload = read_payloads(arg[2])
local taken, characters = 0, 0

local function read_text(c)
  taken = taken + 1
  local text = c.event.text
  if text then
    characters = characters + #text
  end
end

local function listen(app)
  app:event("message", read_text)
  app:event("app_mention", read_text)
  app:event("reaction_added", read_text)
end

local function expect_all_taken(name)
  assert(taken == WARM_UP + REPETITIONS, name .. ": not every event met its listener")
  taken = 0
end

measure("Lua: decode of a payload", new_payload, json.decode)

local take, app = offline.transport(listen)
measure("Lua: an envelope, from its text to its handler's end", function()
  return offline.parts(new_payload())
end, take)
expect_all_taken "envelope"

local function new_body() return json.decode(new_payload()) end

measure("Lua: dispatch of an event", new_body, function(body)
  offline.deliver(app, body, "event")
end)
expect_all_taken "dispatch of an event"

-- One kind of listener each; of messages those of a pattern.
local function kind_of(method)
  for _, kind in ipairs(kinds.KINDS) do
    if kind.method == method then
      return kind
    end
  end
end

for _, method in ipairs { "command", "action", "message" } do
  local kind, own_app, number = kind_of(method), offline.new(), 0
  local name = "Lua: dispatch of " .. (method == "action" and "an " or "a ") .. method
  local function handler() taken = taken + 1 end
  if method == "message" then
    own_app:message(require("slack").pattern "ticket (%d+)", handler)
  else
    kinds.listen(own_app, kind, 1, handler)
  end
  local bodies = kinds.bodies(kind, 1)
  measure(name, function()
    number = number + 1
    local body = bodies[number % #bodies + 1]
    if body.event then
      made = made + 1
      body.event_id = ("Ev%012x"):format(made)
    end
    return body
  end, function(body) offline.deliver(own_app, body, kind.came_as) end)
  expect_all_taken(name)
end
