local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"

-- What is promised of conversations against the local Slack.
describe("a conversation", function()
  for _, transport in ipairs(live.TRANSPORTS) do
    it("goes on over " .. transport .. ", for several people at once", function()
      live.run(function(here, new_app)
        local app = new_app { transport = transport }
        app:command("/add", function(c)
          local first = c:ask "First?"
          local second = first:ask "Second?"
          second:say(("<@%s>: %d"):format(c.user_id, first.text + second.text))
        end)
        live.start(here, app)
        local people = { ada = 1, grace = 10 }
        local questions = {}
        for name in pairs(people) do
          local after = here:say({ text = "now", user = name }).ts
          assert.equal(json.null, here:command({ command = "/add", user = name }).ack)
          questions[name] = assert(here:wait_message { text = "First?", after = after })
        end
        for name, number in pairs(people) do
          -- In the thread of the question: beside it is not told whose it is.
          local thread_ts = questions[name].ts
          here:say { text = tostring(number), user = name, thread_ts = thread_ts }
          live.wait(function()
            for _, message in ipairs(here:messages()) do
              if message.text == "Second?" and message.thread_ts == thread_ts then
                return true
              end
            end
          end)
          here:say { text = "5", user = name, thread_ts = thread_ts }
          local user = here.workspace:find_user(name).id
          local sum = assert(here:wait_message { text = ("<@%s>: %d"):format(user, number + 5) })
          assert.equal(thread_ts, sum.thread_ts)
        end
        assert.equal(0, app:stats().waiting)
      end)
    end)
  end

  it("asks somebody else in a direct message", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:command("/vacation", function(c)
        local boss = here.workspace:find_user "grace".id
        local answer = c:ask { channel = boss, text = ("May <@%s> go?"):format(c.user_id) }
        c:say("They say: " .. answer.text)
      end)
      live.start(here, app)
      here:command { command = "/vacation", user = "ada" }
      local question = assert(here:wait_message { channel = "@grace", text = "May <@" })
      here:say { text = "Of course.", user = "grace", channel = question.channel }
      assert(here:wait_message { text = "They say: Of course." })
    end)
  end)

  it("survives the loss of its connections", function()
    live.run(function(here, new_app)
      local app = new_app { connections = 1 }
      app:message("ask", function(c)
        c:say("You say " .. c:ask("Well?").text)
      end)
      live.start(here, app)
      here:say { text = "ask" }
      assert(here:wait_message { text = "Well?" })
      local lost = here:connections()[1]
      lost:reset()
      live.wait(function()
        local connection = here:connections()[1]
        return connection and connection ~= lost
      end)
      here:say { text = "hello" }
      assert(here:wait_message { text = "You say hello" })
    end)
  end)

  it("goes on with its old code when its script is saved; the next has the new", function()
    live.run(function(here, new_app)
      local folder <close> = files.temporary()
      local function save(word)
        files.write(folder.path .. "/.new", ([[
          local app = ...
          app:message("ask", function(c)
            c:say("%s " .. c:ask("Well?").text)
          end)
        ]]):format(word))
        assert(os.rename(folder.path .. "/.new", folder.path .. "/ask.lua"))
      end
      save "old"
      local app = live.start(here, new_app { scripts = folder.path })
      here:say { text = "ask" }
      local question = assert(here:wait_message { text = "Well?" })
      save "new"
      live.wait(function() return app.scripts:stats().generations["ask.lua"] == 2 end)
      here:say { text = "one" }
      assert(here:wait_message { text = "old one" })
      here:say { text = "ask" }
      assert(here:wait_message { text = "Well?", after = question.ts })
      here:say { text = "two" }
      assert(here:wait_message { text = "new two" })
    end)
  end)

  it("is ended at once when the app stops, cleans up, and fails nothing", function()
    live.run(function(here, new_app, lines)
      local closed = false
      local app = new_app { shutdown_timeout = 60 }
      app:message("ask", function(c)
        local _ <close> = setmetatable({}, { __close = function() closed = true end })
        c:ask "Well?"
      end)
      live.start(here, app)
      here:say { text = "ask" }
      assert(here:wait_message { text = "Well?" })
      assert(app:stop())
      assert.is_true(closed)
      assert.falsy(table.concat(lines, "\n"):find("WARN", 1, true))
      assert.falsy(table.concat(lines, "\n"):find("ERROR", 1, true))
    end)
  end)
end)
