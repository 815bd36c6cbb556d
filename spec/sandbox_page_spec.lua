local PageClient = require "support.page_client"
local local_slack = require "support.local_slack"
local slack = require "slack"

-- A local Slack with a page, and a page that is open.
local function with_page(options, fn)
  slack.run(function()
    options.page = true
    local here <close> = assert(local_slack.start(options))
    local page <close> = PageClient.open(here)
    fn(here, page)
  end)
end

describe("a page of the local Slack", function()
  it("begins with all there is", function()
    with_page({}, function(here, page)
      local hello = page.hello
      assert.equal("Moonbase", hello.team.name)
      assert.equal("lander", hello.bot.name)
      assert.equal(here.workspace:find_user("ada").id, hello.me)
      assert.same({ "lander", "ada", "grace" },
        { hello.users[1].name, hello.users[2].name, hello.users[3].name })
      assert.same({ "general", "random" }, { hello.channels[1].name, hello.channels[2].name })
      assert.is_true(hello.channels[1].is_member)
      assert.equal("channel", hello.channels[1].kind)
      assert.same({ connected = false, connections = 0, transport = slack.null, commands = {},
        shortcuts = {}, problems = {}, scripts = {}, is_running = slack.null }, hello.app)
    end)
  end)

  it("shows what is said, and what others do to it", function()
    with_page({}, function(here, page)
      local result = page:act("say", { channel = page:id "general", text = "hello" })
      local message = page:message(function(m) return m.ts == result.ts end)
      assert.equal("hello", message.text)
      assert.equal(page.hello.me, message.user)
      assert.matches("^https://moonbase%.slack%.com/archives/C%w+/p%d+$", message.permalink)
      here:react { message = message, name = "eyes", user = "grace" }
      page:message(function(m) return m.reactions and m.reactions[1].name == "eyes" end)
      here:delete { message = message }
      page:wait("messages", function(frame) return frame.remove[1] == message.ts end)
    end)
  end)
end)
