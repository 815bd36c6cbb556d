local Process = require "support.process"
local Proxy = require "support.proxy"
local WebServer = require "support.web_server"
local core = require "slack.core"
local fetch_url = require "slack.fetch"
local files = require "support.files"

local function net(settings)
  local object, message, code = core.net(settings)
  return object, message, code
end

-- What a script about core.net prints in a process with such an environment.
local function net_with(environment, script)
  local directory <close> = files.temporary()
  local path = directory.path .. "/script.lua"
  files.write(path, 'local core = require "slack.core"\n' .. script)
  local child <close> = Process.lua(path, { environment = environment })
  child:wait()
  return child:output()
end

describe("net_options", function()
  describe("a URL", function()
    for _, url in ipairs {
      "https://slack.com/api/", "wss://slack.com/", "http://127.0.0.1:1/", "http://127.200.1.9/",
      "ws://localhost:80/", "http://LOCALHOST/", "http://[::1]:8080/", "https://[2001:db8::1]/",
      "http://127.1/", "http://0x7f000001/", "http://2130706433/",
    } do
      it("is allowed: " .. url, function()
        assert.is_true(assert(net {}):check_url(url))
      end)
    end

    for _, url in ipairs {
      "http://slack.com/", "ws://slack.com/", "http://127.0.0.1.evil.example/", "http://10.0.0.1/",
      "http://127.evil.example/", "http://localhost.evil.example/", "http://[::2]/",
      "http://localhost@evil.example/", "http://127.0.0.1.5/", "http://127.0.0.256/",
    } do
      it("is refused in plain text: " .. url, function()
        local ok, message, code = assert(net {}):check_url(url)
        assert.is_nil(ok)
        assert.equal("invalid_url", code)
        assert.matches("insecure = true", message, 1, true)
      end)

      it("is allowed with insecure: " .. url, function()
        assert.is_true(assert(net { insecure = true }):check_url(url))
      end)
    end

    for _, url in ipairs {
      "", "slack.com", "https://", "ftp://localhost/", "file:///etc/passwd",
      "https://a b/", "https://host:99999/", "https://host/\0",
    } do
      it(("is none of ours: %q"):format(url), function()
        local ok, _, code = assert(net { insecure = true }):check_url(url)
        assert.is_nil(ok)
        assert.equal("invalid_url", code)
      end)
    end
  end)

  describe("the CA file", function()
    it("is named when it cannot be read", function()
      local object, message, code = net { ca_file = "/nowhere/ca.pem" }
      assert.is_nil(object)
      assert.equal("tls", code)
      assert.matches('option "ca_file": the CA file /nowhere/ca.pem cannot be read: No such file',
        message, 1, true)
    end)

    it("is named when it holds no certificate", function()
      local directory <close> = files.temporary()
      local path = directory.path .. "/ca.pem"
      files.write(path, "nonsense")
      local object, message = net { ca_file = path }
      assert.is_nil(object)
      assert.matches(path .. " holds no PEM certificate", message, 1, true)
    end)

    it("comes from SSL_CERT_FILE when none is given", function()
      local output = net_with({ SSL_CERT_FILE = "/nowhere/ca.pem" }, "print(core.net {})")
      assert.matches("SSL_CERT_FILE: the CA file /nowhere/ca.pem cannot be read", output, 1, true)
    end)
  end)

  describe("a proxy", function()
    for _, proxy in ipairs {
      "http://proxy.example:3128", "https://proxy.example", "proxy.example:3128",
      "http://user:p%40ss@proxy.example:3128", "", "ftp.proxy.example:3128",
    } do
      it(("is accepted: %q"):format(proxy), function()
        assert(net { proxy = proxy })
      end)
    end

    for _, proxy in ipairs { "socks5://proxy.example:1080", "http://", "http://secret@ h:1" } do
      it(("is refused by name of the option: %q"):format(proxy), function()
        local object, message, code = net { proxy = proxy }
        assert.is_nil(object)
        assert.equal("proxy", code)
        assert.matches('option "proxy"', message, 1, true)
        assert.is_nil(message:find("secret", 1, true))
      end)
    end

    for _, name in ipairs { "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy" } do
      it("comes from " .. name .. " when none is given", function()
        local environment = { HTTPS_PROXY = "", https_proxy = "", ALL_PROXY = "", all_proxy = "" }
        environment[name] = "gopher://x"
        local output = net_with(environment, [[
          print(core.net {})
          print(core.net { proxy = "" })]])
        assert.matches(name .. " has the scheme gopher", output, 1, true)
        assert.matches("\nslack.core.net", output, 1, true)
      end)
    end
  end)
end)

-- A real proxy.

describe("through a real proxy", function()
  if not Proxy.is_installed() then
    pending "tinyproxy is not installed"
    return
  end

  local server, open_proxy, open_port, shut_proxy, shut_port

  lazy_setup(function()
    server = WebServer.start(function(request)
      return 200, request.target .. " " .. request.body
    end, { tls = { names = "IP:127.0.0.1,DNS:localhost" } })
    open_proxy = Proxy.start()
    shut_proxy = Proxy.start { user = "worker", password = "pa55word" }
    open_port, shut_port = open_proxy.port, shut_proxy.port
  end)

  lazy_teardown(function()
    open_proxy:stop()
    shut_proxy:stop()
    server:stop()
  end)

  local function fetch(proxy, extra)
    local options = { proxy = proxy, no_proxy = "", ca_file = server.ca_file, body = "hello" }
    for name, value in pairs(extra or {}) do
      options[name] = value
    end
    return fetch_url(server.url .. "/api?secret=1", options)
  end

  it("reaches the server by CONNECT (S228)", function()
    local response = assert(fetch("http://127.0.0.1:" .. open_port))
    assert.equal("/api?secret=1 hello", response.body)
    assert.matches("CONNECT 127.0.0.1:" .. server.port, open_proxy:output(), 1, true)
  end)

  it("gives its credentials, percent-encoded ones too (S228)", function()
    local response = assert(fetch("http://worker:pa%35%35word@127.0.0.1:" .. shut_port))
    assert.equal(200, response.status)
  end)

  it("says when the proxy wants credentials (S228)", function()
    local response, err = fetch("http://127.0.0.1:" .. shut_port)
    assert.is_nil(response)
    assert.equal("proxy", err.code)
    assert.matches("the proxy 127.0.0.1:" .. shut_port .. " answered CONNECT with status 407",
      err.message, 1, true)
    assert.matches("credentials", err.message, 1, true)
  end)

  it("never shows the credentials", function()
    local _, err = fetch("http://worker:wrongpass@127.0.0.1:" .. shut_port)
    assert.equal("proxy", err.code)
    assert.is_nil(tostring(err):find("wrongpass", 1, true))
    assert.is_nil(tostring(err):find("worker", 1, true))
  end)

  it("says when a proxy cannot be reached, and which", function()
    local port = Proxy.free_port()
    local _, err = fetch("http://worker:pass@127.0.0.1:" .. port)
    assert.equal("connection", err.code)
    assert.matches("through the proxy 127.0.0.1:" .. port, err.message, 1, true)
  end)

  it("checks the server's certificate all the same", function()
    local wrong <close> = WebServer.start(function() end, { tls = { names = "IP:127.0.0.1" } })
    local _, err = fetch("http://127.0.0.1:" .. open_port, { ca_file = wrong.ca_file })
    assert.equal("tls", err.code)
  end)

  it("goes past the proxy for hosts of no_proxy", function()
    -- Not its whole log: it tells late of the ends of earlier connections.
    local function requests()
      return select(2, open_proxy:output():gsub("Request %(file descriptor", ""))
    end
    local before = requests()
    local response = assert(fetch("http://127.0.0.1:" .. open_port, { no_proxy = "127.0.0.1" }))
    assert.equal(200, response.status)
    assert.equal(before, requests())
  end)
end)
