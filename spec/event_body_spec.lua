local event_body = require "slack.event_body"
local json = require "slack.json"

local Request = { number = 7 }
local Event = { __index = event_body.index(Request) }

local function request(rest)
  return setmetatable({ event = { type = "message" }, rest = rest, held = false }, Event)
end

describe("an event's request", function()
  it("has the body that came, with the event in it, when it is asked for", function()
    local one = request '{"token":"t","event":null,"type":"event_callback","authorizations":[]}'
    assert.is_nil(rawget(one, "body"))
    local body = one.body
    assert.same({
      token = "t", event = { type = "message" }, type = "event_callback",
      authorizations = json.list(),
    }, body)
    assert.equal(one.event, body.event)
    assert.is_nil(getmetatable(body))
  end)

  it("decodes it once, and lets its text go", function()
    local one = request '{"event":null}'
    local body = one.body
    body.added = true
    assert.equal(body, one.body)
    assert.is_false(one.rest)
  end)

  it("has the event also where its name came twice, or was escaped", function()
    for _, rest in ipairs {
      '{"event":{"type":"other"},"event":null}', '{"ev\\u0065nt":null,"a":1}',
    } do
      local one = request(rest)
      assert.equal(one.event, one.body.event)
    end
  end)

  it("has an event_id in its context also where that is no text", function()
    local app = require("support.offline_app").new().app
    local seen = {}
    app:message(function(c) table.insert(seen, c.event_id or "none") end)
    for _, rest in ipairs {
      '{"event":null,"event_id":7}', '{"event":null,"event_id":null}', '{"event":null}',
    } do
      local one = request(rest)
      one.acked = true
      app.dispatch:request(one)
    end
    assert.same({ 7, "none", "none" }, seen)
  end)

  it("is otherwise as its class says", function()
    local one = request "{}"
    assert.equal(7, one.number)
    assert.is_false(one.held)
    assert.is_nil(one.problem)
  end)
end)
