local Offline = require "support.offline_app"
local json = require "slack.json"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local SPEC <const> = "spec/command_routes_spec.lua"

describe("routes of a command", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app = offline.app
    seen = nil
  end)

  local function note(name)
    return function(c) seen = { name, c.params } end
  end

  -- The routes, each noting its own text.
  local function routes(...)
    local map = {}
    for _, text in ipairs { ... } do
      map[text] = note(text)
    end
    app:command("/deploy", map)
  end

  local function type_in(text)
    seen = nil
    local request = offline:command("/deploy", text)
    local answer = request.answers[1]
    return answer ~= "empty" and json.decode(answer) or nil
  end

  -- What is asked for, and which route takes it with which parameters; none: the text of
  -- the answer.
  local function takes(text, route, params)
    local answer = type_in(text)
    assert.same({ route, params }, seen, answer and answer.text)
  end

  local function refuses(text, words)
    local answer = type_in(text)
    assert.is_nil(seen)
    assert.equal("ephemeral", answer.response_type)
    assert.matches(words, answer.text, 1, true)
    return answer.text
  end

  it("take words by name, and leave out what may be missing", function()
    routes("to <env> [branch]", "status")
    takes("status", "status", {})
    takes("to prod", "to <env> [branch]", { env = "prod" })
    takes("  to   prod\tmain ", "to <env> [branch]", { env = "prod", branch = "main" })
    takes("STATUS", "status", {})
  end)

  it("read integers and numbers", function()
    routes("<count:integer>", "of <amount:number>")
    takes("12", "<count:integer>", { count = 12 })
    takes("-3", "<count:integer>", { count = -3 })
    takes("of 2.5", "of <amount:number>", { amount = 2.5 })
    takes("of .5", "of <amount:number>", { amount = 0.5 })
    for _, text in ipairs { "x", "1.0", "0x10", "12a", "99999999999999999999", "1e3", '""' } do
      refuses(text, "count: a whole number expected, got ")
    end
    for _, text in ipairs { "of 1,5", "of 0x1p4", "of nan", "of inf", "of -" } do
      refuses(text, "amount: a number like 2.5 expected, got ")
    end
  end)

  it("resolve people, channels and groups to ids", function()
    routes("ask <who:user>", "in <where:channel>", "tell <whom:usergroup>")
    takes("ask <@U03ADA5K1QW|ada>", "ask <who:user>", { who = "U03ADA5K1QW" })
    takes("ask <@W03ADA>,", "ask <who:user>", { who = "W03ADA" })
    takes("ask U03ADA5K1QW", "ask <who:user>", { who = "U03ADA5K1QW" })
    takes("in <#C07DEPLOY42|deploys>", "in <where:channel>", { where = "C07DEPLOY42" })
    takes("in <#C07DEPLOY42|>", "in <where:channel>", { where = "C07DEPLOY42" })
    takes("in <#C07|with a blank>", "in <where:channel>", { where = "C07" })
    takes("tell <!subteam^S01|@all us>", "tell <whom:usergroup>", { whom = "S01" })
    refuses("ask ada", 'who: a person like @ada expected, got "ada"')
    refuses("ask <#C07DEPLOY42|deploys>", "who: a person like @ada expected")
  end)

  it("say what to switch on when a mention comes as plain text, once in the log", function()
    routes("ask <who:user>", "in <where:channel>")
    refuses("ask @ada", '"Escape channels, users, and links sent to your app" for /deploy')
    refuses("in #general", 'where: "#general" came as plain text')
    local _, count = offline:log():gsub("came as plain text", "")
    assert.equal(1, count)
  end)

  it("read dates, spans of time, links and addresses", function()
    routes("on <day:date>", "in <span:duration>", "see <url:link>", "mail <whom:email>")
    takes("on 2024-02-29", "on <day:date>", { day = "2024-02-29" })
    takes("in 1h30m", "in <span:duration>", { span = 5400 })
    takes("see <https://a.example/?a=1&amp;b=2|a.example>", "see <url:link>",
      { url = "https://a.example/?a=1&b=2" })
    takes("see https://a.example/", "see <url:link>", { url = "https://a.example/" })
    takes("mail <mailto:ada@a.example|ada@a.example>", "mail <whom:email>",
      { whom = "ada@a.example" })
    refuses("on 2023-02-29", 'day: a date like 2026-03-31 expected, got "2023-02-29"')
    refuses("on 2023-13-01", "day: a date")
    refuses("in 5", 'span: a span of time like 90s, 5m or 1h30m expected, got "5"')
    refuses("see here", "url: a link")
    refuses("mail ada", "whom: an e-mail address expected")
    refuses("mail ada@example.", "whom: an e-mail address expected")
  end)

  it("choose from words, in whatever case, and give them as written", function()
    routes("to <env:Prod|staging> [mode:fast|R&D]")
    takes("to prod", "to <env:Prod|staging> [mode:fast|R&D]", { env = "Prod" })
    takes("to STAGING r&amp;d", "to <env:Prod|staging> [mode:fast|R&D]",
      { env = "staging", mode = "R&D" })
    refuses("to test", 'env: Prod or staging expected, got "test"')
  end)

  it("hold quoted words together, curly marks too", function()
    routes("say <what> [how]")
    for _, text in ipairs {
      'say "hello there"', "say “hello there”", "say „hello there“", 'say "hello there”',
      "say\u{A0}«hello there»",
    } do
      takes(text, "say <what> [how]", { what = "hello there" })
    end
    takes('say "a \\"b\\" c" loudly', "say <what> [how]", { what = 'a "b" c', how = "loudly" })
    takes('say 5" x', "say <what> [how]", { what = '5"', how = "x" })
    takes('say "" x', "say <what> [how]", { what = "", how = "x" })
    takes("say don't", "say <what> [how]", { what = "don't" })
    refuses('say "hello there', 'what: a quotation mark is missing at the end of "hello there"')
  end)

  it("take quoted words for values, never for words of the route", function()
    routes("status", "<name>")
    takes("status", "status", {})
    takes('"status"', "<name>", { name = "status" })
    takes('"help"', "<name>", { name = "help" })
  end)

  it("take the rest as it was typed", function()
    routes("note <text...>", "shout [text...]", "invite <who:user...>")
    takes('note a  "b c" &amp; <@U1|ada>  ', "note <text...>",
      { text = 'a  "b c" &amp; <@U1|ada>' })
    takes('note "all of it"', "note <text...>", { text = "all of it" })
    takes('note "open end', "note <text...>", { text = '"open end' })
    takes('note "two words" more', "note <text...>", { text = '"two words" more' })
    takes("shout", "shout [text...]", {})
    takes("invite <@U1|a> <@U2|b>", "invite <who:user...>", { who = { "U1", "U2" } })
    refuses("note", "&lt;text...&gt; is missing")
    refuses("invite <@U1|a> b", 'who: a person like @ada expected, got "b"')
  end)

  it("leave in values what Slack has escaped, so that they can be posted as they are", function()
    routes("say <what...>", "is <word>")
    takes("say &lt;!channel&gt;", "say <what...>", { what = "&lt;!channel&gt;" })
    takes("is &lt;!channel&gt;", "is <word>", { word = "&lt;!channel&gt;" })
  end)

  it("match words of their own that have characters which Slack escapes", function()
    routes("r&d|research", "a->b")
    takes("R&amp;D", "r&d|research", {})
    takes("research", "r&d|research", {})
  end)

  it("go from the more particular to the more general, in whatever order given", function()
    local texts = {
      "status", "<env:prod|test>", "<count:integer>", "<amount:number>", "<word>", "<all...>",
      "to <x>", "<env> status", "<env> [branch]",
    }
    for _ = 1, 5 do
      offline = Offline.new()
      app = offline.app
      for i = #texts, 2, -1 do
        local j = math.random(i)
        texts[i], texts[j] = texts[j], texts[i]
      end
      routes(table.unpack(texts))
      takes("status", "status", {})
      takes("prod", "<env:prod|test>", { env = "prod" })
      takes("5", "<count:integer>", { count = 5 })
      takes("5.5", "<amount:number>", { amount = 5.5 })
      takes("word", "<word>", { word = "word" })
      takes("to status", "to <x>", { x = "status" })
      takes("prod status", "<env> status", { env = "prod" })
      takes("prod main", "<env> [branch]", { env = "prod", branch = "main" })
      takes("a b c", "<all...>", { all = "a b c" })
    end
  end)

  it("answer an empty text with help, unless a route takes it", function()
    routes("status")
    assert.equal("`/deploy status`", refuses("", "/deploy status"))
    for _, text in ipairs { "", "[name]", "[all...]" } do
      offline = Offline.new()
      app = offline.app
      routes(text, "status")
      takes("", text, {})
    end
  end)

  it("answer help with every route, in the order of their lines", function()
    app:command("/deploy", {
      ["to <env> [branch]"] = { note "to", help = "puts a branch into place" },
      ["rollback <count:integer>"] = note "rollback",
      ["status"] = { function() end, help = "what runs where" },
    })
    local text = refuses("help", "`/deploy to &lt;env&gt; [branch]`  puts a branch into place")
    assert.matches("`/deploy rollback &lt;count:integer&gt;`", text, 1, true)
    assert.matches("`/deploy status`  what runs where", text, 1, true)
    assert.equal(text, refuses("Help", ""))
    assert.equal("`/deploy status`  what runs where", refuses("help status", ""))
    assert.equal(text, refuses("help nothing", ""))
  end)

  it("let a route have help for itself", function()
    routes("help [topic]", "<word>")
    takes("help", "help [topic]", {})
    takes("help me", "help [topic]", { topic = "me" })
  end)

  it("answer help with help also where a word could be anything", function()
    routes("<word>", "<all...>")
    refuses("help", "`/deploy &lt;word&gt;`")
    takes("help me please", "<all...>", { all = "help me please" })
  end)

  it("name the closest route and what is wrong", function()
    routes("to <env> at <count:integer>", "status")
    local text = refuses("to prod at x", 'count: a whole number expected, got "x"')
    assert.matches("`/deploy to &lt;env&gt; at &lt;count:integer&gt;`", text, 1, true)
    assert.not_matches("status", text, 1, true)
    assert.matches("`/deploy help`", text, 1, true)
    refuses("to prod in 5", '"at" expected, got "in"')
    refuses("to prod at", "&lt;count:integer&gt; is missing")
    refuses("to", "&lt;env&gt; is missing")
    refuses("status now", '"now" is one word too many')
    text = refuses("stauts", 'there is no "stauts"; did you mean "status"?')
    assert.matches("`/deploy to", text, 1, true)
    text = refuses('"status"', 'there is no "status"')
    assert.not_matches("did you mean", text, 1, true)
  end)

  it("survive what no form should hold", function()
    routes("to <env>")
    for _, text in ipairs { json.null, 5, {}, false } do
      local request = offline:deliver { command = "/deploy", text = text, team_id = "T1" }
      assert.matches("/deploy to", request.answers[1], 1, true)
    end
    for _, text in ipairs {
      ("<"):rep(20000), ('"'):rep(20000), ("a "):rep(10000), "\xff\xfe \xc3", '"\xff', "<@", "“",
    } do
      refuses(text, "/deploy to")
    end
  end)

  it("mention nobody when they tell what was typed", function()
    routes("to <env:prod|test> [n:integer]", "who <who:user>")
    refuses("<!channel>", '"@channel"')
    refuses("to <@U1|ada>", '"@ada"')
    refuses("to prod <!subteam^S1>", '"@S1"')
    refuses("to prod 1 <!here|here>", '"@here"')
    refuses("who <https://example.com|you>", '"you"')
    refuses("who a&lt;!channel&gt;", '"a&lt;!channel&gt;"')
    for _, text in ipairs { "<!channel>", "who <@U", "to " .. ("x"):rep(55) .. "<!channel>" } do
      assert.not_matches("<", type_in(text).text, 1, true)
    end
  end)

  it("tell of a very long word by its beginning, cut between characters", function()
    routes("to <env>")
    for before = 0, 3 do
      local text = refuses(("x"):rep(before) .. ("€"):rep(100), "€…")
      assert.truthy(utf8.len(text))
      assert.is_true(#text < 200)
    end
  end)

  it("have what a handler returns as the ack, and its own ack first", function()
    app:command("/deploy", {
      ["text"] = function() return "done" end,
      ["ack"] = function(c) c:ack "at once" return "too late" end,
    })
    assert.equal("done", type_in("text").text)
    assert.equal("at once", type_in("ack").text)
  end)

  it("ack what a handler returns, whatever its middleware makes of that", function()
    app:command("/deploy", {
      ["x"] = { function(_, next) next() return "too late" end, function() return "done" end },
    })
    assert.equal("done", type_in("x").text)
  end)

  it("run the listener's middleware, then the route's", function()
    local order = {}
    local function step(name)
      return function(_, next)
        table.insert(order, name)
        local value = next()
        table.insert(order, "after " .. name)
        return value
      end
    end
    app:command("/deploy", step "listener", {
      ["x"] = { step "route", function() table.insert(order, "handler") return "answer" end },
    })
    assert.equal("answer", type_in("x").text)
    assert.same({ "listener", "route", "handler", "after route", "after listener" }, order)
  end)

  it("stand beside constraints", function()
    app:command({ command = "/deploy", channel = "C1" }, { ["x"] = note "C1" })
    app:command({ command = "/deploy" }, { ["x"] = note "elsewhere" })
    takes("x", "elsewhere", {})
  end)

  it("are named by errors and logs", function()
    local failure
    local line = debug.getinfo(1, "l").currentline + 1
    local listener = app:command("/deploy", { ["first"] = function() end })
    assert.matches(("%s:%d"):format(SPEC, line), tostring(listener), 1, true)
    listener:remove()
    app:command("/deploy", {
      ["break <what>"] = function(c)
        c.log:info "here"
        error("broken " .. c.params.what)
      end,
    })
    type_in("break it")
    assert.matches('error in app:command "/deploy" "break <what>" %(' .. SPEC
      .. ":%d+%): .*broken it", offline:log())
    app:on_error(function(_, c, given)
      failure = { tostring(given.listener), tostring(c.listener) }
    end)
    type_in("break it")
    assert.matches('^app:command "/deploy" "break <what>" %(', failure[1])
    assert.equal(failure[1], failure[2])
  end)

  it("give their answers by the response URL when a middleware has acked", function()
    local responded
    app:command("/deploy", function(c, next)
      c:ack()
      function c.respond(_, content) responded = content end
      return next()
    end, { ["x"] = note "x" })
    assert.is_nil(type_in("help"))
    assert.same({ response_type = "ephemeral", text = "`/deploy x`" }, responded)
  end)

  for problem, map in pairs {
    ['routes: at least one expected'] = {},
    ['route: a text like "to <env>" expected as key, got number 1'] = { print },
    ['route "to <env": "<env": a word, <name> or [name] expected'] = { ["to <env"] = print },
    ['route "<a b>": "<a": a word'] = { ["<a b>"] = print },
    ['route "<>": "<>": a name of letters'] = { ["<>"] = print },
    ['unknown type "interger"; did you mean "integer"?'] = { ["<n:interger>"] = print },
    ['"<n:a|>": a word expected on each side of |'] = { ["<n:a|>"] = print },
    ['"a|": a word'] = { ["a|"] = print },
    ['the name "a" stands in it twice'] = { ["<a> <a>"] = print },
    ['"<b>" stands behind "[a]", which may be left out'] = { ["[a] <b>"] = print },
    ['"<a...>" takes all the rest: it can only stand at the end'] = { ["<a...> b"] = print },
    ['routes "<a>" and "<b>" are for the same words'] = { ["<a>"] = print, ["<b>"] = print },
    ['routes "s|t" and "t|u" are for the same words'] = { ["s|t"] = print, ["t|u"] = print },
    ['route "x": a function, or {'] = { ["x"] = 5 },
    ['got no function'] = { ["x"] = {} },
    ['unknown field "hepl"'] = { ["x"] = { print, hepl = "" } },
    ['help: string expected, got number'] = { ["x"] = { print, help = 5 } },
  } do
    it("raise at the caller's line: " .. problem, function()
      local ok, message = pcall(function() app:command("/deploy", map) end)
      assert.is_false(ok)
      assert.matches("^" .. SPEC .. ":%d+: app:command: ", message)
      assert.matches(problem, message, 1, true)
    end)
  end

  it("leave what is wrong with the command itself to the usual words", function()
    assert.has_error(function() app:command("deploy", { ["x"] = print }) end)
    assert.has_error(function() app:command("/deploy", slack.pattern "x") end)
    assert.matches('^app:command "/x" %(', tostring(app:command("/x", { ["x"] = print })))
  end)

  it("go with their listener when it is removed", function()
    local listener = app:command("/deploy", { ["x"] = note "x" })
    takes("x", "x", {})
    assert.is_true(listener:remove())
    assert.matches("does not know /deploy", type_in("x").text)
    assert.is_nil(seen)
  end)

  it("run in the turns of their listener", function()
    local gate, order = tasks.waiter(), {}
    app:command({ command = "/deploy", order = "user" }, {
      ["wait"] = function()
        gate:await()
        table.insert(order, "wait")
      end,
      ["go"] = function() table.insert(order, "go") end,
    })
    slack.run(function()
      offline:command("/deploy", "wait")
      local last = offline:command("/deploy", "go")
      slack.sleep(0)
      assert.same({}, order)
      gate:resolve(true)
      while not last.answers[1] do
        slack.sleep(0.001)
      end
    end)
    assert.same({ "wait", "go" }, order)
  end)

  it("can wait for what people do next, under the name of the route", function()
    local answer
    app:command("/deploy", { ["ask"] = function(c) answer = c:ask "Which branch?" end })
    type_in "ask"
    offline:message "main"
    for _ = 1, 3 do
      loop.step(0)
    end
    assert.equal("main", answer and answer.text)
    assert.matches('^app:command "/deploy" "ask" %(', tostring(answer.listener))
  end)
end)
