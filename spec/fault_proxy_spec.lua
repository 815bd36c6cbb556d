local FaultProxy = require "support.fault_proxy"
local live = require "support.live_app"

describe("a relay that spoils connections", function()
  for _, tls in ipairs { true, false } do
    it(("lets an app through to its Slack, %s TLS"):format(tls and "with" or "without"), function()
      live.run(function(here, new_app)
        local relay <close> = FaultProxy.before(here)
        local app = new_app { api_url = here.api_url, connections = 1 }
        app:message("hello", function(c) c:say "Hello." end)
        live.start(here, app)
        here:say { user = "ada", text = "hello" }
        assert(here:wait_message { text = "Hello." })
        assert.truthy(relay:count "accepted api" > 0)
        live.wait(function() return relay:count "stage ws %d+ upgrade" == 1 end)
        relay:tell("ws old", "reset")
        live.wait(function() return relay:count "stage ws %d+ upgrade" == 2 end)
      end, { tls = tls })
    end)
  end
end)
