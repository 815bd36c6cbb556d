local Process = require "support.process"
local WebServer = require "support.web_server"
local files = require "support.files"
local live = require "support.live_app"
local proxies = require "support.proxies"
local slack = require "slack"
local tasks = require "slack.tasks"

lazy_teardown(proxies.stop)

describe("a private authority", function()
  it("is known by ca_file, and by SSL_CERT_FILE, without a proxy too", function()
    live.run(function(here)
      local directory <close> = files.temporary()
      local program <close> = proxies.run_program(directory, here, {
        SSL_CERT_FILE = here.ca_file,
        HTTPS_PROXY = "http://127.0.0.1:1", -- which is not for this machine
      })
      assert(here:wait_connections(1), program:output())
      here:command { command = "/hello", user = "ada" }
      assert(here:wait_message { text = "From a program.", ephemeral = true, user = "ada" })
      live.wait(function() return not program:is_running() end)
      assert.equal("called\n", program:output())
    end)
  end)

  it("given as ca_file takes the place of those that the system trusts", function()
    local known <close> = WebServer.start(function() return 200, "" end,
      { tls = { names = "IP:127.0.0.1" } })
    local given <close> = WebServer.start(function() return 200, "" end,
      { tls = { names = "IP:127.0.0.1" } })
    local directory <close> = files.temporary()
    files.write(directory.path .. "/main.lua", ([[
      local fetch = require "slack.fetch"
      require("slack.tasks").run(function()
        local url, ca_file = %q, %q
        print(fetch(url, { proxy = "" }).status)
        print(select(2, fetch(url, { proxy = "", ca_file = ca_file })).code)
      end)]]):format(known.url, given.ca_file))
    local program <close> = Process.lua(directory.path .. "/main.lua",
      { environment = { SSL_CERT_FILE = known.ca_file } })
    tasks.run(live.wait, function() return not program:is_running() end)
    assert.equal("200\ntls\n", program:output())
  end)

  it("is looked at in a proxy's certificate as well, with its dates and name", function()
    tasks.run(function()
      local function ask(tls, knows)
        local proxy <close> = WebServer.start(function() return 404, "" end, { tls = tls })
        local _, err = slack.fetch("https://slack.test/", {
          proxy = proxy.url, ca_file = knows and proxy.ca_file or nil,
        })
        return ("%s %d"):format(err.code, #proxy.requests)
      end
      local NAME <const>, DAY <const> = "IP:127.0.0.1", 86400
      assert.equal("proxy 0", ask({ names = NAME }, true)) -- which takes no CONNECT
      assert.equal("tls 0", ask({ names = NAME }, false))
      assert.equal("tls 0", ask({ names = "DNS:other.test" }, true))
      assert.equal("tls 0", ask({ names = NAME, starts_in = -2 * DAY, ends_in = -DAY }, true))
    end)
  end)

  for through, kind_name in pairs { ["directly"] = false, ["through a proxy"] = "tinyproxy" } do
    local function run(name, names, fails_as)
      it(name .. " is refused by the Web API and the WebSocket, " .. through, function()
        local kind = kind_name and proxies.find(kind_name)
        if kind and proxies.missing(kind) then
          pending(proxies.missing(kind))
        end
        live.run(function(here, new_app, lines)
          local directory <close> = files.temporary()
          local proxy = kind and proxies.start(kind) or ""
          local other <close> = WebServer.start(function() return 404, "" end,
            { tls = { names = names } })
          proxies.move(here, "127.0.0.1")
          here.socket.url = "wss://127.0.0.1:" .. other.port
          local ca_file = fails_as.is_known and proxies.authorities(directory, here, other)
            or here.ca_file
          local client = slack.client {
            token = here.bot_token, api_url = ("https://127.0.0.1:%d/api/"):format(other.port),
            proxy = proxy, no_proxy = "", ca_file = ca_file, log = "off",
          }
          local answer, err = client:call "auth.test"
          assert.is_nil(answer)
          assert.equal("tls", err.code)
          assert.matches(fails_as.words, err.message)
          assert.equal(0, #other.requests)
          local app = new_app {
            api_url = here.api_url, proxy = proxy, no_proxy = "", ca_file = ca_file,
            connections = 1,
          }
          local starting = tasks.spawn(app.start, app)
          live.wait(function()
            return table.concat(lines, "\n"):find("WebSocket 127%.0%.0%.1:%d+: [^\n]*"
              .. fails_as.words)
          end)
          assert.equal(0, #other.requests)
          starting:cancel()
        end)
      end)
    end

    run("that nobody knows", "IP:127.0.0.1", { words = "give its certificate as ca_file" })
    run("with another name", "DNS:other.test", {
      is_known = true, words = "the certificate is for other names: check the URL",
    })
  end
end)
