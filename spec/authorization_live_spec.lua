-- authorize with a local Slack of two workspaces, on each transport.

local live = require "support.live_app"
local tasks = require "slack.tasks"

describe("an app with authorize", function()
  -- fn(here, mars, app, lines, asked)
  local function on(transport, options, fn)
    live.run(function(here, new_app, lines)
      local mars = here:add_workspace { team_name = "Mars", installed = true,
        channels = { "base" } }
      local strange = here:add_workspace { team_name = "Strange", channels = { "dark" } }
      local tokens, asked = {
        [here.workspaces[1].team_id] = here.bot_token, [mars.team_id] = mars:token(),
      }, {}
      local given = {
        transport = transport, token = false,
        authorize = function(query)
          tasks.sleep(0.01) -- as a look into a database would take
          asked[#asked + 1] = query.team_id
          return tokens[query.team_id] and { bot_token = tokens[query.team_id] }
        end,
      }
      for name, value in pairs(options) do
        given[name] = value
      end
      local app = new_app(given)
      app:message(function(c) c:say("heard in " .. c.team_id .. " by " .. c.bot_user_id) end)
      app:command("/go", function(c) c:ack "going" end)
      live.start(here, app)
      fn { here = here, mars = mars, strange = strange, app = app, lines = lines, asked = asked }
    end)
  end

  for _, transport in ipairs(live.TRANSPORTS) do
    it("answers each workspace as its own bot, and never itself; " .. transport, function()
      on(transport, {}, function(it)
        local moon, mars = it.here.workspaces[1], it.mars
        moon:say { user = "ada", channel = "general", text = "hi" }
        mars:say { user = "ada", channel = "base", text = "hi" }
        assert(moon:wait_message { text = "heard in " .. moon.team_id })
        assert(mars:wait_message { text = "heard in " .. mars.team_id })
        mars:say { user = "ada", channel = "base", text = "again" }
        live.wait(function() return #mars:messages("base") == 4 end)
        live.wait(function() return it.app:stats().ignored == 3 end)
        table.sort(it.asked) -- about ada and the bot in each workspace, once
        local expected = { moon.team_id, moon.team_id, mars.team_id, mars.team_id }
        table.sort(expected)
        assert.same(expected, it.asked)
      end)
    end)
  end

  it("acks a command of a strange workspace empty in Socket Mode (S040)", function()
    on("socket", {}, function(it)
      local outcome = it.strange:command { command = "/go", channel = "dark" }
      assert.same({}, { outcome.failure, outcome.message })
      live.wait(function()
        return table.concat(it.lines):find("no authorization for " .. it.strange.team_id, 1, true)
      end)
      assert.is_nil(table.concat(it.lines):find "no ack in time")
    end)
  end)

  it("refuses it with 401 over HTTP (S040)", function()
    on("http", {}, function(it)
      local outcome = it.strange:command { command = "/go", channel = "dark" }
      assert.equal("dispatch_failed", outcome.failure)
      assert.equal(401, outcome.delivery.attempts[1].status)
    end)
  end)

  for _, transport in ipairs { "socket", "http" } do
    it("shows a text there when it has one (S060); " .. transport, function()
      on(transport, { authorize_error_text = "Please install me." }, function(it)
        local outcome = it.strange:command { command = "/go", channel = "dark" }
        assert.equal("Please install me.", outcome.message.text)
      end)
    end)
  end
end)
