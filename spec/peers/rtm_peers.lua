-- The local Slack's RTM, used by the SDK's client for it.
local bolts = require "peers.bolts"
local sandbox = require "support.local_slack"

describe("RTM of the local Slack before @slack/rtm-api", function()
  local slack_here, client

  setup(function()
    slack_here = assert(sandbox.start { tls = false })
    client = bolts.run("rtm.js", slack_here)
    assert(slack_here.rtm:wait_ready(1, 30), client:output())
  end)

  teardown(function()
    if client then
      getmetatable(client).__close(client)
    end
    slack_here:stop()
  end)

  local function expect(what)
    what.timeout = 10
    return assert(slack_here:wait_message(what),
      ("no message with %q; it says:\n%s"):format(what.text, client:output()))
  end

  local function wait(condition)
    return assert(slack_here:wait(condition, 10), client:output())
  end

  local function frames_of(kind)
    local found = {}
    for _, connection in ipairs(slack_here.rtm.connections) do
      for _, frame in ipairs(connection.frames) do
        found[#found + 1] = frame.type == kind and frame or nil
      end
    end
    return found
  end

  it("says who it is", function()
    local workspace = slack_here.workspace
    local greeting = ("is %s of %s"):format(workspace.bot.user_id, workspace.id)
    wait(function() return client:output():find(greeting, 1, true) end)
  end)

  it("brings messages, and replies to what is sent with its ts", function()
    local ada = slack_here.workspace:find_user "ada"
    slack_here:say { user = "ada", text = "hello" }
    local answer = expect { text = ("Hello <@%s>."):format(ada.id) }
    expect { text = ("Sent %s."):format(answer.ts) }
    assert.equal(1, #frames_of "typing")
  end)

  it("says what it refuses", function()
    slack_here:say { user = "ada", text = "fail" }
    expect { text = "Refused: message text is missing." }
  end)

  it("keeps threads, and shows what is for the channel too", function()
    local said = slack_here:say { user = "ada", text = "thread" }
    local answer = expect { text = "In the thread." }
    assert.equal(said.ts, answer.thread_ts)
    assert.equal("thread_broadcast", answer.subtype)
  end)

  it("brings edits and reactions, flat", function()
    local said = slack_here:say { user = "ada", text = "soon edited" }
    slack_here:edit { message = said, text = "edited" }
    expect { text = "Edited: edited." }
    slack_here:react { message = said, name = "wave", user = "ada" }
    expect { text = ":wave:" }
  end)

  it("tells of presences, subscribed to and asked for", function()
    local ada = slack_here.workspace:find_user "ada"
    slack_here:say { user = "ada", text = "presence" }
    local first = expect { text = ("Is active: %s."):format(ada.id) }
    expect { text = ("Is active: %s."):format(ada.id), after = first.ts }
  end)

  it("answers pings", function()
    local connection = slack_here.rtm.connections[1]
    local before = #frames_of "ping"
    wait(function() return #frames_of "ping" > before + 1 end)
    assert.equal(connection, slack_here.rtm.connections[1])
  end)

  it("has it come again after a goodbye", function()
    local old = slack_here.rtm.connections[1]
    old:goodbye()
    old:close()
    wait(function()
      local now = slack_here.rtm.connections[#slack_here.rtm.connections]
      return now and now ~= old and now.ready
    end)
    assert.truthy(client:output():find "goodbye", client:output())
    local said = slack_here:say { user = "ada", text = "hello" }
    expect { text = "Hello", after = said.ts }
  end)

  it("gives it nothing to complain about", function()
    assert.is_nil(client:output():find "error", client:output())
    assert.is_nil(client:output():find "WARN", client:output())
  end)
end)
