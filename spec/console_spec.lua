local Console = require "slack.console"
local Session = require "slack.console.session"
local core = require "slack.core"
local files = require "support.files"
local http = require "slack.http"
local inspect = require "slack.console.inspect"
local json = require "slack.json"
local link = require "slack.console.link"
local offline_app = require "support.offline_app"
local place = require "slack.console.place"
local slack = require "slack"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"
local watchdog = require "slack.watchdog"

describe("a value in the console", function()
  it("is shown as it is written", function()
    for shown, value in pairs {
      ["1"] = 1, ["1.5"] = 1.5, ["true"] = true, ["{}"] = {}, ["null"] = json.null,
      ["{ 1, 2, a = 3 }"] = { 1, 2, a = 3 }, ['"a\\"b\\n\\x01"'] = 'a"b\n\1',
      ['{ ["a b"] = "x" }'] = { ["a b"] = "x" },
    } do
      assert.equal(shown, inspect.text(value))
    end
    assert.equal("nil", inspect.text(nil))
    assert.matches("^a function %(spec/console_spec.lua:%d+%)$", inspect.text(function() end))
    assert.equal("a function of C", inspect.text(print))
  end)

  it("breaks into lines where it is long", function()
    assert.equal('{\n  a = "' .. ("x"):rep(60) .. '",\n  b = "' .. ("y"):rep(60) .. '"\n}',
      inspect.text { a = ("x"):rep(60), b = ("y"):rep(60) })
  end)

  it("has limits in depth, in length and in the size of texts", function()
    local round = { name = "round" }
    round.self = round
    assert.equal('{ name = "round", self = { … seen above } }', inspect.text(round))
    assert.equal("{ { { { { … } } } } }", inspect.text { { { { { 1 } } } } })
    local long = {}
    for i = 1, 1000 do
      long[i] = i
    end
    assert.matches("… 940 more", inspect.text(long))
    assert.matches('^"x+"… %(5000 bytes%)$', inspect.text(("x"):rep(5000)))
    assert.truthy(utf8.len(inspect.text(("é"):rep(5000))))
  end)

  it("never tells what its name calls a secret", function()
    local text = inspect.text {
      signing_secret = "0123", secrets = { "geheim" }, Authorization = "geheim", token = "geheim",
      tokens_used = 5, password = "geheim",
    }
    assert.falsy(text:find "geheim" or text:find "0123")
    assert.truthy(text:find("tokens_used = 5", 1, true))
  end)

  it("is itself, whatever its metatable does", function()
    local odd = setmetatable({ 1 }, {
      __len = function() error "no" end, __pairs = function() error "no" end,
      __index = function() error "no" end,
    })
    assert.equal("{ 1 }", inspect.text(odd))
    local key = setmetatable({}, { __tostring = function() error "no" end })
    assert.matches("^a value that cannot be shown: ", inspect.text { [key] = 1 })
  end)

  it("may fail to have a text", function()
    local broken = setmetatable({}, { __name = "x", __tostring = function() error "no" end })
    assert.equal("a value whose __tostring fails", inspect.text(broken))
  end)
end)

describe("a chunk in the console", function()
  local offline, session

  before_each(function()
    offline = offline_app.new { signing_secret = "a-signing-secret-of-ours" }
    session = Session.new(offline.app)
  end)

  local function run(text)
    return tasks.run(session.run, session, text)
  end

  it("is an expression, or any other Lua", function()
    for text, output in pairs {
      ["1 + 1"] = "2", ["= 1 + 1"] = "2", ["'a', nil, {}"] = '"a"\nnil\n{}', ["x = 1"] = "",
      ["return 5"] = "5", ["print('a', 1)"] = "a\t1", ["nil"] = "nil",
      ["nil, 'why'"] = 'nil\n"why"',
      ["for i = 1, 2 do print(i) end"] = "1\n2", ["select(2, 1)"] = "",
      ["(function() return 1, nil end)()"] = "1",
    } do
      assert.same({ output = output }, run(text))
    end
  end)

  it("keeps what it sets, and leaves the program's own globals alone", function()
    run "kept = 7"
    assert.equal("7", run("kept").output)
    assert.is_nil(rawget(_G, "kept"))
    assert.equal("nil", tasks.run(Session.run, Session.new(offline.app), "kept").output)
  end)

  it("is asked for more where it is not complete", function()
    for _, text in ipairs { "function f()", "x = {", "if true then\nprint(1)", "[[a", "f(" } do
      assert.is_true(run(text).is_incomplete, text)
    end
    assert.equal("console:1: unexpected symbol near 'or'", run("or").error)
    assert.matches("^console: nested too deeply", run("return " .. ("("):rep(1000)).error)
  end)

  it("fails with its own part of the traceback", function()
    local answer = run "local function inner() error 'oops' end inner()"
    assert.matches("^console:1: oops\nstack traceback:\n", answer.error)
    assert.truthy(answer.error:find("in local 'inner'", 1, true), answer.error)
    assert.falsy(answer.error:find("session.lua", 1, true))
    assert.equal("", answer.output)
    assert.matches("^{", run("error({ code = 1 })").error)
  end)

  it("tells what was printed before it failed", function()
    local answer = run "print 'so far' error 'no'"
    assert.equal("so far", answer.output)
    assert.matches("console:1: no", answer.error)
  end)

  it("may wait, and lets others go on meanwhile", function()
    tasks.run(function()
      local order = {}
      tasks.all {
        function()
          session:run "slack.sleep(0.01)"
          table.insert(order, "chunk")
        end,
        function() table.insert(order, "other") end,
      }
      assert.same({ "other", "chunk" }, order)
    end)
  end)

  it("tells no secret of the app", function()
    local output = run("app.settings.signing_secret .. app.settings.token").output
    assert.falsy(output:find "of%-ours" or output:find "offline")
    assert.falsy((run "error('x' .. app.settings.signing_secret)".error):find "of%-ours")
    assert.falsy(run("print(app.settings.token)").output:find "offline")
    assert.equal('"xoxb-***"', (run("'xoxb-123-456-geheim'").output:gsub("xoxb%-[^\"]*",
      "xoxb-***")))
    assert.falsy(run("'xoxb-123-456-geheim'").output:find "geheim")
  end)

  it("shows what tasks of earlier ones have printed meanwhile", function()
    tasks.run(function()
      session:run "slack.spawn(function() slack.sleep(0.005) print 'later' end)"
      local output = wait_until("what the task prints", function()
        local shown = session:run("1").output
        return shown ~= "1" and shown
      end)
      assert.equal("later\n1", output)
    end)
  end)

  it("may print any bytes", function()
    assert.truthy(utf8.len(run("print('a\\xffb') return '\\xff'").output))
  end)

  it("has an output of a bounded size", function()
    local output = run("for i = 1, 100000 do print(i) end").output
    assert.is_true(#output < 70000)
    assert.matches("bytes in all$", output)
  end)

  it("calls the Web API as the bot", function()
    local answer = run "client.chat.postMessage { channel = 'C1', text = 'x' }"
    assert.matches("ok = true", answer.output)
    assert.equal(1, #offline:calls_of "chat.postMessage")
  end)

  it("lists listeners, and sets the level of the log", function()
    offline.app:command("/deploy", function() end)
    assert.matches("^command /deploy %(spec/console_spec.lua:%d+%)$", run("listeners()").output)
    assert.equal("none", run("scripts()").output)
    assert.matches("listeners = 1", run("stats()").output)
    assert.equal('"warn"', run('log "warn"').output)
    assert.equal("warn", offline.app.log:level())
  end)

  it("fires events through the real dispatch", function()
    local heard = {}
    offline.app:message("hi", function(c) table.insert(heard, c.text) end)
    offline.app:event("team_join", function(c) table.insert(heard, c.event.user.id) end)
    assert.equal("true", run('fire "hi there"').output)
    assert.equal("true", run('fire { type = "team_join", user = { id = "U9" } }').output)
    offline_app.settle()
    assert.same({ "hi there", "U9" }, heard)
  end)

  it("gets the acks of commands and of what people do", function()
    offline.app:command("/deploy", function(c) return "Deploying " .. c.text end)
    offline.app:view("form", function(c) c:ack { response_action = "clear" } end)
    assert.matches("Deploying main", run('fire { command = "/deploy", text = "main" }').output)
    assert.matches('response_action = "clear"', run [[
      fire { type = "view_submission", user = { id = "U1" }, view = { callback_id = "form" } }
    ]].output)
    assert.matches("^nil\n", run("fire { 1 }").output)
    assert.matches('fire: a text or a table expected', run("fire(1)").output)
  end)

  it("is told when no ack comes", function()
    offline = offline_app.new { ack_deadline = 0.02 }
    session = Session.new(offline.app)
    offline.app:command("/slow", function() slack.sleep(0.05) end)
    assert.matches("no ack came in time", run('fire { command = "/slow" }').output)
  end)
end)

describe("the console of an app", function()
  local folder, path, app

  before_each(function()
    folder = files.temporary()
    path = folder.path .. "/bot.socket"
    app = offline_app.new({ name = "lunch" }).app
  end)

  after_each(function()
    getmetatable(folder).__close(folder)
  end)

  local function with_console(fn)
    tasks.run(function()
      local console = assert(Console.open(app, path))
      local closing <close> = setmetatable({}, { __close = function() console:close() end })
      assert(closing)
      fn(console)
    end)
  end

  it("runs what comes, each session with variables of its own", function()
    with_console(function()
      assert.equal("", assert(link.run(path, "one", "x = 1")).output)
      assert.equal("1", assert(link.run(path, "one", "x")).output)
      assert.equal("nil", assert(link.run(path, "two", "x")).output)
      assert.is_true(assert(link.run(path, "two", "f(")).is_incomplete)
      assert.matches("no", assert(link.run(path, "two", "error 'no'")).error)
    end)
  end)

  it("has several at once, of which one may wait", function()
    with_console(function()
      local order = {}
      tasks.all {
        function()
          assert(link.run(path, "one", "slack.sleep(0.05)"))
          table.insert(order, "one")
        end,
        function()
          assert(link.run(path, "two", "1"))
          table.insert(order, "two")
        end,
      }
      assert.same({ "two", "one" }, order)
    end)
  end)

  it("is named by the watchdog when a chunk keeps the Lua thread, and stopped by it", function()
    local offline = offline_app.new { watchdog = { limit = 0.02, stop = 0.04 } }
    app = offline.app
    watchdog.start(app)
    with_console(function()
      local answer = assert(link.run(path, "one", "while true do end"))
      assert.matches("console:1: ", answer.error)
      answer = assert(link.run(path, "one",
        "while true do pcall(function() while true do end end) end"))
      assert.matches("stopped by the watchdog", answer.error)
      assert.equal("2", assert(link.run(path, "one", "1 + 1")).output)
    end)
    watchdog.stop(app)
    assert.matches("a chunk of the console has kept the Lua thread", offline:log())
  end)

  it("tells whose it is", function()
    with_console(function()
      local about = assert(link.about(path))
      assert.same({ core.pid(), "lunch", "idle" }, { about.pid, about.name, about.phase })
    end)
  end)

  it("answers nothing else", function()
    with_console(function()
      for _, body in ipairs { "", "{}", "[1]", '{"text":1}', '{"text":"1"}' } do
        local response = assert(http.request {
          method = "POST", url = "http://localhost/run", body = body,
          net = assert(http.net { socket = path }),
        })
        assert.equal(400, response.status)
      end
    end)
  end)

  it("is for its user alone, and gone when it ends", function()
    with_console(function()
      assert.equal(tonumber("600", 8), (select(3, core.stat(path))))
    end)
    assert.is_nil((core.stat(path)))
  end)

  it("takes the place of one that was killed, and of nothing else", function()
    with_console(function()
      local other, err = Console.open(app, path)
      assert.is_nil(other)
      assert.equal("address_in_use", err.code)
    end)
    files.write(path, "precious")
    tasks.run(function()
      assert.equal("exists", select(2, Console.open(app, path)).code)
    end)
    assert.equal("precious", files.read(path))
  end)

  it("lies in a folder that nobody else can enter", function()
    local function getenv() return folder.path end
    local own = assert(place.prepare(getenv))
    assert.equal(folder.path .. "/lua-slack", own)
    assert.same({ "directory", tonumber("700", 8), core.user_id() },
      { select(2, core.stat(own)) })
    assert.same({}, place.list(getenv))
    files.write(place.of_process(own, 5), "")
    assert.same({ own .. "/5.socket" }, place.list(getenv))
    local others = "/root"
    if core.user_id() == 0 then
      others = folder.path .. "/others"
      os.execute(("mkdir -m 700 '%s' && chown 65534 '%s'"):format(others, others))
    end
    assert.is_nil((place.check(others)))
    os.execute(("chmod 755 '%s'"):format(own))
    local prepared, problem = place.prepare(getenv)
    assert.is_nil(prepared)
    assert.matches("is no folder that this user alone can enter", problem)
    assert.same({}, place.list(getenv))
    os.execute(("rm -rf '%s' && ln -s '%s' '%s'"):format(own, folder.path, own))
    assert.is_nil((place.prepare(getenv)))
    assert.equal("/tmp/lua-slack-" .. core.user_id(), place.folder(function() end))
  end)
end)
