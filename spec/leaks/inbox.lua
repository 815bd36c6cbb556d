-- Starts apps with a durable inbox, in a file and in Redis, reached over Socket Mode and HTTP,
-- and stops them with deliveries in every state; many times in one process.
local Redis = require "support.redis"
local files = require "support.files"
local footprint = require "support.footprint"
local live_app = require "support.live_app"
local slack = require "slack"
local wait_until = require "support.wait_until"

local directory <close> = files.temporary()
local redis <close> = Redis.is_installed() and Redis.start() or nil

-- In an order what hangs holds up all that comes after it.
local function use(here, app, hangs)
  local handled, hanging = 0, 0
  app:message("hello", function() handled = handled + 1 end)
  app:message("raise", function() error "on purpose" end)
  app:message("hang", function()
    hanging = hanging + 1
    slack.sleep(1000)
  end)
  app:command("/go", function(c) c:ack "gone" end)
  app:on_error(function() end)
  live_app.start(here, app)
  for _, text in ipairs { "hello", "hello", "raise", "raise", hangs and "hang" or nil } do
    here:say { text = text }
  end
  here:command { command = "/go", timeout = 60 }
  wait_until("the handlers", function()
    return handled >= 2 and (hanging > 0 or not hangs)
  end, 60)
  here:say { text = "hello" }
  app:stop()
end

local function one_round(round, url)
  local is_even = round % 2 == 0
  live_app.run(function(here, new_app)
    use(here, new_app {
      storage = url, transport = "both", shutdown_timeout = 0.05,
      inbox = { interactive = is_even, order = is_even and "channel" or nil, backoff = 0.01 },
    }, not is_even)
  end)
end

footprint.rounds(6, function(round)
  one_round(round, ("sqlite:%s/%d.db"):format(directory.path, round % 2))
  if redis then
    redis:ask "flushall"
    one_round(round, redis.url)
  end
end)
