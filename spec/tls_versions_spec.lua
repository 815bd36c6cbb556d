-- Versions of TLS, on either side. What a certificate must be is in the specs of the clients.

local Process = require "support.process"
local WebServer = require "support.web_server"
local core = require "slack.core"
local files = require "support.files"
local http = require "slack.http"
local live = require "support.live_app"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local VERSIONS <const> = {
  { flag = "tls1", is_taken = false }, { flag = "tls1_1", is_taken = false },
  { flag = "tls1_2", is_taken = true }, { flag = "tls1_3", is_taken = true },
}
-- What OpenSSL itself would refuse of the old versions for their ciphers.
local ANY_CIPHER <const> = "ALL:@SECLEVEL=0"

describe("TLS", function()
  local folder

  before_each(function()
    folder = files.temporary()
    for name, text in pairs(assert(core.certificate { names = "IP:127.0.0.1" })) do
      files.write(("%s/%s.pem"):format(folder.path, name), text)
    end
  end)

  after_each(function()
    getmetatable(folder).__close()
  end)

  local function start_server(flag)
    return Process.start(("openssl s_server -%s -cipher '%s' -www -accept 127.0.0.1:0 "
      .. "-cert '%s/certificate.pem' -key '%s/key.pem'"):format(flag, ANY_CIPHER, folder.path,
      folder.path))
  end

  local function port_of(server)
    return wait_until("its port", function()
      return server:output():match "ACCEPT 127.0.0.1:(%d+)"
    end)
  end

  -- The server says why, for its alert may be overtaken by the end of the connection.
  local function await_refusals(server, count)
    wait_until("its refusal", function()
      return select(2, server:output():gsub("unsupported protocol", "")) >= count
    end)
  end

  for _, version in ipairs(VERSIONS) do
    it(("of a server that speaks %s alone is %s"):format(version.flag,
      version.is_taken and "spoken" or "refused"), function()
      local server <close> = start_server(version.flag)
      tasks.run(function()
        local number = port_of(server)
        local response, err = http.request {
          url = ("https://127.0.0.1:%s/"):format(number), timeout = 10,
          net = assert(http.net { ca_file = folder.path .. "/authority.pem", proxy = "" }),
        }
        if version.is_taken then
          assert.equal(200, assert(response).status)
        else
          assert.truthy(err)
          await_refusals(server, 1)
        end
      end)
    end)

    if not version.is_taken then
      it(("of %s alone is refused of Redis, of proxies and by Socket Mode, too"):format(
        version.flag), function()
        local server <close> = start_server(version.flag)
        live.run(function(here, new_app, lines)
          local port = port_of(server)
          local ca_file = folder.path .. "/both.pem"
          files.write(ca_file, files.read(here.ca_file)
            .. files.read(folder.path .. "/authority.pem"))
          local store, err = storage.open(("rediss://127.0.0.1:%s?timeout=5"):format(port),
            { ca_file = ca_file })
          assert.is_nil(store)
          assert.truthy(err)
          await_refusals(server, 1)
          assert.is_nil((http.request {
            url = "https://a.example/", timeout = 10,
            net = assert(http.net { ca_file = ca_file, proxy = "https://127.0.0.1:" .. port }),
          }))
          await_refusals(server, 2)
          here.socket.url = "wss://127.0.0.1:" .. port
          local app = new_app { ca_file = ca_file, connections = 1 }
          local starting = tasks.spawn(app.start, app)
          live.wait(function()
            return table.concat(lines, "\n"):find("WebSocket 127%.0%.0%.1:" .. port .. ": ")
          end)
          await_refusals(server, 3)
          starting:cancel()
        end)
      end)
    end

    it(("of a client that speaks %s alone is %s"):format(version.flag,
      version.is_taken and "spoken" or "refused"), function()
      tasks.run(function()
        local server = WebServer.start(function() return 200, "hello" end,
          { tls = { names = "IP:127.0.0.1" } })
        local client <close> = Process.start(("sh -c \"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | "
          .. "openssl s_client -%s -cipher '%s' -quiet -connect 127.0.0.1:%s\""):format(
          version.flag, ANY_CIPHER, server.url:match ":(%d+)"))
        wait_until("its end", function() return not client:is_running() end)
        assert.matches(version.is_taken and "hello" or "alert protocol version",
          client:output())
        server:stop()
      end)
    end)
  end

  it("is not negotiated anew because a client wants that", function()
    tasks.run(function()
      local server = WebServer.start(function() return 200, "hello" end,
        { tls = { names = "IP:127.0.0.1" } })
      local client <close> = Process.start(("sh -c \"{ echo R; sleep 0.3; } | openssl s_client "
        .. "-tls1_2 -connect 127.0.0.1:%s\""):format(server.url:match ":(%d+)"))
      wait_until("its end", function() return not client:is_running() end)
      assert.matches("RENEGOTIATING.*no renegotiation", client:output())
      server:stop()
    end)
  end)
end)
