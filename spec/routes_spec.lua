local Route = require "slack.route"
local Routes = require "slack.routes"

local function handler() end

-- Routes of "METHOD /path" texts, in that order.
local function of(...)
  local routes, list = Routes.new {}, {}
  for i, text in ipairs { ... } do
    local method, path = text:match "^(%S+) (%S+)$"
    list[i] = assert(Route.new(method, path, handler))
  end
  routes:replace(list)
  return routes
end

-- The path of the route that is found, or the status.
local function found(routes, path, method)
  local route, more = routes:find(method or "GET", path)
  if route then
    return route.path, more
  end
  return more.status, more.allow
end

describe("routes", function()
  it("are found by method and path", function() -- S105
    local routes = of("GET /a", "POST /a", "GET /b")
    assert.equal("/a", found(routes, "/a"))
    assert.equal("/a", found(routes, "/a", "POST"))
    assert.equal(404, (found(routes, "/c")))
  end)

  it("give what stands in place of parameters, decoded", function() -- S106
    local routes = of("GET /orders/:id/items/:item")
    local _, params = found(routes, "/orders/a%20b%2Fc/items/gr%C3%BC%c3%9fe")
    assert.same({ id = "a b/c", item = "grüße" }, params)
  end)

  it("give all that follows, slashes included, and it may be nothing", function()
    local routes = of("GET /files/*path")
    for path, rest in pairs {
      ["/files/"] = "", ["/files/a"] = "a", ["/files/a/b%20c"] = "a/b c", ["/files/a/"] = "a/",
      ["/files//a"] = "/a",
    } do
      assert.same({ path = rest }, select(2, found(routes, path)), path)
    end
    assert.equal(404, (found(routes, "/files")))
  end)

  it("need something in place of a parameter", function()
    local routes = of("GET /a/:b", "GET /:x/y/z")
    assert.equal(404, (found(routes, "/a/")))
    assert.equal(404, (found(routes, "//y/z")))
  end)

  it("prefer the exact to a parameter, that to a rest, whatever came first", function()
    local routes = of("GET /*all", "GET /a/*rest", "GET /a/:b", "GET /:a/b", "GET /a/b")
    assert.equal("/a/b", found(routes, "/a/b"))
    assert.equal("/a/:b", found(routes, "/a/c"))
    assert.equal("/:a/b", found(routes, "/x/b"))
    assert.equal("/a/*rest", found(routes, "/a/b/c"))
    assert.equal("/*all", found(routes, "/x"))
    assert.equal("/a/:b", found(of("GET /:a/b", "GET /a/:b"), "/a/b"))
  end)

  it("of the same paths take the one that was first", function()
    local routes = Routes.new {}
    local first = Route.new("GET", "/:a", handler)
    routes:replace { first, (Route.new("GET", "/:b", handler)) }
    assert.equal(first, (routes:find("GET", "/x")))
  end)

  it("look on for one that takes the method", function()
    local routes = of("GET /a/b", "POST /a/:c")
    assert.equal("/a/:c", found(routes, "/a/b", "POST"))
  end)

  it("say which methods a path takes", function() -- S104
    local routes = of("GET /a", "POST /a", "DELETE /b", "* /c")
    assert.same({ 405, "GET, HEAD, OPTIONS, POST" }, { found(routes, "/a", "PUT") })
    assert.same({ 204, "GET, HEAD, OPTIONS, POST" }, { found(routes, "/a", "OPTIONS") })
    assert.same({ 405, "DELETE, OPTIONS" }, { found(routes, "/b", "HEAD") })
    assert.equal("/c", found(routes, "/c", "OPTIONS"))
    assert.equal(404, (found(routes, "/d", "OPTIONS")))
  end)

  it("take paths as they come, with nothing tidied up", function()
    local routes = of("GET /a/b", "GET /c/")
    for _, path in ipairs {
      "//a/b", "/a//b", "/a/b/", "/./a/b", "/a/./b", "/x/../a/b", "/c", "/A/b", "/a%2Fb", "/%61/b",
    } do
      assert.equal(404, (found(routes, path)), path)
    end
  end)

  it("give nobody a way up the folders", function()
    local routes = of("GET /files/*path", "GET /one/:name")
    for _, path in ipairs {
      "/files/../x", "/files/a/../x", "/files/..", "/files/%2e%2e/x", "/files/a%2f..%2fx",
      "/files/./x", "/one/..", "/one/%2E%2e", "/one/a%2F..", "/one/a%00b",
    } do
      assert.equal(404, (found(routes, path)), path)
    end
    assert.same({ path = "..a/b.." }, select(2, found(routes, "/files/..a/b..")))
  end)

  it("refuse a path that is wrongly encoded or no UTF-8", function()
    local routes = of("GET /:a")
    for _, path in ipairs { "/%", "/%4", "/%zz", "/%ff", "/x/%C0%AF" } do
      assert.equal(400, (found(routes, path)), path)
    end
  end)

  it("take whatever bytes without an error", function()
    local routes = of("GET /:a/*rest", "* /%25/x")
    local random = { "%", "/", ".", "2", "e", "\0", "é", "\xFF" }
    for _ = 1, 2000 do
      local bytes = {}
      for i = 1, math.random(0, 12) do
        bytes[i] = random[math.random(#random)]
      end
      local route, more = routes:find("GET", "/" .. table.concat(bytes))
      assert.is_table(more)
      for _, value in pairs(route and more or {}) do
        assert.truthy(utf8.len(value))
      end
    end
  end)

  it("with letters beyond ASCII are found by their encoding", function()
    local routes = of("GET /grüße/a%20b", "GET /é/:x")
    assert.equal("/grüße/a%20b", found(routes, "/gr%C3%BC%C3%9Fe/a%20b"))
    assert.equal("/grüße/a%20b", found(routes, "/gr%c3%bc%c3%9fe/a%20b"))
    assert.equal("/é/:x", found(routes, "/%c3%a9/1"))
  end)

  it("that are replaced are gone at once", function()
    local routes = of("GET /a", "GET /:b")
    routes:replace {}
    assert.equal(404, (found(routes, "/a")))
    assert.equal(404, (found(routes, "/b")))
  end)

  describe("of the framework", function()
    it("stay when others are replaced", function()
      local routes = Routes.new {}
      routes:add { method = "GET", path = "/own", handler = handler }
      routes:replace { (Route.new("GET", "/:a", handler)) }
      assert.equal("/own", found(routes, "/own"))
      routes:replace {}
      assert.equal("/own", found(routes, "/own"))
    end)

    it("keep their paths for themselves", function()
      local routes = Routes.new {}
      routes:add { method = "GET", path = "/own", handler = handler, what = "a page is served" }
      assert.equal("a page is served", routes:taken_by((Route.new("POST", "/own", handler))))
      assert.is_nil(routes:taken_by((Route.new("POST", "/:x", handler))))
      assert.error_matches(function()
        routes:add { method = "GET", path = "/own", handler = handler, what = "another is served" }
      end, "a page is served already")
    end)
  end)

  it("leave Slack's paths to Slack", function()
    local function taken(path, given)
      return Routes.new { transport = "http", http = { path = given } }:taken_by(
        (Route.new("GET", path, handler)))
    end
    assert.matches("Slack", taken("/slack/events", "/slack/events"))
    assert.matches("Slack", taken("/b", { events = "/a", commands = "/b" }))
    assert.is_nil(taken("/c", { events = "/a", commands = "/b" }))
    assert.is_nil(Routes.new { transport = "socket", http = { path = "/x" } }:taken_by(
      (Route.new("GET", "/x", handler))))
  end)
end)
