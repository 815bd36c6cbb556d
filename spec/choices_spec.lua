local Talk = require "support.talk"
local clock = require "support.clock"
local live = require "support.live_app"
local json = require "slack.json"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local ADA, GRACE, GENERAL = Talk.ADA, Talk.GRACE, Talk.GENERAL

describe("c:choose", function()
  local talk, app, got

  before_each(function()
    talk = Talk.new()
    app, got = talk.app, {}
  end)

  local function choose(options)
    app:message("go", function(c)
      local value, more = c:choose(options)
      got[#got + 1] = { value = value, more = more }
    end)
    talk:say "go"
    local calls = talk:called "chat.postMessage"
    return calls[#calls]
  end

  local function elements_of(message)
    local all = {}
    for _, block in ipairs(message.blocks) do
      if block.type == "actions" then
        table.move(block.elements, 1, #block.elements, #all + 1, all)
      end
    end
    return all
  end

  -- Somebody clicks the i-th element of a message.
  local function click(message, i, user, more)
    local element = elements_of(message)[i]
    local action = { type = element.type, action_id = element.action_id, value = element.value }
    for name, value in pairs(more or {}) do
      action[name] = value
    end
    local request = talk.offline:click("", {
      user = { id = user or ADA }, actions = { action }, response_url = json.null,
      message = { ts = "1.1", text = message.text, blocks = message.blocks },
    })
    talk.settle()
    return request
  end

  it("posts a button for each choice, gives the one that is clicked, and says so", function()
    local message = choose { text = "Deploy *main*?", choices = { "Yes", "No" } }
    assert.equal("Deploy *main*?", message.text)
    assert.equal("Deploy *main*?", message.blocks[1].text.text)
    local buttons = elements_of(message)
    assert.same({ "Yes", "No" }, { buttons[1].text.text, buttons[2].text.text })
    local request = click(message, 2)
    assert.same({ "empty" }, request.answers)
    assert.equal("No", got[1].value)
    assert.equal(ADA, got[1].more.user_id)
    local update = talk:called "chat.update"[1]
    assert.equal("Deploy *main*?\n<@" .. ADA .. "> chose *No*", update.text)
    assert.equal(0, #elements_of(update))
    assert.equal("<@" .. ADA .. "> chose *No*", update.blocks[2].elements[1].text)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("takes choices with values, styles and confirmation", function()
    local value = { any = "thing" }
    local message = choose {
      text = "Well?", choices = {
        { text = "Delete & go", value = value, style = "danger", confirm = "Really?" },
        { text = "Keep", confirm = { title = "T", text = "X", confirm = "C", deny = "D" } },
        7,
      },
    }
    local buttons = elements_of(message)
    assert.equal("danger", buttons[1].style)
    assert.same({ type = "plain_text", text = "Really?", emoji = true }, buttons[1].confirm.text)
    assert.equal("plain_text", buttons[2].confirm.deny.type)
    assert.equal("7", buttons[3].text.text)
    click(message, 1)
    assert.is_true(got[1].value == value)
    assert.truthy(talk:called "chat.update"[1].text:find("chose *Delete &amp; go*", 1, true))
  end)

  it("gives a value that is false as such", function()
    local message = choose { text = "Well?", choices = { { text = "No", value = false } } }
    click(message, 1)
    assert.is_false(got[1].value)
  end)

  it("stays within the limits of Block Kit", function()
    local function message_with(count)
      local choices = {}
      for i = 1, count do
        choices[i] = ("choice %d "):format(i):rep(10)
      end
      return choose { text = ("x"):rep(7000), choices = choices }
    end
    local message = message_with(12)
    assert.equal(3 + 3, #message.blocks)
    assert.same({ 5, 5, 2 }, {
      #message.blocks[4].elements, #message.blocks[5].elements, #message.blocks[6].elements,
    })
    local ids = {}
    for _, element in ipairs(elements_of(message)) do
      assert.is_true(utf8.len(element.text.text) <= 75)
      assert.is_nil(ids[element.action_id])
      ids[element.action_id] = true
    end
    for i = 1, 3 do
      assert.is_true(#message.blocks[i].text.text <= 3000)
    end
    assert.equal(25, #elements_of(message_with(25)))
    local menu = elements_of(message_with(26))
    assert.same({ "static_select", 26 }, { menu[1].type, #menu[1].options })
    menu = elements_of(message_with(250))
    assert.same({ 3, 100, 50 }, {
      #menu[1].option_groups, #menu[1].option_groups[1].options, #menu[1].option_groups[3].options,
    })
  end)

  it("gives what was chosen from a menu", function()
    local choices = {}
    for i = 1, 130 do
      choices[i] = { text = "choice " .. i, value = i }
    end
    local message = choose { text = "Well?", choices = choices, placeholder = "Pick" }
    assert.equal("Pick", elements_of(message)[1].placeholder.text)
    click(message, 1, ADA, { selected_option = { value = "117" } })
    assert.equal(117, got[1].value)
  end)

  it("takes clicks of the person it asks; anyone, others, when told so", function()
    for from, users in pairs {
      anyone = { GRACE }, [GRACE] = { ADA, GRACE }, [{ "U7", GRACE }] = { ADA, GRACE },
    } do
      talk, got = Talk.new(), {}
      app = talk.app
      local message = choose { text = "Well?", choices = { "Yes" }, from = from }
      for _, user in ipairs(users) do
        assert.equal(0, #got)
        assert.same({ "empty" }, click(message, 1, user).answers)
      end
      assert.equal("Yes", got[1].value)
      assert.equal(GRACE, got[1].more.user_id)
    end
  end)

  it("asks who is written to in a direct message", function()
    local message = choose { text = "May I?", choices = { "Yes" }, channel = GRACE }
    assert.equal(GRACE, message.channel)
    click(message, 1, ADA)
    assert.same({}, got)
    click(message, 1, GRACE)
    assert.equal("Yes", got[1].value)
    assert.equal("D" .. GRACE, talk:called "chat.update"[1].channel)
  end)

  it("tells where there is no response URL, too, and closes what is not asked any more", function()
    local message = choose { text = "Well?", choices = { "Yes" } }
    click(message, 1, GRACE)
    local note = talk:called "chat.postEphemeral"[1]
    assert.same({ GRACE, GENERAL, "Only <@" .. ADA .. "> can choose here." },
      { note.user, note.channel, note.text })
    elements_of(message)[1].action_id = "lua_slack:0123456789abcdef01:1"
    click(message, 1)
    assert.same({ "Well?", 1 }, {
      talk:called "chat.update"[1].text, #talk:called "chat.update"[1].blocks,
    })
    assert.equal("Nobody is waiting for this answer any more.",
      talk:called "chat.postEphemeral"[2].text)
    assert.same({}, got)
  end)

  it("lets no two questions mix", function()
    local first = choose { text = "One?", choices = { "a" } }
    app.dispatch.index = require("slack.index").new()
    local second = choose { text = "Two?", choices = { "b" } }
    click(second, 1)
    click(first, 1)
    assert.same({ "b", "a" }, { got[1].value, got[2].value })
  end)

  it("says in the words of outcome what came of it", function()
    local message = choose {
      text = "Well?", choices = { "Yes" },
      outcome = function(value, c) return ("%s by %s"):format(value, c.user_id) end,
    }
    click(message, 1)
    assert.equal("Well?\nYes by " .. ADA, talk:called "chat.update"[1].text)
  end)

  it("takes the buttons away also when outcome raises", function()
    local message = choose {
      text = "Well?", choices = { "Yes" }, outcome = function() error "no words" end,
    }
    click(message, 1)
    talk.settle()
    assert.equal("Well?", talk:called "chat.update"[1].text)
    assert.equal(1, app:stats().failed)
  end)

  it("gives outcome the text of a choice without a value, and nil when the time is over", function()
    local function outcome(value) return "It is " .. tostring(value) end
    local message = choose { text = "Well?", choices = { { text = "Yes" } }, outcome = outcome }
    click(message, 1)
    assert.equal("Well?\nIt is Yes", talk:called "chat.update"[1].text)
    assert.equal("Yes", got[1].value)
    choose { text = "Well?", choices = { "Yes" }, outcome = outcome, timeout = 0 }
    talk.settle()
    assert.equal("Well?\nIt is nil", talk:called "chat.update"[2].text)
  end)

  it("acks a second click at once, though taking the buttons away lasts", function()
    local gate = tasks.waiter()
    talk.offline.answers["chat.update"] = function()
      gate:await()
      return { ok = true }
    end
    local message = choose { text = "Well?", choices = { "Yes", "No" } }
    click(message, 1)
    assert.same({ "empty" }, click(message, 2).answers)
    gate:resolve()
    talk.settle()
    assert.equal("Yes", got[1].value)
    assert.equal(0, #talk:called "chat.postEphemeral")
  end)

  it("keeps blocks of the author's own above the buttons, and leaves them as they are", function()
    local blocks = { { type = "header", text = { type = "plain_text", text = "H" } } }
    local message = choose { text = "Well?", choices = { "Yes" }, blocks = blocks, outcome = false }
    assert.equal("header", message.blocks[1].type)
    assert.equal(2, #message.blocks)
    assert.equal(1, #blocks)
    click(message, 1)
    local update = talk:called "chat.update"[1]
    assert.same({ "Well?", 1 }, { update.text, #update.blocks })
  end)

  it("replaces the buttons by the response URL where the message cannot be updated", function()
    local content
    talk.offline.answers["chat.update"] = { code = "cant_update_message" }
    app:use(function(c, next)
      c.respond = function(_, given) content = given return true end
      next()
    end)
    click(choose { text = "Well?", choices = { "Yes", "No" } }, 1)
    assert.equal("Yes", got[1].value)
    assert.same({ true, "Well?\n<@" .. ADA .. "> chose *Yes*" },
      { content.replace_original, content.text })
    assert.not_matches("could not be taken away", talk.offline:log())
  end)

  it("takes a click that is faster than the answer of the posting", function()
    local gate, message = tasks.waiter(), nil
    talk.offline.answers["chat.postMessage"] = function(arguments)
      message = arguments
      gate:await()
      return { ok = true, ts = "1.1", channel = arguments.channel }
    end
    choose { text = "Well?", choices = { "Yes" } }
    assert.same({ "empty" }, click(message, 1).answers)
    assert.same({}, got)
    gate:resolve()
    talk.settle()
    assert.equal("Yes", got[1].value)
    assert.not_matches("WARN", talk.offline:log())
  end)

  it("that cannot post gives the error", function()
    talk.offline.answers["chat.postMessage"] = { code = "is_archived" }
    choose { text = "Well?", choices = { "Yes" } }
    assert.is_nil(got[1].value)
    assert.equal("is_archived", got[1].more.code)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("takes its buttons away when its task is cancelled, or loses a race", function()
    app:message("race", function(c)
      slack.race {
        function() return c:choose { text = "Well?", choices = { "Yes" } } end,
        function() return c:wait { message = true } end,
      }
    end)
    talk:say "race"
    talk:say "x"
    assert.equal("Well?", talk:called "chat.postMessage"[1].text)
    local update = talk:called "chat.update"[1]
    assert.same({ "Well?", 1 }, { update.text, #update.blocks })
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("raises misuse at the line of the call, with advice", function()
    local cases = {
      { 7, "a table with text and choices expected, got number" },
      { { text = "x", choises = {} }, 'unknown option "choises"; did you mean "choices"?' },
      { { choices = { "x" } }, "text: a text expected, got nil" },
      { { text = "", choices = { "x" } }, "text: a text expected, got an empty one" },
      { { text = "x" }, "choices: a list of texts or tables expected, got nil" },
      { { text = "x", choices = {} }, "a list of texts or tables expected, got one without items" },
      { { "Yes", "No" }, "a table with text and choices expected, got a list" },
      { { text = "x", choices = { true } }, "choices[1]: a text or a table expected, got boolean" },
      { { text = "x", choices = { "a", { value = 1 } } }, "choices[2].text: a text expected" },
      { { text = "x", choices = { { text = "a", style = "red" } } },
        'choices[1].style: "primary" or "danger" expected, got red' },
      { { text = "x", choices = { "a" }, timeout = "soon" }, "timeout: seconds expected" },
      { { text = "x", choices = { "a" }, from = 7 }, "from: the id of a person" },
      { { text = "x", choices = { "a" }, outcome = "x" }, "outcome: a function or false expected" },
    }
    app:message("go", function(c)
      for i, case in ipairs(cases) do
        local _, message = pcall(function() c:choose(case[1]) end)
        got[i] = message
      end
    end)
    talk:say "go"
    for i, case in ipairs(cases) do
      assert.truthy(tostring(got[i]):find("choices_spec.lua:%d+: c:choose: "), got[i])
      assert.truthy(got[i]:find(case[2], 1, true), got[i])
    end
  end)

  it("takes its buttons away when the time is over", function()
    local made, time = clock.loop()
    local previous = loop.use(made)
    finally(function() loop.use(previous) end)
    talk = Talk.new()
    app = talk.app
    choose { text = "Well?", choices = { "Yes" }, timeout = 60 }
    while time.now < 1061 do
      loop.step(1061 - time.now)
    end
    talk.settle()
    assert.same({ { more = "timeout" } }, got)
    assert.equal("Well?\n_Nobody chose in time._", talk:called "chat.update"[1].text)
    assert.equal(GENERAL, talk:called "chat.update"[1].channel)
  end)
end)

describe("c:choose against the local Slack", function()
  local function ask(app)
    app:command("/go", function(c)
      local value = c:choose { text = "Well?", choices = { "Yes", "No" } }
      c:say("It is " .. tostring(value))
    end)
  end

  local function button(question, i)
    return question.blocks[2].elements[i].action_id
  end

  for _, transport in ipairs(live.TRANSPORTS) do
    it("works over " .. transport .. ", and tells who must not choose", function()
      live.run(function(here, new_app)
        local app = new_app { transport = transport }
        ask(app)
        live.start(here, app)
        assert.equal(json.null, here:command({ command = "/go" }).ack)
        local question = assert(here:wait_message { text = "Well?" })
        local id = button(question, 2)
        local click = here:click { message = question, action_id = id, user = "grace" }
        assert.equal(json.null, click.ack)
        local note = assert(here:wait_message { ephemeral = true, user = "grace" })
        assert.truthy(note.text:find("Only <@", 1, true))
        assert.equal(json.null, here:click({ message = question, action_id = id }).ack)
        assert(here:wait_message { text = "It is No" })
        assert.truthy(question.text:find("chose *No*", 1, true))
        assert.equal(2, #question.blocks)
        assert.equal("context", question.blocks[2].type)
      end)
    end)
  end

  it("after a restart tells who clicks, and takes the buttons away", function()
    live.run(function(here, new_app, lines)
      local app = new_app()
      ask(app)
      live.start(here, app)
      here:command { command = "/go" }
      local question = assert(here:wait_message { text = "Well?" })
      local id = button(question, 1)
      assert(app:stop())
      live.start(here, new_app())
      assert.equal(json.null, here:click({ message = question, action_id = id }).ack)
      assert(here:wait_message { ephemeral = true, text = "Nobody is waiting" })
      live.wait(function() return #question.blocks == 1 end)
      assert.equal("Well?", question.text)
      assert.falsy(table.concat(lines, "\n"):find("no listener for action", 1, true))
    end)
  end)

  it("leaves the buttons of another process that runs beside this one", function()
    live.run(function(here, new_app)
      local app = new_app { connections = 1 }
      ask(app)
      live.start(here, app)
      here:command { command = "/go" }
      local question = assert(here:wait_message { text = "Well?" })
      local id = "lua_slack:0123456789abcdef01:1"
      question.blocks[2].elements[1].action_id = id
      app.transports[1].num_connections = 2
      here:click { message = question, action_id = id }
      assert(here:wait_message { ephemeral = true, text = "Nobody is waiting" })
      assert.equal(2, #question.blocks)
      app.transports[1].num_connections = 1
      here:click { message = question, action_id = id }
      live.wait(function() return #question.blocks == 1 end)
    end)
  end)
end)
