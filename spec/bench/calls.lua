-- The client under test: posts messages, so many at a time, each from a task of its own.
--   lua5.4 calls.lua API_URL CA_FILE WARM_UP CALLS AT_A_TIME
-- With BENCH_COUNTED set they are counted under callgrind (count.h).
-- Says then, as one line of JSON, how they ended. Those of the warm-up go 32 at a time.
local slack = require "slack"
local Client = require "slack.client"

local counter = os.getenv "BENCH_COUNTED" and require "bench.count"

local WARM_UP <const>, CALLS <const> = math.tointeger(arg[3]), math.tointeger(arg[4])
local AT_A_TIME <const> = math.tointeger(arg[5])

local client = Client.new {
  token = "xoxb-bench", api_url = arg[1], ca_file = arg[2], log = "error",
}
local made, ended, failed, farthest = 0, 0, 0, 0

local function post()
  local number = made
  made = made + 1
  local answer, err = client.chat.postMessage {
    channel = "C07BENCH001", text = "The build has ended. seq-" .. number,
  }
  -- Whose answer it is is looked at now and then, as that is no part of a call.
  if not answer or number % 100 == 0 and answer.ts ~= ("1700000000.%06d"):format(number) then
    failed = failed + 1
    io.stderr:write(tostring(err or "the answer to another call"), "\n")
  end
  farthest = math.max(farthest, math.abs(ended - number))
  ended = ended + 1
end

local function post_until(last)
  while made < last do
    post()
  end
end

local function run(count, at_a_time)
  local last, tasks = made + count, {}
  for i = 1, at_a_time do
    tasks[i] = slack.spawn(post_until, last)
  end
  for _, task in ipairs(tasks) do
    task:join()
  end
end

-- Under callgrind: what the Lua thread executes for them.
local function run_counted()
  counter.begin()
  counter.on()
  run(CALLS, AT_A_TIME)
  counter.off()
  counter.finish "calls"
end

slack.run(function()
  run(WARM_UP, 32)
  farthest = 0
  if counter then
    run_counted()
  else
    run(CALLS, AT_A_TIME)
  end
  print(('{"answered":%d,"failed":%d,"farthest":%d}'):format(ended, failed, farthest))
  io.stdout:flush()
  slack.sleep(60) -- until it is ended: its memory is looked at
end)
