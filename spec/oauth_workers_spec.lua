-- An app that workspaces install, in two processes that share a port and a storage: who
-- begins at one of them may end at the other.

local Process = require "support.process"
local Redis = require "support.redis"
local files = require "support.files"
local form = require "slack.form"
local live = require "support.live_app"
local sandbox = require "slack.sandbox"
local signed = require "support.signed"
local slack = require "slack"
local tasks = require "slack.tasks"

-- Its pages tell which process has answered.
local APP <const> = [[
  local core = require "slack.core"
  local app = require("slack").app {
    workers = 2, http = { host = "127.0.0.1", port = 0 }, transport = "http",
    storage = os.getenv "STORAGE",
    oauth = {
      scopes = { "commands", "chat:write" },
      state_secret = os.getenv "STATE_SECRET",
      success = function() return core.pid() .. " installed" end,
      failure = function(_, err) return core.pid() .. " " .. err.code end,
    },
  }
  app:command("/where", function(c) return core.pid() .. " in " .. c.authorization.team_id end)
  os.exit(app:run() or 1)]]

describe("an app with workers that workspaces install", function()
  local function run(environment, fn)
    tasks.run(function()
      local here <close> = assert(sandbox.start { tls = false, installed = false })
      local folder <close> = files.temporary()
      files.write(folder.path .. "/app.lua", APP)
      local all = {
        SLACK_API_URL = here.api_url, SLACK_SIGNING_SECRET = here.signing_secret,
        SLACK_CLIENT_ID = here.client_id, SLACK_CLIENT_SECRET = here.client_secret,
        STORAGE = "sqlite:" .. folder.path .. "/bot.db",
      }
      for name, value in pairs(environment) do
        all[name] = value
      end
      local program <close> = Process.lua(folder.path .. "/app.lua", { environment = all })
      live.wait(function()
        return select(2, program:output():gsub("HTTP on http", "")) == 2
      end)
      local url = program:output():match "HTTP on (http://127%.0%.0%.1:%d+)/"
      here.redirect_urls = { url .. "/slack/oauth_redirect" }
      fn(here, url)
    end)
  end

  -- Over a connection of its own, which the system gives to either process.
  local function get(url, cookie)
    return assert(slack.fetch(url, {
      proxy = "", follow = false, headers = { cookie = cookie, Connection = "close" },
    }))
  end

  local redis

  teardown(function()
    if redis then
      redis:stop()
    end
  end)

  for name, environment in pairs {
    ["kept in the storage"] = {}, ["of a secret"] = { STATE_SECRET = "a-secret-of-this-spec" },
    ["kept in a Redis server"] = { STORAGE = "redis" },
  } do
    it("takes a state once over all of them (S065): " .. name, function()
      if environment.STORAGE and not Redis.is_installed() then
        pending(Redis.MISSING)
        return
      elseif environment.STORAGE then
        redis = Redis.start()
        environment.STORAGE = redis.url
      end
      run(environment, function(here, url)
        local page = get(url .. "/slack/install")
        local cookie = page.headers["set-cookie"]:match "^([^;]+)"
        local to_slack = page.body:match 'href="(https?://[^"]+)"':gsub("&amp;", "&")
        local state = form.decode(to_slack:match "%?(.*)$").state
        local back = url .. "/slack/oauth_redirect?" .. form.encode { state = state, code = "1.2" }
        local processes, count, outcomes = {}, 0, {}
        repeat
          local function visit() return get(back, cookie).body end
          for _, body in ipairs(assert(slack.all { visit, visit, visit, visit })) do
            local process, outcome = body:match "^(%d+) (%S+)$"
            count = count + (processes[process] and 0 or 1)
            processes[process] = true
            outcomes[#outcomes + 1] = outcome
          end
        until count == 2
        table.sort(outcomes)
        assert.equal("invalid_code", table.remove(outcomes, 1)) -- who asked Slack
        for _, outcome in ipairs(outcomes) do
          assert.equal("invalid_state", outcome)
        end
        assert.equal(1, #here:calls "oauth.v2.access")
      end)
    end)
  end

  it("serves what was installed at one of them in all", function()
    run({}, function(here, url)
      local team = here.workspaces[1]
      local page = assert(here:install { install_url = url .. "/slack/install" })
      assert.matches("^%d+ installed$", page.body)
      local processes, count = {}, 0
      repeat
        local answer = signed.command(url .. "/slack/events", "/where",
          { team_id = team.team_id }, { secret = here.signing_secret,
            headers = { Connection = "close" } })
        local process, place = answer.body:match '"(%d+) in (%w+)"'
        assert.equal(team.team_id, place)
        count = count + (processes[process] and 0 or 1)
        processes[process] = true
      until count == 2
    end)
  end)
end)
