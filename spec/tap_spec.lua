local live_app = require "support.live_app"
local tap = require "slack.tap"
local tasks = require "slack.tasks"

-- A tap that writes down what it is told.
local function new_tap()
  local told = { acks = {}, calls = {}, deliveries = {} }
  function told:delivery(request) table.insert(self.deliveries, request) end
  function told:ack(request, text, how)
    table.insert(self.acks, { request = request, text = text, how = how })
  end
  function told:call(call) table.insert(self.calls, call) end
  return told
end

describe("a tap", function()
  it("is told of an ack when it is taken, and not before", function()
    local told, takes = new_tap(), false
    local request = { refuse = function() end }
    function request.ack() return takes or nil, not takes and "too large" or nil end
    tap.begin(told, request)
    assert.same({ nil, "too large" }, { request:ack "long" })
    assert.same({}, told.acks)
    takes = true
    assert.is_true(request:ack "short")
    assert.same({ { request = request, text = "short" } }, told.acks)
  end)

  it("is told why something is not acked", function()
    local told, refused = new_tap(), {}
    local request = { ack = function() end }
    function request.refuse(_, why) table.insert(refused, why or "none") end
    tap.begin(told, request)
    request:refuse "stopping"
    request:refuse()
    assert.same({ "stopping", "none" }, refused)
    assert.same({ "stopping", "refused" }, { told.acks[1].how, told.acks[2].how })
  end)

  it("is told with each call which delivery's handler makes it", function()
    local told = new_tap()
    live_app.run(function(here, new_app)
      local app = new_app {}
      app:message(nil, function(c)
        c:say("about " .. c.text)
        while not told.calls[2] do -- both stay under way
          tasks.sleep(0.005)
        end
      end)
      live_app.start(here, app)
      tap.attach(app, told)
      here:say { text = "one", channel = "general" }
      here:say { text = "two", channel = "random" }
      live_app.wait(function() return #told.calls == 2 end)
      for _, call in ipairs(told.calls) do
        assert.equal("about " .. call.request.body.event.text, call.args.text)
        assert.equal("bot", call.token_kind)
      end
      app.client.auth.test()
      assert.is_nil(told.calls[3].request)
      tap.attach(app, false)
      app.client.auth.test()
      assert.equal(3, #told.calls)
    end)
  end)
end)
