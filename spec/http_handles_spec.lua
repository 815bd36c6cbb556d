local WebServer = require "support.web_server"
local http = require "slack.http"

-- One request after the other, so that each is made by the handle of the one before.
describe("http: a handle that is used again", function()
  local here, there, status, answer_headers

  before_each(function()
    status, answer_headers = 200, nil
    local function answer()
      return status, '{"ok":true}', answer_headers
    end
    here, there = WebServer.start(answer), WebServer.start(answer)
  end)

  after_each(function()
    here, there = here:stop(), there:stop()
  end)

  local function shape(url, token, net)
    return http.shape {
      method = "POST", url = url, net = net or http.net(), timeout = 5,
      headers = http.headers { "authorization", "Bearer " .. (token or "xoxb-one") },
    }
  end

  local function post(to, body)
    return http.request(setmetatable({ body = body }, to))
  end

  -- What a server got last: "POST /path Bearer token body"
  local function got(server)
    local last = server.requests[#server.requests]
    return ("%s %s %s %s"):format(last.method, last.target, last.headers.authorization, last.body)
  end

  local function check(server, to, body, expected)
    local count = #server.requests
    assert(post(to, body))
    assert.equal(count + 1, #server.requests)
    assert.equal(expected, got(server))
    assert.equal("127.0.0.1:" .. server.port, server.requests[count + 1].headers.host)
  end

  it("goes where each request says, with that one's token and body", function()
    local a, b = shape(here.url .. "/api/a"), shape(here.url .. "/api/b?x=1")
    local c, other = shape(there.url .. "/api/a"), shape(here.url .. "/api/a", "xoxb-two")
    for i = 1, 3 do
      check(here, a, "a" .. i, "POST /api/a Bearer xoxb-one a" .. i)
      check(here, a, "", "POST /api/a Bearer xoxb-one ")
      check(here, b, "longer", "POST /api/b?x=1 Bearer xoxb-one longer")
      check(there, c, "c", "POST /api/a Bearer xoxb-one c")
      check(here, other, "two", "POST /api/a Bearer xoxb-two two")
    end
  end)

  it("forgets that for requests of other kinds, and they for it", function()
    local a = shape(here.url .. "/api/a")
    for _, plain in ipairs {
      { method = "POST", url = there.url .. "/plain", body = "text" },
      { method = "GET", url = there.url .. "/plain" },
      { method = "PUT", url = there.url .. "/plain", body = "text" },
      { method = "POST", url = there.url .. "/plain", body = function() end },
      { method = "GET", url = there.url .. "/plain", sink = function() end },
    } do
      check(here, a, "a", "POST /api/a Bearer xoxb-one a")
      assert(http.request(plain))
      local last = there.requests[#there.requests]
      assert.same({ plain.method, "/plain" }, { last.method, last.target })
      assert.is_nil(last.headers.authorization)
    end
    check(here, a, "a", "POST /api/a Bearer xoxb-one a")
  end)

  it("goes there again after a redirect, which names where else", function()
    local a = shape(here.url .. "/api/a")
    for _, target in ipairs { "/api/b", there.url .. "/c", "d?e=f" } do
      status, answer_headers = 302, { "Location", target }
      local response = assert(post(a, "1"))
      assert.equal(302, response.status)
      assert.equal(target:find "^http" and target
        or here.url .. (target:find "^/" and target or "/api/" .. target), response.redirect)
      status, answer_headers = 200, nil
      check(here, a, "2", "POST /api/a Bearer xoxb-one 2")
    end
    assert.equal(0, #there.requests)
  end)

  it("goes there again after requests that failed", function()
    local a, gone = shape(here.url .. "/api/a"), WebServer.start(function() end)
    local nowhere = shape(gone.url .. "/api/x")
    gone:stop()
    for _ = 1, 3 do
      check(here, a, "a", "POST /api/a Bearer xoxb-one a")
      local response, err = post(nowhere, "x")
      assert.is_nil(response)
      assert.equal("connection", err.code)
      status = 0
      response, err = post(a, "dropped")
      assert.is_nil(response)
      assert.equal("interrupted", err.code)
      status = 200
    end
    check(here, a, "a", "POST /api/a Bearer xoxb-one a")
  end)

  it("goes through the proxy of its network, or past it by name and port", function()
    local exception = "127.0.0.1:" .. there.port
    local proxied = assert(http.net { proxy = here.url, no_proxy = exception, insecure = true })
    local direct = http.net()
    for _ = 1, 2 do
      assert(post(shape(there.url .. "/api/a", nil, proxied), "past it"))
      assert.equal("POST /api/a Bearer xoxb-one past it", got(there))
      assert(post(shape("http://slack.test/api/b", nil, proxied), "through it"))
      assert.equal("POST http://slack.test/api/b Bearer xoxb-one through it", got(here))
      assert(post(shape(there.url .. "/api/c", nil, direct), "direct"))
      assert.equal("POST /api/c Bearer xoxb-one direct", got(there))
    end
  end)
end)
