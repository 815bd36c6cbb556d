local Proxy = require "support.proxy"
local WebServer = require "support.web_server"
local files = require "support.files"
local live = require "support.live_app"
local proxies = require "support.proxies"
local slack = require "slack"
local tasks = require "slack.tasks"
local webhooks = require "slack.sandbox.webhooks"

local BYTES <const> = ("all kinds of bytes \0\1\255\r\n"):rep(20000)

lazy_teardown(proxies.stop)

local function assert_hides(kind, text)
  local credentials = kind.credentials
  if credentials then
    for _, secret in ipairs {
      credentials.password, credentials.encoded, credentials.encoded:match ":(.*)",
      ("%s:%s"):format(credentials.user, credentials.password),
    } do
      assert.is_nil(text:find(secret, 1, true), text)
    end
    assert.is_nil(text:find("Proxy-Authorization", 1, true))
  end
end

-- Squid logs a tunnel when it ends.
local function assert_went_through(proxy, url)
  local line = "CONNECT " .. url:match "//([^/]+)"
  live.wait(function() return proxy:output():find(line, 1, true) end)
end

local function send_and_fetch_file(client, channel)
  local directory <close> = files.temporary()
  local path = directory.path .. "/sent.bin"
  files.write(path, BYTES)
  local file = assert(client:upload { file = path, channel = channel })
  local shown = assert(client.files.info { file = file.id }).file
  assert.equal(#BYTES, client:download(shown.url_private, directory.path .. "/got.bin"))
  assert.is_true(BYTES == files.read(directory.path .. "/got.bin"))
end

local function stream_to_other_server(host, options)
  local lines = { "one ", "two ", "three" }
  local server <close> = WebServer.start(function(request)
    return 200, request.body
  end, { tls = proxies.CERTIFICATE })
  local directory <close> = files.temporary()
  local answer <close> = assert(slack.fetch(("https://%s:%d/"):format(host, server.port), {
    method = "PUT", stream = true, body = function() return table.remove(lines, 1) end,
    proxy = options.proxy, no_proxy = options.no_proxy,
    ca_file = proxies.authorities(directory, server, { ca_file = options.ca_file }),
  }))
  assert.equal("one two three", assert(answer:read "a"))
end

-- The local Slack has no such interfaces, and answers that it does not know the token.
local function ask_rest_interfaces(here, options)
  local all = { token = "xoxp-1", api_url = here.api_url, retries = 0, log = "off" }
  for name, value in pairs(options) do
    all[name] = value
  end
  local _, err = slack.audit_logs(all):logs {}
  assert.equal("invalid_auth", err.code)
  _, err = slack.scim(all).users:list {}
  assert.equal("invalid_auth", err.code)
end

for _, kind in ipairs(proxies.KINDS) do
  describe("behind " .. kind.name, function()
    if proxies.missing(kind) then
      pending(proxies.missing(kind))
      return
    end

    it("all that an app sends and gets goes through it (S028, S190, S228)", function()
      live.run(function(here, new_app, lines)
        local directory <close> = files.temporary()
        local url, proxy = proxies.start(kind)
        proxies.move(here, kind.host)
        local ca_file = proxies.authorities(directory, here, proxy)
        local options = { proxy = url, no_proxy = "", ca_file = ca_file }
        local app = new_app {
          api_url = here.api_url, proxy = url, no_proxy = "", ca_file = ca_file,
          connections = 1,
        }
        app:command("/hello", function(c)
          c:ack()
          assert(c:respond "Through the proxy.")
        end)
        assert(app:start())
        here:command { command = "/hello", user = "ada" }
        assert(here:wait_message { text = "Through the proxy.", ephemeral = true, user = "ada" })
        send_and_fetch_file(app.client, here.workspace.channel_list[1].id)
        stream_to_other_server(kind.host, options)
        ask_rest_interfaces(here, options)
        local webhook = slack.webhook(webhooks.add(here, here.workspace).url, options)
        assert(webhook:send "By a webhook.")
        assert(here:wait_message { text = "By a webhook." })
        app:stop()
        assert_went_through(proxy, here.socket.url)
        assert_hides(kind, table.concat(lines, "\n"))
      end, { certificate = proxies.CERTIFICATE })
    end)

    it("so does a program that says nothing, by its environment (S028)", function()
      live.run(function(here)
        local directory <close> = files.temporary()
        local url, proxy = proxies.start(kind)
        proxies.move(here, kind.host)
        local program <close> = proxies.run_program(directory, here, {
          HTTPS_PROXY = url, SSL_CERT_FILE = proxies.authorities(directory, here, proxy),
        })
        assert(here:wait_connections(1), program:output())
        here:command { command = "/hello", user = "ada" }
        assert(here:wait_message { text = "From a program.", ephemeral = true, user = "ada" })
        live.wait(function() return not program:is_running() end)
        assert.equal("called\n", program:output():match "[^\n]*\n$")
        assert_went_through(proxy, here.socket.url)
        assert_hides(kind, program:output())
      end, { certificate = proxies.CERTIFICATE })
    end)
  end)
end

-- What is refused ----------------------------------------------------------------

for _, name in ipairs { "tinyproxy with credentials", "squid with credentials" } do
  describe("behind " .. name, function()
    for what, user_info in pairs { ["wrong ones"] = "worker:wr0ng@", ["none"] = "" } do
      local advice = user_info == "" and "it wants credentials, give them"
        or "it takes others than the user and password of its URL"
      it("an app with " .. what .. " does not start, and says so (S228)", function()
        local kind = proxies.find(name)
        if proxies.missing(kind) then
          pending(proxies.missing(kind))
        end
        live.run(function(here, new_app, lines)
          local _, port = kind.start()
          proxies.move(here, kind.host)
          local ok, err = new_app({
            api_url = here.api_url, proxy = ("http://%s127.0.0.1:%d"):format(user_info, port),
            no_proxy = "",
          }):start()
          assert.is_nil(ok)
          assert.equal("proxy", err.code, tostring(err))
          assert.matches("answered CONNECT with status 40%d: " .. advice, tostring(err))
          for _, text in ipairs { tostring(err), table.concat(lines, "\n") } do
            assert.is_nil(text:find("wr0ng", 1, true))
          end
        end)
      end)
    end
  end)
end

describe("behind squid", function()
  if proxies.missing(proxies.find "squid") then
    pending(proxies.missing(proxies.find "squid"))
    return
  end

  -- Nobody but squid knows the name: what goes past it ends in "dns".
  local function code_of(no_proxy, port)
    local proxy = proxies.start(proxies.find "squid")
    local _, err = slack.fetch(("https://slack.test:%d/"):format(port), {
      proxy = proxy, no_proxy = no_proxy,
    })
    return err and err.code
  end

  it("hosts of no_proxy are reached past it, by name, domain and port", function()
    local port = Proxy.free_port()
    for list, is_past in pairs {
      ["slack.test"] = true, ["SLACK.test"] = true, ["a.test, slack.test"] = true,
      [".test"] = true, ["test"] = true, ["*.test"] = true, ["*"] = true,
      ["slack.test:" .. port] = true, ["*.test:" .. port] = true, [".test:" .. port] = true,
      ["a.slack.test"] = false, ["ack.test"] = false, ["slack.test.example"] = false,
      ["slack.test:1"] = false, ["10.0.0.0/8"] = false, [""] = false,
    } do
      assert.equal(is_past and "dns" or "proxy", code_of(list, port), list)
    end
  end)

  it("the WebSocket goes past it alone when only its port is one of them", function()
    live.run(function(here, new_app, lines)
      proxies.move(here, "slack.test")
      local app = new_app {
        api_url = here.api_url, proxy = proxies.start(proxies.find "squid"), connections = 1,
        no_proxy = "slack.test:" .. here.socket.url:match ":(%d+)",
      }
      local starting = tasks.spawn(app.start, app)
      live.wait(function()
        return table.concat(lines, "\n"):find "WebSocket slack%.test:%d+: Could not resolve host"
      end)
      starting:cancel()
    end, { certificate = proxies.CERTIFICATE })
  end)

  it("the list may come from NO_PROXY", function()
    live.run(function(here)
      local directory <close> = files.temporary()
      proxies.move(here, "slack.test")
      local program <close> = proxies.run_program(directory, here, {
        HTTPS_PROXY = proxies.start(proxies.find "squid"), SSL_CERT_FILE = here.ca_file,
        NO_PROXY = "a.test,slack.test:" .. here.url:match ":(%d+)",
      })
      live.wait(function() return not program:is_running() end)
      assert.matches("dns: .*Could not resolve host: slack.test", program:output())
    end, { certificate = proxies.CERTIFICATE })
  end)

  it("a host that it refuses is told as such, of the Web API and the WebSocket (S228)", function()
    live.run(function(here, new_app, lines)
      local url, proxy = proxies.start(proxies.find "squid")
      local net = { proxy = url, no_proxy = "" }
      local _, err = slack.fetch("https://forbidden.test/", net)
      assert.equal("proxy", err.code)
      assert.matches("answered CONNECT with status 403: it lets nobody through", err.message)
      proxies.move(here, "slack.test")
      here.socket.url = here.socket.url:gsub("slack", "forbidden")
      local app = new_app {
        api_url = here.api_url, proxy = url, no_proxy = "", connections = 1,
      }
      local starting = tasks.spawn(app.start, app)
      live.wait(function()
        return table.concat(lines, "\n"):find(
          "WebSocket forbidden%.test:%d+: the proxy [%d.:]+ answered CONNECT with status 403")
      end)
      assert.matches("CONNECT forbidden.test", proxy:output(), 1, true)
      starting:cancel()
    end, { certificate = proxies.CERTIFICATE })
  end)

  it("over TLS, certificates that are not known are told apart (S228)", function()
    local url, proxy = proxies.start(proxies.find "squid over TLS")
    local server <close> = WebServer.start(function() return 200, "" end,
      { tls = proxies.CERTIFICATE })
    local function failure(proxy_url, ca_file)
      local _, err = slack.fetch(("https://slack.test:%d/"):format(server.port), {
        proxy = proxy_url, no_proxy = "", ca_file = ca_file,
      })
      return err.code .. ": " .. err.message
    end
    assert.matches("^tls: .* the TLS connection to the proxy 127.0.0.1:%d+ was refused: "
      .. ".*give its certificate as ca_file", failure(url, server.ca_file))
    assert.matches("target host name 'localhost'; the certificate is for other names",
      failure(url:gsub("127.0.0.1", "localhost"), proxy.ca_file))
    assert.matches("ca_file knows its authority and the server's", failure(url, proxy.ca_file))
    local plain = proxies.start(proxies.find "squid")
    assert.matches("check that the proxy is one for https",
      failure(plain:gsub("http:", "https:"), proxy.ca_file))
  end)
end)
