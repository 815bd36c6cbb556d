-- Everything that a bot writes at debug level, through ordinary and bad times,
-- searched for what nobody may read there.
local Process = require "support.process"
local files = require "support.files"
local sandbox = require "support.local_slack"

local BOT = [[
local slack = require "slack"
local app = slack.app { log = "debug", proxy = "" }

app:message("hello", function(c) c:say "hi" end)
app:message("tell", function(c)
  c.log:info("the token is %s", os.getenv "SLACK_BOT_TOKEN")
  c.log:info("as a field of %s", c.client)
end)
app:message("raise", function() error("with " .. os.getenv "SLACK_BOT_TOKEN") end)
app:message("refused", function(c)
  local _, err = c.client.chat.postMessage { channel = "nowhere", text = "x" }
  error(err)
end)
app:command("/respond", function(c)
  c:ack()
  c:respond "by response_url"
  error "as if to https://hooks.slack.com/commands/T012345/678901234/aBcDeFgHiJkLmNoPqRsTuVwX"
end)
app:run()
]]

local function through_ordinary_and_bad_times(slack_here)
  slack_here:say { text = "hello" }
  slack_here:say { text = "tell" }
  slack_here:say { text = "raise" }
  slack_here:say { text = "refused" }
  assert(slack_here:wait_message { text = "hi" })
  slack_here:command { command = "/respond" }
  slack_here:fail("apps.connections.open", { status = 500, body = "an error page" })
  slack_here:connections()[1]:reset()
  slack_here:wait(function() return #slack_here:calls "apps.connections.open" > 2 end)
  slack_here:fail "apps.connections.open"
  slack_here:refuse_upgrades(409)
  local calls = #slack_here:calls "apps.connections.open"
  slack_here:connections()[1]:disconnect "refresh_requested"
  slack_here:wait(function() return #slack_here:calls "apps.connections.open" > calls + 1 end)
  slack_here:refuse_upgrades(0)
  assert(slack_here:wait_connections(1))
  slack_here:connections()[1]:send "no JSON but a token: xoxb-1234567890-abcdefghijkl"
  local last = slack_here:say { text = "hello" }
  assert(slack_here:wait_message { text = "hi", after = last.ts })
end

describe("what a bot writes at debug level", function()
  local output, secrets

  setup(function()
    local directory <close> = files.temporary()
    files.write(directory.path .. "/bot.lua", BOT)
    local slack_here <close> = assert(sandbox.start())
    secrets = {
      slack_here.bot_token, slack_here.app_token, "abcdefghijkl", "aBcDeFgHiJkLmNoPqRsTuVwX",
    }
    local open_connection = slack_here.socket.open_connection
    function slack_here.socket.open_connection(...)
      local url = open_connection(...)
      table.insert(secrets, url:match "ticket=(%x+)")
      return url
    end
    local bot <close> = Process.lua(directory.path .. "/bot.lua", {
      environment = {
        SLACK_API_URL = slack_here.api_url,
        SLACK_BOT_TOKEN = slack_here.bot_token,
        SLACK_APP_TOKEN = slack_here.app_token,
        SSL_CERT_FILE = slack_here.ca_file,
      },
    })
    assert(slack_here:wait_connections(2, 20), bot:output())
    through_ordinary_and_bad_times(slack_here)
    bot:signal()
    bot:wait()
    output = bot:output()
  end)

  it("tells of all of it", function()
    for _, told in ipairs { "DEBUG", "the token is", "raise", "channel_not_found",
      "hooks.slack.com", "reset", "409", "500" } do
      assert.truthy(output:find(told, 1, true), told .. " is not in:\n" .. output)
    end
  end)

  it("has no token, ticket or response URL in it (S224)", function()
    assert.truthy(#secrets >= 6)
    for _, secret in ipairs(secrets) do
      assert.is_nil(output:find(secret, 1, true), output)
    end
  end)
end)
