local Machines = require "support.machines"
local Redis = require "support.redis"
local json = require "slack.json"
local live = require "support.live_app"
local oauth_app = require "support.oauth_app"
local slack = require "slack"
local tasks = require "slack.tasks"

-- Apps that know each other, of one program, over a real Redis and the local Slack.
if not Redis.is_installed() then
  pending(Redis.MISSING)
  return
end

describe("an app on several machines", function()
  local redis

  before_each(function()
    redis = Redis.start()
  end)

  after_each(function()
    redis:stop()
  end)

  local function knows(app, count)
    live.wait(function() return app.peers and #app.peers.list == count end)
  end

  -- One process for each role; false: none.
  local function start(here, new_app, roles, prepare, inbox)
    local apps = {}
    for i, role in ipairs(roles) do
      local app = new_app {
        storage = redis.url .. "?timeout=0.5", role = role or nil, connections = 1,
        name = (role or "both") .. i,
        ack_deadline = 0.5, inbox = inbox, app_token = role ~= "worker" and here.app_token or nil,
      }
      prepare(app, i)
      assert(app:start())
      apps[i] = app
    end
    assert(here:wait_connections(1))
    for _, app in ipairs(apps) do
      knows(app, #roles - 1)
    end
    return apps
  end

  it("has workers handle what a receiver takes, each in turn", function()
    live.run(function(here, new_app)
      local seen = {}
      local apps = start(here, new_app, { "receiver", "worker", "worker" }, function(app, i)
        app:command("/who", function(c) c:ack("w" .. i) end)
        app:message("hello", function(c)
          seen[i] = true
          c:say("hello from " .. i)
        end)
      end)
      local answers = {}
      for n = 1, 4 do
        answers[n] = here:command({ command = "/who" }).ack.text
      end
      table.sort(answers)
      assert.same({ "w2", "w2", "w3", "w3" }, answers)
      local text = apps[1].metrics:render()
      assert.matches("\nslack_peers 2\n", text, 1, true)
      assert.matches('\nslack_relayed_total{outcome="answered"} 4\n', text, 1, true)
      assert.equal(4, apps[1]:stats().peers.deliveries_answered)
      here:say { text = "hello" }
      assert(here:wait_message { text = "hello from" })
      assert.is_nil(seen[1])
    end)
  end)

  it("brings answers, clicks and forms to the process that waits for them", function()
    live.run(function(here)
      local machines <close> = Machines.new(here, redis, [[
        app:command("/deploy", function(c)
          local branch = c:ask "Which branch?"
          local answer = c:choose { text = "Deploy " .. branch.text, choices = { "Yes", "No" } }
          c:say(("%s: %s %s"):format(name, branch.text, answer))
        end)
        app:command("/form", function(c)
          local form = c:form {
            title = { type = "plain_text", text = "Form" },
            submit = { type = "plain_text", text = "Send" },
            blocks = { {
              type = "input", block_id = "b", label = { type = "plain_text", text = "n" },
              element = { type = "plain_text_input", action_id = "n" },
            } },
          }
          for submission in form:submissions() do
            if submission.values.n == "1" then
              submission:reject { n = "more" }
            else
              c:say("form " .. submission.values.n)
            end
          end
        end)
        app:message("branch", function(c) c:say("unasked " .. c.text) end)
      ]])
      machines:start("r", "receiver")
      for _, name in ipairs { "w1", "w2", "w3" } do
        machines:start(name, "worker")
      end
      assert(here:wait_connections(1))
      machines:wait_peers(3)
      local by = {}
      for round = 1, 6 do
        local text = "branch" .. round
        local after = here:say({ text = "round" }).ts
        assert.equal(json.null, here:command({ command = "/deploy" }).ack)
        local question = assert(here:wait_message { text = "Which branch?", after = after })
        here:say { text = text, thread_ts = question.ts }
        local choice = assert(here:wait_message { text = "Deploy " .. text })
        local elements = choice.blocks[#choice.blocks].elements
        local click = here:click { message = choice, action_id = elements[1].action_id }
        assert.equal(json.null, click.ack)
        local outcome = assert(here:wait_message { text = text .. " Yes" }).text
        by[outcome:match "^%w+"] = true
      end
      assert.same({ w1 = true, w2 = true, w3 = true }, by)
      here:command { command = "/form" }
      local view = live.wait(function() return here:view() end)
      local refused = here:submit { view = view, values = { n = "1" } }
      assert.equal("more", refused.ack.errors.b)
      here:submit { view = here:view(), values = { n = "2" } }
      assert(here:wait_message { text = "form 2" })
      for _, message in ipairs(here:messages()) do
        assert.is_nil(message.text:find("unasked", 1, true))
      end
    end)
  end)

  it("goes on without roles, too", function()
    live.run(function(here, new_app)
      local apps = start(here, new_app, { false, false }, function(app)
        app:command("/ask", function(c)
          for n = 1, 5 do
            local answer = c:ask("Question " .. n)
            c:say("got " .. answer.text)
          end
        end)
      end)
      assert(here:wait_connections(2))
      here:command { command = "/ask" } -- by the connection of one, its answers by any's
      for n = 1, 5 do
        local question = assert(here:wait_message { text = "Question " .. n })
        here:say { text = "answer " .. n, thread_ts = question.ts }
        assert(here:wait_message { text = "got answer " .. n })
      end
      live.wait(function() return apps[1]:stats().handled + apps[2]:stats().handled == 6 end)
    end)
  end)

  it("mixes up no conversations, many at a time", function()
    live.run(function(here)
      local machines <close> = Machines.new(here, redis, [[
        app:command("/talk", function(c)
          local sum, root = 0, c.command.text
          for n = 1, 3 do
            sum = sum + c:ask({ text = n .. " of " .. root, thread_ts = root }).text
          end
          c:say { text = ("sum %d of %s"):format(sum, root), thread_ts = root }
        end)
        app:message(slack.pattern "^%d+$", function(c) c:say "nobody wanted it" end)
      ]])
      machines:start("r", "receiver")
      machines:start("w1", "worker")
      machines:start("w2", "worker")
      assert(here:wait_connections(1))
      machines:wait_peers(2)
      local list = {}
      for i = 1, 12 do
        list[i] = tasks.spawn(function()
          local user = i % 2 == 0 and "ada" or "grace"
          local root = here:say({ text = "root", user = user }).ts
          here:command { command = "/talk", text = root, user = user }
          for n = 1, 3 do
            assert(here:wait_message { text = n .. " of " .. root })
            here:say { text = tostring(i), thread_ts = root, user = user }
          end
          return here:wait_message { text = ("sum %d of %s"):format(3 * i, root) }
        end)
      end
      for _, task in ipairs(list) do
        assert.is_table(select(2, task:join()))
      end
      for _, message in ipairs(here:messages()) do
        assert.is_nil(message.text:find("nobody wanted it", 1, true))
      end
    end)
  end)

  it("asks anew in another process when one dies that asked", function()
    live.run(function(here)
      local machines <close> = Machines.new(here, redis, [[
        app:message("go", function(c)
          local answer = c:ask(("%s asks%s"):format(name, c.retry and " again" or ""))
          c:say("got " .. answer.text)
        end)
      ]])
      machines:start("r", "receiver")
      machines:start("w1", "worker")
      machines:start("w2", "worker")
      assert(here:wait_connections(1))
      machines:wait_peers(2)
      here:say { text = "go" }
      local question = assert(here:wait_message { text = "asks" })
      local dead = question.text:match "^%w+"
      machines:kill(dead)
      local other = dead == "w1" and "w2" or "w1"
      question = assert(here:wait_message { text = other .. " asks again" })
      here:say { text = "this", thread_ts = question.ts }
      assert(here:wait_message { text = "got this" })
    end)
  end)

  it("is one with the workers of a machine, too", function()
    live.run(function(here)
      local machines <close> = Machines.new(here, redis, [[
        app:command("/ask", function(c) c:say("got " .. c:ask("Well?").text) end)
      ]])
      machines:start("both", nil, { WORKERS = "2" })
      assert(here:wait_connections(2))
      live.wait(function()
        return select(2, machines.bots.both:output():gsub("is a peer now", "")) == 2
      end)
      for n = 1, 4 do
        local after = here:say({ text = "round" }).ts
        here:command { command = "/ask" }
        local question = assert(here:wait_message { text = "Well?", after = after })
        here:say { text = "answer " .. n, thread_ts = question.ts }
        assert(here:wait_message { text = "got answer " .. n })
      end
    end)
  end)

  it("loses no worker's work when it stops, and asks it nothing more", function()
    live.run(function(here, new_app)
      local apps = start(here, new_app, { "receiver", "worker", "worker" }, function(app, i)
        app:command("/who", function(c) c:ack("w" .. i) end)
      end)
      assert(apps[2]:stop())
      knows(apps[1], 1)
      for _ = 1, 3 do
        assert.equal("w3", here:command({ command = "/who" }).ack.text)
      end
      assert(apps[3]:stop())
      assert.equal(json.null, here:command({ command = "/who" }).ack)
    end)
  end)

  it("gives people their answers also from a receiver that stops", function()
    live.run(function(here, new_app)
      local began = tasks.waiter()
      local apps = start(here, new_app, { "receiver", "worker" }, function(app)
        app.settings.ack_deadline = 2.5
        app:command("/slow", function(c)
          began:resolve()
          slack.sleep(1.2) -- longer than a claim waits for messages
          c:ack "done"
        end)
      end)
      local command = tasks.spawn(here.command, here, { command = "/slow" })
      began:await()
      assert(apps[1]:stop())
      local _, answer = command:join()
      assert.equal("done", answer.ack.text)
    end)
  end)

  it("hears of answers also with no room for more", function()
    live.run(function(here, new_app)
      local apps = start(here, new_app, { "worker", false }, function(app)
        app.settings.max_in_flight, app.dispatch.limit = 1, 1
        app:message("go", function(c)
          c:say {
            text = "waiting", blocks = { { type = "actions", elements = { {
              type = "button", action_id = "ok", text = { type = "plain_text", text = "OK" },
            } } } },
          }
          c:wait({ action = "ok", from = "anyone" }):ack()
          c:say "clicked"
        end)
      end)
      -- Until the one that has no connection has it.
      while apps[1]:stats().waiting == 0 do
        if apps[2]:stats().waiting > 0 then -- what it had no room for comes next
          apps[2].dispatch:cancel_waiting()
          apps[2].dispatch.is_stopping = false
          tasks.sleep(0)
        else
          here:say { text = "go" }
          live.wait(function() return apps[1]:stats().waiting + apps[2]:stats().waiting > 0 end)
        end
      end
      live.wait(function() return next(apps[2].dispatch.wait_routes.kinds) end)
      local message = assert(here:wait_message { text = "waiting" })
      local click = here:click { message = message, action_id = "ok" }
      assert.equal(json.null, click.ack)
      assert(here:wait_message { text = "clicked" })
    end)
  end)

  it("finds together again after Redis was away, and has forgotten all", function()
    live.run(function(here, new_app, lines)
      local apps = start(here, new_app, { "receiver", "worker" }, function(app, i)
        app:command("/who", function(c) c:ack("w" .. i) end)
        app:command("/ask", function(c) c:say("got " .. c:ask("Well?").text) end)
      end, { lease = 1 })
      here:command { command = "/ask" }
      local question = assert(here:wait_message { text = "Well?" })
      redis:kill()
      assert.equal(json.null, here:command({ command = "/who" }).ack)
      local text = table.concat(lines, "\n") -- which of the two depends on who finds out first
      assert.truthy(text:find "no ack in time from the process [^ ]+, which could not be reached"
        or text:find "no worker is there, or none has room", text)
      live.wait(function() return apps[1].peers.is_cut end)
      assert.equal(json.null, here:command({ command = "/who" }).ack)
      assert.matches("no worker is there, or none has room", table.concat(lines, "\n"))
      assert.is_true(redis:run())
      live.wait(function() return here:command({ command = "/who" }).ack ~= json.null end)
      knows(apps[2], 1)
      live.wait(function() -- what it waits for is known again
        here:say { text = "this", thread_ts = question.ts }
        return here:wait_message { text = "got this", timeout = 0.5 }
      end)
    end)
  end)

  it("keeps commands until a worker has handled them, where that is asked for", function()
    live.run(function(here, new_app)
      local gate = tasks.waiter()
      local apps = start(here, new_app, { "receiver", "worker" }, function(app)
        app:command("/kept", function(c)
          c:ack "begun"
          gate:await()
        end)
      end, { interactive = true })
      assert.equal("begun", here:command({ command = "/kept" }).ack.text)
      local function left()
        local numbers = json.decode(assert(apps[1].storage.backend:inbox("stats", { now = 0 })))
        return numbers.taken + numbers.waiting
      end
      assert.equal(1, left())
      gate:resolve()
      live.wait(function() return left() == 0 end)
    end)
  end)

  it("is installed at a receiver, and handles with each workspace's token at a worker", function()
    oauth_app.run(nil, function(here, new)
      local shared = { storage = redis.url, role = "receiver" }
      local receiver = new(nil, shared)
      local worker <close> = slack.app {
        api_url = here.api_url, ca_file = here.ca_file, storage = redis.url, role = "worker",
        oauth = {
          client_id = here.client_id, client_secret = here.client_secret,
          scopes = { "chat:write", "commands" },
        },
        log = { sink = function() end },
      }
      worker:command("/say", function(c)
        c:ack()
        c:say "as the workspace's bot"
      end)
      worker:route("GET", "/own", function() end)
      assert(worker:start())
      knows(receiver.app, 1)
      local page = here:install { install_url = receiver.url .. "/slack/install", user = "ada" }
      assert.equal(200, page.status)
      here:deliver_over_http(receiver.url .. "/slack/events")
      assert.equal(json.null, here:command({ command = "/say" }).ack)
      assert(here:wait_message { text = "as the workspace's bot" })
    end)
  end)

  it("refuses over HTTP with 503 while no worker is there", function()
    live.run(function(here, new_app)
      local app = new_app { storage = redis.url, role = "receiver", transport = "http",
        token = false }
      live.start(here, app)
      local answer = here:command { command = "/who" }
      assert.matches("503", tostring(answer.detail))
      local worker = new_app { storage = redis.url, role = "worker", app_token = false }
      worker:command("/who", function() return "w" end)
      assert(worker:start())
      knows(app, 1)
      assert.equal("w", here:command({ command = "/who" }).ack.text)
    end)
  end)
end)
