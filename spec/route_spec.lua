local Route = require "slack.route"

local function handler() end

describe("a route", function()
  it("is named with its methods, path and the place of its handler", function()
    assert.matches("^app:route GET,POST /a/:b %(.*route_spec.lua:3%)$",
      tostring(Route.new({ "post", "GET" }, "/a/:b", handler)))
    assert.matches("^app:route %* / ", tostring(Route.new("*", "/", handler)))
  end)

  it("takes its methods in any spelling, and HEAD for GET", function()
    local route = Route.new("get", "/", handler)
    assert.is_true(route:takes "GET")
    assert.is_true(route:takes "HEAD")
    assert.is_false(route:takes "POST")
    assert.is_false(Route.new("POST", "/", handler):takes "HEAD")
    assert.is_true(Route.new("*", "/", handler):takes "PROPFIND")
  end)

  describe("with wrong arguments says what is wrong", function()
    for name, case in pairs {
      ["no method"] = { "method:", nil, "/", handler },
      ["a method that is none"] = { "method:", "GET /", "/", handler },
      ["a number as method"] = { "method:", { 1 }, "/", handler },
      ["an empty list of methods"] = { "empty list", {}, "/", handler },
      ["no path"] = { "path: string expected", "GET", nil, handler },
      ["a path without a slash"] = { "slash", "GET", "a", handler },
      ["an empty path"] = { "slash", "GET", "", handler },
      ["a query in the path"] = { "query", "GET", "/a?b", handler },
      ["a path that is no UTF-8"] = { "UTF%-8", "GET", "/\xFF", handler },
      ["a parameter without a name"] = { "after \":\"", "GET", "/:", handler },
      ["a parameter that is part of a segment"] = { "after \":\"", "GET", "/:a.png", handler },
      ["a parameter twice"] = { "twice", "GET", "/:a/:a", handler },
      ["a rest in the middle"] = { "end", "GET", "/*a/b", handler },
      ["no handler"] = { "handler: function expected, got nil", "GET", "/", nil },
      ["text as handler"] = { "handler: function expected, got string", "GET", "/", "x" },
    } do
      it(name, function()
        local route, problem = Route.new(case[2], case[3], case[4])
        assert.is_nil(route)
        assert.matches(case[1], problem)
      end)
    end
  end)

  it("takes an object that can be called for a handler", function()
    assert.truthy(Route.new("GET", "/", setmetatable({}, { __call = handler })))
  end)
end)
