local Proxy = require "support.proxy"
local live = require "support.live_app"

local CREDENTIALS = { user = "worker", password = "pa55word" }

describe("an app behind a proxy", function()
  before_each(function()
    if not Proxy.is_installed() then
      pending "tinyproxy is not installed"
    end
  end)

  -- By address: the proxy asks the system for names, and not every system knows
  -- its own.
  local function through(proxy, user_info, here)
    for _, place in ipairs { here, here.socket } do
      place.url = place.url:gsub("localhost", "127.0.0.1")
    end
    return {
      api_url = here.url .. "api/",
      proxy = ("http://%s127.0.0.1:%d"):format(user_info, proxy.port),
      no_proxy = "",
      connections = 1,
    }
  end

  it("reaches both the Web API and the WebSocket, with credentials (S028, S190, S228)", function()
    live.run(function(here, new_app, lines)
      local proxy <close> = Proxy.start(CREDENTIALS)
      local app = new_app(through(proxy, "worker:pa55word@", here))
      app:command("/hello", function(c)
        c:ack()
        assert(c:respond "Through the proxy.")
      end)
      assert(app:start())
      here:command { command = "/hello", user = "ada" }
      assert(here:wait_message { text = "Through the proxy.", ephemeral = true, user = "ada" })
      local web_api = here.api_url:match ":(%d+)"
      local websocket = here.socket.url:match ":(%d+)"
      assert.matches("CONNECT 127.0.0.1:" .. web_api, proxy:output(), 1, true)
      assert.matches("CONNECT 127.0.0.1:" .. websocket, proxy:output(), 1, true)
      assert.is_nil(table.concat(lines, "\n"):find("pa55word", 1, true))
    end)
  end)

  it("does not start with wrong credentials, and says so (S228)", function()
    live.run(function(here, new_app)
      local proxy <close> = Proxy.start(CREDENTIALS)
      local ok, err = new_app(through(proxy, "worker:wrong@", here)):start()
      assert.is_nil(ok)
      assert.equal("proxy", err.code)
      assert.matches("answered CONNECT with status 40%d.*credentials", tostring(err))
      assert.is_nil(tostring(err):find("wrong@", 1, true))
    end)
  end)
end)
