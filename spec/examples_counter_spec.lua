local Redis = require "support.redis"
local example = require "support.example"
local files = require "support.files"
local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"

local silent = log.new { level = "off" }

describe("examples/counter", function()
  local slack_here, directory

  before_each(function()
    directory = files.temporary()
    slack_here = assert(sandbox.start { log = silent })
  end)

  after_each(function()
    slack_here:stop()
    getmetatable(directory).__close(directory)
  end)

  local function run(storage)
    return example.run("examples/counter/bot.lua", slack_here, {
      SLACK_BOT_TOKEN = slack_here.bot_token, SLACK_APP_TOKEN = slack_here.app_token,
      SLACK_SIGNING_SECRET = "", MILESTONE = "5",
      STORAGE = storage or ("sqlite:%s/counter.db"):format(directory.path),
    })
  end

  local function say(count, channel)
    for i = 1, count do
      slack_here:say { text = "message " .. i, channel = channel }
    end
  end

  local function counted()
    return slack_here:command({ command = "/counts" }).message.text
  end

  -- Until the counts are these, by the names of channels.
  local function wait_for(bot, expected)
    local lines = {}
    for name, count in pairs(expected) do
      local id = slack_here.workspace:find_channel(name).id
      table.insert(lines, ("<#%s>: %d"):format(id, count))
    end
    table.sort(lines)
    local text = table.concat(lines, "\n")
    live_app.wait(function()
      assert(bot:is_running(), bot:output())
      return counted() == text
    end)
  end

  -- What was announced in #general, sorted, once it is so many.
  local function announced(count)
    local texts
    slack_here:wait(function()
      texts = {}
      for _, message in ipairs(slack_here:messages "general") do
        table.insert(texts, message.text:match "^That was message.*")
      end
      return #texts == count
    end)
    table.sort(texts)
    return texts
  end

  it("counts each channel for itself, and announces milestones", function()
    local bot <close> = run()
    assert.equal("Nothing was said yet.", counted())
    say(6, "general")
    say(2, "random")
    wait_for(bot, { general = 6, random = 2 })
    assert(slack_here:wait_message { channel = "general", text = "That was message 5." })
    example.stop(bot)
  end)

  it("goes on where it was after a restart", function()
    local first <close> = run()
    say(3, "general")
    wait_for(first, { general = 3 })
    example.stop(first)
    local second <close> = run()
    say(1, "general")
    wait_for(second, { general = 4 })
    example.stop(second)
  end)

  it("counts right in two processes that share a Redis", function()
    if not Redis.is_installed() then
      return pending(Redis.MISSING)
    end
    local redis <close> = Redis.start()
    local first <close> = run(redis.url)
    local second <close> = run(redis.url)
    assert(slack_here:wait_connections(4), first:output() .. second:output())
    say(20, "general")
    wait_for(first, { general = 20 })
    assert.same({
      "That was message 10.", "That was message 15.", "That was message 20.", "That was message 5.",
    }, announced(4))
    example.stop(first)
    example.stop(second)
  end)
end)
