-- The local Slack's conformance spec: Bolt for JavaScript cannot tell it from Slack.
local bolts = require "peers.bolts"
local sandbox = require "support.local_slack"

local function behaves_as_slack(name, options)
  local slack_here, bolt

  setup(function()
    slack_here = assert(sandbox.start(options))
    bolt = bolts.start("bolt.js", slack_here, name)
  end)

  teardown(function()
    if bolt then
      getmetatable(bolt).__close(bolt)
    end
    slack_here:stop()
  end)

  local function expect(what)
    return assert(slack_here:wait_message(what),
      ("no message with %q; Bolt says:\n%s"):format(what.text, bolt:output()))
  end

  it("brings it messages and takes its answers", function()
    local ada = slack_here.workspace:find_user "ada"
    slack_here:say { user = "ada", text = "hello world" }
    expect { text = ("Hello world, <@%s>."):format(ada.id) }
  end)

  it("keeps threads", function()
    local said = slack_here:say { user = "ada", text = "in a thread" }
    assert.equal(said.ts, expect({ text = "Here." }).thread_ts)
  end)

  it("brings it slash commands, shows their ack to one and their response to all", function()
    local outcome = slack_here:command { command = "/echo", text = "this", user = "ada" }
    assert.equal("Heard this.", outcome.message.text)
    assert.truthy(outcome.seconds < 3)
    expect { text = "Echo of this." }
  end)

  it("brings it buttons, with a message that can be updated", function()
    slack_here:say { user = "ada", text = "press" }
    local question = expect { text = "A button." }
    local outcome = slack_here:click { message = question, action_id = "press", user = "ada" }
    assert.truthy(outcome.seconds)
    local updated = expect { text = "Pressed one." }
    assert.equal(question.ts, updated.ts)
    assert.same({}, updated.blocks or {})
    expect { text = "Thank you.", user = "ada", ephemeral = true }
  end)

  it("has it open a new connection when it announces the end of one", function()
    -- Bolt loses acks that it owes while it closes, and says so.
    assert.truthy(slack_here:wait(function()
      for _, delivery in pairs(slack_here.socket.deliveries) do
        if not delivery.acked_at then
          return false
        end
      end
      return true
    end))
    local old = slack_here:connections()[1]
    old:disconnect "refresh_requested"
    assert.truthy(slack_here:wait(function()
      local newest = slack_here:connections()[#slack_here:connections()]
      return newest ~= nil and newest ~= old and newest.ready
    end, 15), bolt:output())
    slack_here:say { user = "ada", text = "hello again" }
    expect { text = "Hello again," }
  end)

  it("gives it nothing to complain about", function()
    assert.is_nil(bolt:output():find "error", bolt:output())
  end)
end

for _, bolt in ipairs(bolts.all()) do
  describe("the local Slack before " .. bolt.name, function()
    if bolt.lack then
      pending(bolt.lack)
      return
    end

    describe("over TLS", function()
      behaves_as_slack(bolt.name, { tls = true })
    end)

    describe("in plain text", function()
      behaves_as_slack(bolt.name, { tls = false })
    end)
  end)
end
