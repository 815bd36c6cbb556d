-- A new version without a gap, as README.md says under "Deploy": each process of
-- examples/deploy in turn is stopped and started again while events come.
local Process = require "support.process"
local Redis = require "support.redis"
local core = require "slack.core"
local example = require "support.example"
local files = require "support.files"
local lasting_port = require "support.lasting_port"
local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local BOT <const> = "examples/deploy/bot.lua"
local EVENTS <const> = 120
local PAUSE <const> = 0.01 -- between two events

local silent = log.new { level = "off" }

describe("examples/deploy, each process in turn started again under events,", function()
  local slack_here, redis

  before_each(function()
    if Redis.is_installed() then
      slack_here, redis = assert(sandbox.start { log = silent }), Redis.start()
    end
  end)

  after_each(function()
    if redis then
      slack_here:stop()
      redis:stop()
    end
  end)

  local Bots = {}
  Bots.__index = Bots

  -- environment: what receivers have besides; ports: of each bot, 0 if there are none.
  local function start_bots(environment, ports)
    local bots = setmetatable({ ports = ports or {} }, Bots)
    for i = 1, 4 do
      local role = i <= 2 and "receiver" or "worker"
      bots[i] = { role = role, environment = role == "receiver" and environment or {} }
      bots:start(i)
    end
    return bots
  end

  function Bots:start(i)
    local all = {
      SLACK_BOT_TOKEN = slack_here.bot_token, SLACK_SIGNING_SECRET = "", ROLE = self[i].role,
      STORAGE = redis.url, PORT = self.ports[i] or "0",
    }
    for name, value in pairs(self[i].environment) do
      all[name] = value
    end
    self[i].process = example.run(BOT, slack_here, all)
  end

  -- The next one may go when the balancer sends requests to this one again.
  local function wait_until_up(balancer, name)
    live_app.wait(function()
      local _, downs = balancer:output():gsub(("receivers/%s is DOWN"):format(name), "")
      local _, ups = balancer:output():gsub(("receivers/%s is UP"):format(name), "")
      return downs == ups
    end)
  end

  function Bots:restart(i)
    example.stop(self[i].process)
    self:start(i)
    if self.balancer and self[i].role == "receiver" then
      wait_until_up(self.balancer, i == 1 and "one" or "two")
    end
  end

  function Bots:__close()
    for _, bot in ipairs(self) do
      Process.__close(bot.process)
    end
  end

  local function wait_until_counted(bots)
    local text
    live_app.wait(function()
      local message = slack_here:command({ command = "/count" }).message
      text = message and message.text or "0"
      return tonumber(text:match "%d+") >= EVENTS
    end)
    assert.equal(EVENTS .. " messages here.", text, bots[1].process:output())
  end

  local function restart_all(bots)
    local talk = tasks.spawn(function()
      for i = 1, EVENTS do
        slack_here:say { text = "message " .. i }
        tasks.sleep(PAUSE)
      end
    end)
    for i = 4, 1, -1 do
      bots:restart(i)
    end
    assert(talk:join())
    wait_until_counted(bots)
  end

  it("handles each event once over Socket Mode", function()
    if not redis then
      return pending(Redis.MISSING)
    end
    local bots <close> = start_bots { SLACK_APP_TOKEN = slack_here.app_token }
    assert(slack_here:wait_connections(4))
    restart_all(bots)
  end)

  -- examples/deploy/haproxy.cfg in front of these ports.
  local function start_balancer(directory, ports)
    local pem = assert(core.certificate { names = "DNS:localhost,IP:127.0.0.1" })
    local socket = assert(core.reserve_port("127.0.0.1", 0))
    local port = socket:port()
    socket:close()
    files.write(directory .. "/bot.pem", pem.certificate .. pem.key)
    files.write(directory .. "/ca.pem", pem.authority)
    files.write(directory .. "/haproxy.cfg", (files.read "examples/deploy/haproxy.cfg"
      :gsub("/etc/haproxy", directory):gsub("bind :443", "bind 127.0.0.1:" .. port)
      :gsub("10%.0%.0%.11:3000", "127.0.0.1:" .. ports[1])
      :gsub("10%.0%.0%.12:3000", "127.0.0.1:" .. ports[2])))
    local balancer = Process.start(("haproxy -db -f %s/haproxy.cfg"):format(directory))
    return balancer, { url = ("https://127.0.0.1:%d/slack/events"):format(port),
      ca_file = directory .. "/ca.pem" }
  end

  it("handles each event once over HTTP, behind HAProxy", function()
    if not redis then
      return pending(Redis.MISSING)
    elseif not files.run "command -v haproxy >/dev/null" then
      return pending "haproxy is not installed"
    end
    local directory <close> = files.temporary()
    local ports = { lasting_port(), lasting_port() }
    local bots <close> = start_bots({ SLACK_SIGNING_SECRET = slack_here.signing_secret }, ports)
    local balancer <close>, place = start_balancer(directory.path, ports)
    bots.balancer = balancer
    slack_here:deliver_over_http(place)
    live_app.wait(function() return slack_here:verify_url(place.url) end)
    restart_all(bots)
    assert.is_true(balancer:is_running())
  end)
end)
