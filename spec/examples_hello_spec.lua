local child = require "support.child"
local example = require "support.example"
local files = require "support.files"
local json = require "slack.json"
local log = require "slack.log"
local sandbox = require "support.local_slack"

local silent = log.new { level = "off" }

describe("examples/hello", function()
  local slack_here

  before_each(function()
    slack_here = assert(sandbox.start { log = silent })
  end)

  after_each(function()
    slack_here:stop()
  end)

  for name, case in pairs {
    ["Socket Mode"] = { SLACK_APP_TOKEN = true },
    ["HTTP"] = { SLACK_SIGNING_SECRET = true },
    ["both at once"] = {
      SLACK_APP_TOKEN = true, SLACK_SIGNING_SECRET = true, SLACK_TRANSPORT = "both",
    },
  } do
    it("answers over " .. name .. ", by its environment alone", function()
      local bot <close>, url = example.run("examples/hello/bot.lua", slack_here, {
        SLACK_BOT_TOKEN = slack_here.bot_token,
        SLACK_APP_TOKEN = case.SLACK_APP_TOKEN and slack_here.app_token or "",
        SLACK_SIGNING_SECRET = case.SLACK_SIGNING_SECRET and slack_here.signing_secret or "",
        SLACK_TRANSPORT = case.SLACK_TRANSPORT or "",
      })
      assert.equal(case.SLACK_SIGNING_SECRET or false, url ~= nil, bot:output())
      if url then
        slack_here:deliver_over_http(url)
        slack_here.delivery = case.SLACK_TRANSPORT and "alternate" or nil
      end
      for _ = 1, 2 do
        local said = slack_here:say { text = "hello", channel = "random" }
        assert(slack_here:wait_message { text = "Hello", channel = "random", after = said.ts })
        assert.equal(json.null, slack_here:command({ command = "/lunch", text = "Luigi's" }).ack)
        local question = assert(slack_here:wait_message { text = "Luigi's" })
        assert.equal(json.null,
          slack_here:click({ message = question, action_id = "join_lunch", user = "grace" }).ack)
        local grace = slack_here.workspace:find_user "grace".id
        assert(slack_here:wait(function() return question.text:find(grace, 1, true) end))
        slack_here:delete { message = question }
      end
      example.stop(bot)
    end)
  end

  it("says which variable to set when there is no token", function()
    local ok, output = files.run((
      "env -u SLACK_BOT_TOKEN LUA_PATH='%s' LUA_CPATH='%s' %s examples/hello/bot.lua"
    ):format(package.path, package.cpath, child.interpreter()))
    assert.is_false(ok)
    assert.truthy(output:find("SLACK_BOT_TOKEN", 1, true), output)
  end)
end)
