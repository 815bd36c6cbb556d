local Proxy = require "support.proxy"
local ScriptedServer = require "support.scripted_server"
local live = require "support.live_app"
local proxies = require "support.proxies"
local slack = require "slack"
local tasks = require "slack.tasks"

local function send(bytes)
  return "send " .. ScriptedServer.text(bytes)
end

describe("a proxy that", function()
  local CONNECTED <const> = send "HTTP/1.1 200 OK\r\n\r\n"

  -- That of the Web API: see web_api_faults_spec.
  for does, fault in pairs {
    ["wants credentials"] = { { "read", send "HTTP/1.1 407 No\r\n\r\n" },
      "answered CONNECT with status 407: it wants credentials" },
    ["answers garbage"] = { { "read", send "\0\1garbage\r\n\r\n", "hang" },
      "no connection through the proxy" },
    ["dies before it answers"] = { { "read", "reset" }, "no connection through the proxy" },
    ["dies in the TLS handshake"] = { { "read", CONNECTED, "pause 20", "reset" },
      "no connection through the proxy" },
    ["speaks in the server's place"] = { { "read", CONNECTED, send "HTTP/1.1 101 OK\r\n\r\n",
      "hang" }, "the TLS connection was refused" },
  } do
    it(does .. " delays the WebSocket until it works (S228)", function()
      live.run(function(here, new_app, lines)
        local proxy <close> = ScriptedServer.start(fault[1])
        proxies.move(here, "127.0.0.1")
        local good = here.socket.url
        here.socket.url = good:gsub("127.0.0.1", "slack.test")
        local app = new_app {
          api_url = here.api_url, proxy = proxy.url, no_proxy = "127.0.0.1", connections = 1,
        }
        local starting = tasks.spawn(app.start, app)
        live.wait(function()
          return table.concat(lines, "\n"):find(
            "connection 1: WebSocket slack%.test:%d+: [^\n]*" .. fault[2])
        end)
        here.socket.url = good
        assert(starting:join())
        assert(here:wait_connections(1))
      end)
    end)
  end

  it("hears the name of the server, and nothing of what is for that", function()
    tasks.run(function()
      local refused = { "read", "show", send "HTTP/1.1 403 No\r\n\r\n" }
      local proxy <close> = ScriptedServer.start(refused)
      local client = slack.client {
        token = "xoxb-hush", api_url = "https://hush:4433/api/", proxy = proxy.url, no_proxy = "",
        retries = 0, log = "off", headers = { ["X-Hush"] = "hush" },
      }
      assert.is_nil((client:call("hush.hush", { text = "hush" })))
      assert.is_nil((slack.fetch("https://hush:4433/hush?hush", {
        proxy = proxy.url, no_proxy = "", headers = { Cookie = "hush" }, body = "hush",
      })))
      live.wait(function() return proxy:count() == 2 end)
      local heard = proxy.program:output():gsub("request CONNECT hush:4433\n", "")
        :gsub("CONNECT hush:4433 HTTP/1.1\r\n", ""):gsub("Host: hush:4433\r\n", "")
      assert.matches("Proxy%-Connection", heard)
      assert.not_matches("[Hh]ush", heard)
    end)
  end)

  it("ends and comes back takes and gives back both", function()
    if not Proxy.is_installed() then
      pending "tinyproxy is not installed"
    end
    live.run(function(here, new_app)
      local first <close> = Proxy.start()
      proxies.move(here, "127.0.0.1")
      local app = new_app {
        api_url = here.api_url, no_proxy = "", connections = 1, retries = 0,
        proxy = "http://127.0.0.1:" .. first.port,
      }
      app:command("/hello", function(c) c:ack "Still here." end)
      assert(app:start())
      first:stop()
      local answer, err = app.client:call "auth.test"
      assert.is_nil(answer)
      assert.matches("through the proxy 127.0.0.1:" .. first.port, err.message, 1, true)
      local second <close> = Proxy.start(nil, first.port) -- luacheck: ignore 211
      assert(app.client:call "auth.test")
      live.wait(function() return #here:connections() == 1 end)
      here:command { command = "/hello", user = "ada" }
      assert(here:wait_message { text = "Still here.", ephemeral = true, user = "ada" })
    end)
  end)
end)
