local Talk = require "support.talk"
local clock = require "support.clock"
local errors = require "slack.errors"
local json = require "slack.json"
local live = require "support.live_app"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local ADA, GRACE = Talk.ADA, Talk.GRACE

local function order(more)
  local view = {
    title = { type = "plain_text", text = "Order" },
    submit = { type = "plain_text", text = "Send" },
    blocks = {
      {
        type = "input", block_id = "b_count", label = { type = "plain_text", text = "How many?" },
        element = { type = "number_input", action_id = "count", is_decimal_allowed = false },
      },
    },
  }
  for name, value in pairs(more or {}) do
    view[name] = value
  end
  return view
end

describe("c:form", function()
  local talk, app, got, views

  before_each(function()
    talk = Talk.new()
    app, got, views = talk.app, {}, {}
    talk.offline.answers["views.open"] = function(arguments)
      local view = {}
      for name, value in pairs(arguments.view) do
        view[name] = value
      end
      view.id = "V" .. #views + 1
      view.root_view_id = view.id
      views[#views + 1] = view
      return { ok = true, view = view }
    end
  end)

  -- Somebody submits a view with a number.
  local function submit(view, count, more)
    local body = {
      type = "view_submission", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
      trigger_id = "5.6", view = {
        id = view.id, root_view_id = view.root_view_id, external_id = view.external_id,
        callback_id = view.callback_id or "", blocks = view.blocks, title = view.title,
        state = { values = { b_count = { count = { type = "number_input",
          value = count and tostring(count) or json.null } } } },
      },
    }
    for name, value in pairs(more or {}) do
      body[name] = value
    end
    local request = talk.offline:deliver(body)
    talk.settle()
    return request
  end

  local function close(view, more)
    local request = talk.offline:deliver {
      type = "view_closed", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
      is_cleared = more and more.is_cleared or false, view = view,
    }
    talk.settle()
    return request
  end

  local function ack_of(request)
    assert.equal(1, #request.answers)
    return request.answers[1] ~= "empty" and json.decode(request.answers[1]) or request.answers[1]
  end

  -- Has /order open a form and give its submissions to fn.
  local function on_order(fn, view, options)
    app:command("/order", function(c)
      local form, err = c:form(view or order(), options)
      if not form then
        got.err = err
        return
      end
      got.form = form
      for submission in form:submissions() do
        local stop = fn(submission, c)
        if stop == "break" then
          break
        elseif stop == "return" then
          return
        end
      end
      got.why = form.why
    end)
    local request = talk.offline:command "/order"
    talk.settle()
    return request
  end

  it("opens a modal, gives what is submitted, accepts it and ends", function()
    local view = order { callback_id = "order" }
    local before = json.encode(view)
    local command = on_order(function(submission, c)
      got.count = submission.values.count
      c:say("Ordered " .. submission.values.count)
    end, view)
    assert.same({ "empty" }, command.answers)
    assert.same({ "modal", "order", true }, {
      views[1].type, views[1].callback_id, views[1].notify_on_close,
    })
    assert.equal(before, json.encode(view))
    local request = submit(views[1], 3)
    assert.equal("empty", ack_of(request))
    assert.same({ 3, "submitted" }, { got.count, got.why })
    assert.same({ "Ordered 3" }, talk:posted())
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("accepts a second submission of what it has just accepted", function()
    on_order(function() got.count = (got.count or 0) + 1 end)
    submit(views[1], 3)
    assert.equal("empty", ack_of(submit(views[1], 3)))
    assert.equal(1, got.count)
  end)

  it("says at the fields what is wrong, and goes on until it is right", function()
    on_order(function(submission)
      if submission.values.count < 1 then
        assert(submission:reject { count = "At least one." })
      else
        got.count = submission.values.count
      end
    end)
    for i = 1, 3 do
      assert.same({ response_action = "errors", errors = { b_count = "At least one." } },
        ack_of(submit(views[1], -i)))
      assert.is_nil(got.why)
    end
    assert.equal("empty", ack_of(submit(views[1], 2)))
    assert.same({ 2, "submitted" }, { got.count, got.why })
  end)

  it("is over with errors of which there are none", function()
    on_order(function(submission) assert(submission:accept { errors = {} }) end)
    assert.equal("empty", ack_of(submit(views[1], 1)))
    assert.equal("submitted", got.why)
  end)

  it("waits with its ack while the handler waits for something else", function()
    local gate = tasks.waiter()
    on_order(function(submission)
      gate:await()
      assert(submission:reject { count = "Sold out." })
    end)
    local request = submit(views[1], 1)
    assert.same({}, request.answers)
    gate:resolve()
    talk.settle()
    assert.equal("Sold out.", ack_of(request).errors.b_count)
  end)

  it("says when a reject comes after the deadline, which has accepted", function()
    local gate = tasks.waiter()
    on_order(function(submission)
      gate:await()
      local _, err = submission:reject { count = "Sold out." }
      got.code = err.code
    end)
    local request = submit(views[1], 1)
    app.dispatch:deadline(request)
    gate:resolve()
    talk.settle()
    assert.same({ "deadline", "submitted" }, { got.code, got.why })
    assert.same({}, request.answers)
  end)

  it("goes on with a view that is put in the place of the first, and with one above", function()
    local second = order { title = { type = "plain_text", text = "Sure?" } }
    on_order(function(submission)
      local count = submission.values.count
      if count == 1 then
        assert(submission:update(second))
      elseif count == 2 then
        assert(submission:push(second))
      elseif count == 3 then
        assert(submission:accept { clear = true })
      end
    end)
    local ack = ack_of(submit(views[1], 1))
    assert.same({ "update", "Sure?" }, { ack.response_action, ack.view.title.text })
    assert.is_nil(second.type)
    ack = ack_of(submit(views[1], 2))
    assert.equal("push", ack.response_action)
    assert.not_equal(views[1].external_id, ack.view.external_id)
    local above = ack.view
    above.id, above.root_view_id = "V9", views[1].id
    assert.equal("empty", ack_of(submit(above, 7)))
    assert.is_nil(got.why) -- the first is still there
    assert.same({ response_action = "clear" }, ack_of(submit(views[1], 3)))
    assert.equal("submitted", got.why)
  end)

  it("is over when a view above clears all", function()
    on_order(function(submission)
      if submission.values.count == 1 then
        submission:push(order())
      else
        submission:accept { clear = true }
      end
    end)
    local above = ack_of(submit(views[1], 1)).view
    above.id, above.root_view_id = "V9", views[1].id
    assert.same({ response_action = "clear" }, ack_of(submit(above, 2)))
    assert.equal("submitted", got.why)
  end)

  it("ends when it is closed, but not when a view above is", function()
    on_order(function(submission) submission:push(order()) end)
    submit(views[1], 1)
    assert.equal("empty", ack_of(close { id = "V9", root_view_id = "V1" }))
    assert.is_nil(got.why)
    close(views[1])
    assert.equal("closed", got.why)
    on_order(function() end)
    close({ id = "V9", root_view_id = "V2" }, { is_cleared = true })
    assert.equal("closed", got.why)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("gives submission and reason without a loop too", function()
    app:command("/order", function(c)
      local form = c:form(order())
      got.first = form:next().values.count
      local none, why = form:next()
      got.none, got.why = none, why
    end)
    talk.offline:command "/order"
    submit(views[1], 5)
    assert.same({ first = 5, why = "submitted" }, got)
  end)

  describe("that is left", function()
    for _, how in ipairs { "break", "return" } do
      it("by " .. how .. " accepts what it looked at, and takes no more", function()
        on_order(function() return how end)
        assert.equal("empty", ack_of(submit(views[1], 1)))
        assert.equal(0, app.dispatch.waits.count)
        assert.equal(0, app.dispatch.running)
      end)
    end

    it("before it looked at what was submitted says to the person that nobody does", function()
      local gate = tasks.waiter()
      app:command("/order", function(c)
        local form <close> = assert(c:form(order())) -- luacheck: ignore 211
        gate:await()
      end)
      talk.offline:command "/order"
      talk.settle()
      local request = submit(views[1], 1)
      assert.same({}, request.answers)
      gate:resolve()
      talk.settle()
      local block = ack_of(request).view.blocks[1]
      assert.matches("not waited for any more", block.text.text, 1, true)
    end)

    it("by an error refuses what it looked at", function()
      on_order(function() error "broken" end)
      local request = submit(views[1], 1)
      assert.same({}, request.answers)
      assert.equal("failed", request.refused_as)
      assert.truthy(talk.offline:log():find("broken", 1, true))
      assert.equal(0, app.dispatch.waits.count)
    end)

    it("after an answer leaves that answer", function()
      on_order(function(submission)
        submission:reject { count = "No." }
        error "broken"
      end)
      local request = submit(views[1], 1)
      assert.equal("No.", ack_of(request).errors.b_count)
      assert.is_nil(request.refused)
    end)

    it("by a cancelled task refuses what it looked at, and takes no more", function()
      local task
      on_order(function()
        task = tasks.current()
        tasks.waiter():await()
      end)
      local request = submit(views[1], 1)
      task:cancel()
      talk.settle()
      assert.equal("failed", request.refused_as)
      assert.equal(0, app.dispatch.waits.count)
    end)

    it("by an error before the loop says so to who submits it", function()
      app:command("/order", function(c)
        c:form(order())
        error "broken"
      end)
      talk.offline:command "/order"
      talk.settle()
      local ack = ack_of(submit(views[1], 1))
      assert.truthy(ack.view.blocks[1].text.text:find("not waited for any more", 1, true))
      assert.equal(0, app.dispatch.waits.count)
    end)

    it("by an error after a submission has come says so too", function()
      local made, time = clock.loop()
      local previous = loop.use(made)
      finally(function() loop.use(previous) end)
      local gate = tasks.waiter()
      app:command("/order", function(c)
        c:form(order())
        gate:await()
        error "broken"
      end)
      talk.offline:command "/order"
      talk.settle()
      local request = submit(views[1], 1)
      gate:resolve()
      talk.settle()
      while time.now < 1002 do
        loop.step(1002 - time.now)
      end
      talk.settle()
      assert.truthy(ack_of(request).view.blocks[1].text.text:find("not waited for", 1, true))
      assert.equal(0, app.dispatch.waits.count)
    end)

    it("to another task goes on there", function()
      app:command("/order", function(c)
        local form = c:form(order())
        tasks.spawn(function()
          for submission in form:submissions() do
            got.count = submission.values.count
          end
        end)
      end)
      talk.offline:command "/order"
      talk.settle()
      assert.equal("empty", ack_of(submit(views[1], 3)))
      assert.equal(3, got.count)
    end)

    it("in the modal says to who submits it that nobody waits any more", function()
      on_order(function(submission)
        submission:reject { count = "No." }
        return "break"
      end)
      submit(views[1], 1)
      local ack = ack_of(submit(views[1], 2))
      assert.equal("update", ack.response_action)
      assert.truthy(ack.view.blocks[1].text.text:find("not waited for any more", 1, true))
      assert.equal("Order", ack.view.title.text)
      assert.equal("empty", ack_of(close(views[1])))
      assert.not_matches("no listener for", talk.offline:log())
    end)
  end)

  it("takes a submission that is faster than the answer of views.open", function()
    local gate, opened = tasks.waiter(), nil
    talk.offline.answers["views.open"] = function(arguments)
      opened = arguments.view
      gate:await()
      return { ok = true, view = { id = "V1", root_view_id = "V1" } }
    end
    on_order(function(submission) got.count = submission.values.count end)
    opened.id, opened.root_view_id = "V1", "V1"
    local request = submit(opened, 4)
    assert.same({}, request.answers)
    gate:resolve()
    talk.settle()
    assert.equal("empty", ack_of(request))
    assert.same({ 4, "submitted" }, { got.count, got.why })
  end)

  it("keeps two forms of one person apart, and what others submit to them", function()
    on_order(function(submission) got[#got + 1] = "a" .. submission.values.count end)
    local other = Talk.new()
    assert.is_nil(other.app.dispatch.waits or nil)
    app:command("/second", function(c)
      for submission in c:form(order { external_id = "mine" }):submissions() do
        got[#got + 1] = "b" .. submission.values.count
      end
    end)
    talk.offline:command "/second"
    assert.equal("mine", views[2].external_id)
    submit(views[2], 2)
    submit(views[1], 1)
    assert.same({ "b2", "a1" }, { got[1], got[2] })
  end)

  it("leaves to listeners the clicks inside of it, and other modals", function()
    local clicks, submitted = 0, 0
    app:action("more", function() clicks = clicks + 1 end)
    app:view("other", function() submitted = submitted + 1 end)
    on_order(function() end)
    talk.offline:click("more", { view = views[1], message = false, channel = false })
    local another = { id = "V77", root_view_id = "V77", callback_id = "other" }
    submit(another, 1, { user = { id = GRACE } })
    assert.same({ 1, 1 }, { clicks, submitted })
    assert.is_nil(got.why)
  end)

  it("that cannot be opened gives the error", function()
    talk.offline.answers["views.open"] = errors.new {
      code = "expired_trigger_id", message = "views.open: expired_trigger_id",
    }
    on_order(function() end)
    assert.equal("expired_trigger_id", got.err.code)
    assert.equal(0, app.dispatch.waits.count)
    app:message("order", function(c)
      local _, err = c:form(order())
      got.err = err
    end)
    talk:say "order"
    assert.equal("no_trigger", got.err.code)
  end)

  it("can replace its view before anything is submitted", function()
    on_order(function() end)
    talk.offline.answers["views.update"] = nil
    tasks.run(function() got.form:update(order()) end)
    local call = talk:called "views.update"[1]
    assert.same({ "V1", "modal", true }, {
      call.view_id, call.view.type, call.view.notify_on_close,
    })
  end)

  it("is cancelled at once when the app stops", function()
    on_order(function() end)
    app.phase = "running"
    tasks.run(function() assert(app:stop(60)) end)
    assert.equal(0, app.dispatch.waits.count)
    assert.equal(0, app.dispatch.running)
  end)

  it("raises misuse at the line of the call, with advice", function()
    local messages = {}
    local function note(fn, ...)
      local _, message = pcall(fn, ...)
      messages[#messages + 1] = message
    end
    app:command("/order", function(c)
      note(function() c:form() end)
      note(function() c:form { type = "home" } end)
      note(function() c:form(order(), { timeot = 1 }) end)
      note(function() c:form(order(), { timeout = "x" }) end)
      for submission in c:form(order()):submissions() do
        note(function() submission:reject() end)
        note(function() submission:reject {} end)
        note(function() submission:reject { "No." } end)
        note(function() submission:update "x" end)
        note(function() submission.accept() end)
      end
    end)
    talk.offline:command "/order"
    submit(views[1], 1)
    for i, expected in ipairs {
      "c:form: a view expected, got nil", 'c:form: type: "modal" expected, got "home"',
      'c:form: unknown option "timeot"; did you mean "timeout"?',
      "c:form: timeout: seconds expected",
      "submission:reject: texts by action_id or block_id expected, got nil",
      "submission:reject: at least one text expected, got none",
      "submission:reject: 1: text expected, got string", "submission:update: a view expected",
      "submission.accept: call it with a colon",
    } do
      assert.truthy(tostring(messages[i]):find("forms_spec.lua:%d+: "), messages[i])
      assert.truthy(messages[i]:find(expected, 1, true), messages[i])
    end
  end)

  it("is over when the time is, and says so in the modal", function()
    local made, time = clock.loop()
    local previous = loop.use(made)
    finally(function() loop.use(previous) end)
    local answers = talk.offline.answers
    talk = Talk.new()
    app = talk.app
    talk.offline.answers["views.open"] = answers["views.open"]
    on_order(function(submission) submission:reject { count = "No." } end, nil, { timeout = 60 })
    local function run_until(at)
      while time.now < at do
        loop.step(at - time.now)
      end
      talk.settle()
    end
    run_until(1050)
    submit(views[1], 1)
    run_until(1100)
    assert.is_nil(got.why)
    run_until(1111)
    assert.equal("timeout", got.why)
    local call = talk:called "views.update"[1]
    assert.same({ "V1", "Order" }, { call.view_id, call.view.title.text })
    assert.equal(0, app.dispatch.waits.count)
  end)
end)

describe("c:form against the local Slack", function()
  for _, transport in ipairs(live.TRANSPORTS) do
    it("validates over " .. transport, function()
      live.run(function(here, new_app)
        local app = new_app { transport = transport }
        app:command("/order", function(c)
          for submission in assert(c:form(order())):submissions() do
            local count = submission.values.count
            if not count or count < 1 then
              submission:reject { count = "At least one." }
            else
              c:say("Ordered " .. count)
            end
          end
        end)
        live.start(here, app)
        assert.equal(json.null, here:command({ command = "/order" }).ack)
        live.wait(function() return here:view() end)
        assert.same({ b_count = "At least one." },
          here:submit({ values = { count = "0" } }).ack.errors)
        assert.truthy(here:view())
        assert.equal(json.null, here:submit({ values = { count = "2" } }).ack)
        assert.is_nil(here:view())
        assert(here:wait_message { text = "Ordered 2" })
      end)
    end)
  end

  it("ends when the person closes the modal", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:command("/order", function(c)
        local form = assert(c:form(order()))
        for _ in form:submissions() do end -- luacheck: ignore 542
        c:say("It is " .. form.why)
      end)
      live.start(here, app)
      here:command { command = "/order" }
      live.wait(function() return here:view() end)
      assert.equal(json.null, here:close_view().ack)
      assert(here:wait_message { text = "It is closed" })
    end)
  end)
end)
