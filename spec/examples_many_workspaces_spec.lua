local example = require "support.example"
local files = require "support.files"
local fetch = require "slack.fetch"
local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"

local silent = log.new { level = "off" }

describe("examples/many_workspaces", function()
  local SCRIPT <const> = "examples/many_workspaces/bot.lua"
  local slack_here, mars, orbit, directory

  before_each(function()
    directory = files.temporary()
    slack_here = assert(sandbox.start { log = silent, installed = false })
    mars = slack_here:add_workspace { team_name = "Mars" }
    orbit = slack_here:add_workspace { team_name = "Orbit One", enterprise = { name = "Orbit" } }
  end)

  after_each(function()
    slack_here:stop()
    getmetatable(directory).__close(directory)
  end)

  local function run()
    local bot, url = example.run(SCRIPT, slack_here, {
      SLACK_CLIENT_ID = slack_here.client_id, SLACK_CLIENT_SECRET = slack_here.client_secret,
      STORAGE = ("sqlite:%s/bot.db"):format(directory.path), DASHBOARD_KEY = "dashboard-key",
    })
    local base = assert(url, bot:output()):match "^http://[^/]+"
    slack_here:deliver_over_http(url)
    slack_here.redirect_urls = { base .. "/slack/oauth_redirect" }
    return bot, base
  end

  local function install(base, what)
    what.install_url = base .. "/slack/install"
    local page = assert(slack_here:install(what))
    assert.equal(200, page.status, page.body)
  end

  -- What the bot says to a point for somebody.
  local function give(team, name)
    local said = team:say { text = name .. "++" }
    return assert(team:wait_message { after = said.ts }).text
  end

  it("is installed by click in two workspaces and an organization, each for itself", function()
    local bot <close>, base = run()
    install(base, {})
    install(base, { workspace = mars, user = "grace" })
    install(base, { workspace = orbit, org = true })
    assert.equal("ada has 1 point", give(slack_here, "ada"))
    assert.equal("ada has 2 points", give(slack_here, "ada"))
    assert.equal("ada has 1 point", give(mars, "ada"))
    assert.equal("ada has 1 point", give(orbit, "ada"))
    assert.equal("1. ada: 2", slack_here:command({ command = "/points" }).message.text)
    assert.equal("1. ada: 1", mars:command({ command = "/points" }).message.text)
    example.stop(bot)
  end)

  it("keeps installations and points over its starts, until the bot is taken away", function()
    local first <close>, base = run()
    install(base, { workspace = mars })
    assert.equal("ada has 1 point", give(mars, "ada"))
    example.stop(first)
    local second <close>, second_base = run()
    assert.equal("ada has 2 points", give(mars, "ada"))
    slack_here:uninstall { workspace = mars }
    live_app.wait(function() return second:output():find("forgot the points", 1, true) end)
    install(second_base, { workspace = mars })
    assert.equal("ada has 1 point", give(mars, "ada"))
    example.stop(second)
  end)

  it("shows the points as JSON to who has the key", function()
    local bot <close>, base = run()
    install(base, { workspace = mars })
    give(mars, "ada")
    local url = ("%s/teams/%s/points"):format(base, mars.team_id)
    assert.equal(401, assert(fetch(url, { proxy = "" })).status)
    local answer = assert(fetch(url, {
      proxy = "", headers = { Authorization = "Bearer dashboard-key" },
    }))
    assert.same({ { name = "ada", points = 1 } }, answer:json())
    example.stop(bot)
  end)
end)

describe("examples/oauth", function()
  it("is installed by one workspace after the other, and keeps apart where it is", function()
    local here <close> = files.temporary()
    local _, top = files.run "printf %s \"$PWD\""
    local slack_here <close> = assert(sandbox.start { log = silent, installed = false })
    local mars = slack_here:add_workspace { team_name = "Mars" }
    local bot <close>, url = example.run(top .. "/examples/oauth/bot.lua", slack_here, {
      SLACK_CLIENT_ID = slack_here.client_id, SLACK_CLIENT_SECRET = slack_here.client_secret,
    }, here.path)
    slack_here:deliver_over_http(url)
    local base = url:match "^http://[^/]+"
    slack_here.redirect_urls = { base .. "/slack/oauth_redirect" }
    for i, team in ipairs { slack_here, mars } do
      local page = assert(slack_here:install {
        install_url = base .. "/slack/install", workspace = i > 1 and team or nil,
      })
      assert.equal(200, page.status, page.body)
      local answer = team:command { command = "/where" }
      assert.equal("In " .. team.team_id .. ".", answer.message.text, bot:output())
    end
    example.stop(bot)
  end)
end)
