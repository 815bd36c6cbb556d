local hosting = require "slack.hosting"
local options = require "slack.options"
local slack = require "slack"

describe("the host of a program", function()
  after_each(function()
    hosting.take_over(nil)
  end)

  it("has the app in place of its run, which it may do", function()
    local app, ran = slack.app { token = "xoxb-1", app_token = "xapp-1" }, {}
    hosting.take_over(function(given, run)
      ran = { given == app, type(run) }
      return nil, "as the host says"
    end)
    assert.same({ n = 2, nil, "as the host says" }, table.pack(app:run()))
    assert.same({ true, "function" }, ran)
  end)

  it("lets apps be made without tokens only where they do not connect", function()
    hosting.take_over(function() end)
    assert.is_nil(hosting.placeholder "token")
    hosting.take_over(function() end, { offline = true })
    local read = assert(options.read {})
    assert.same({ "socket", "xoxb-offline" }, { read.transport, read.token })
    read = assert(options.read { transport = "both" })
    assert.truthy(read.app_token and read.signing_secret)
  end)
end)
