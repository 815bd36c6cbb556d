-- What comes may be anything: it never raises out of the dispatch, is acked by the rules,
-- logged once, and seen by app:any where nothing else takes it.

local Offline = require "support.offline_app"
local bodies = require "support.bodies"
local errors = require "slack.errors"
local every_listener = require "support.every_listener"
local files = require "support.files"
local http = require "slack.http"
local json = require "slack.json"
local live = require "support.live_app"
local samples = require "support.samples"
local signed = require "support.signed"

local SAMPLE_SECONDS <const> = 0.5

describe("bad input", function()
  local offline, app, raised, post

  -- The log is as it is in production: lines for nobody cost nothing.
  local function start(options)
    raised = {}
    local given = {
      log = { level = "error", sink = function(line) table.insert(raised, line) end },
    }
    for name, value in pairs(options or {}) do
      given[name] = value
    end
    offline = Offline.new(given)
    app = offline.app
    every_listener.register(app)
  end

  before_each(function()
    post = http.request
    http.request = function() -- luacheck: ignore 122
      return nil, errors.new { code = "offline", message = "no network here" }
    end
  end)

  after_each(function()
    http.request = post -- luacheck: ignore 122
  end)

  local number = 0

  local function deliver(body, came_as, where)
    number = number + 1
    if came_as == "event" and type(body.event_id) == "string" then
      body.event_id = "Ev" .. number
    end
    local is_event = came_as == "event"
    local request = offline:deliver(body, {
      came_as = came_as, acked = is_event, has_status = number % 2 == 0 or nil,
      held = is_event and number % 3 == 0 or nil,
    })
    Offline.settle()
    if raised[1] then
      error(where .. ": " .. raised[1])
    end
    local answers = #request.answers + (request.refused and 1 or 0)
    local owed = (not is_event or number % 3 == 0) and 1 or 0
    if answers ~= owed then
      error(("%s: %d answers, %d owed"):format(where, answers, owed))
    end
  end

  it("of our own payloads, each field spoilt in every way, is handled and acked", function()
    start()
    for name, one in pairs(bodies.all()) do
      deliver(one.body, one.came_as, name)
      bodies.spoil(one.body, function(body, words)
        deliver(body, one.came_as, name .. ": " .. words)
      end)
    end
    assert.equal(0, app:stats().running)
    assert.equal(0, app:stats().failed)
  end)

  it("as a whole is of no kind, and acked", function()
    start()
    for _, came_as in ipairs { "event", "command", "interaction", false } do
      for _, body in ipairs { {}, json.list { 1, 2 }, { type = {} }, { event = 5 },
        { command = {} }, { actions = json.list {} }, { actions = "x" },
        { type = "view_submission" },
        { type = 5, view = json.null }, { payload = json.null } } do
        deliver(body, came_as or nil, json.encode(body))
      end
    end
  end)

  it("in an app of many workspaces is never served with the token of another", function()
    local tokens = {}
    start { token = false, authorize = function(query)
      return query.team_id == "T1" and { bot_token = "xoxb-1", bot_user_id = "U0BOT" }
        or nil, "unknown place"
    end }
    app:use(function(c, next)
      tokens[tostring(c.authorization.bot_token)] = true
      return next()
    end)
    for name, one in pairs(bodies.all()) do
      bodies.spoil(one.body, function(body)
        number = number + 1
        body.event_id = "Ev" .. number
        offline:deliver(body, { came_as = one.came_as, acked = one.came_as == "event" })
        Offline.settle()
        for _, line in ipairs(raised) do
          assert.not_matches("error in", line, name)
        end
        raised = {}
      end, { json.null })
    end
    assert.equal(0, app:stats().running)
    tokens["nil"] = nil -- of unknown kind, or whose installation has ended
    assert.same({ ["xoxb-1"] = true }, tokens)
  end)

  it("that is nested beyond all measure is as any other", function()
    start()
    local deep = {}
    for _ = 1, 200000 do
      deep = { deep }
    end
    deliver({ event = { type = "message", text = deep, user = deep, blocks = deep } }, "event", "1")
    deliver({ command = "/x", text = deep, channel_id = deep }, "command", "2")
    deliver({ type = "view_submission", view = { state = { values = { b = deep } } } },
      "interaction", "3")
    deliver({ type = "future", thing = deep }, "interaction", "4")
  end)

  -- As many as the time allows, from another place on with each run.
  it("made from sample payloads is handled and acked", function()
    if not samples.ARE_THERE then
      return
    end
    start()
    local found = {}
    for came_as, folder in pairs { event = "events", command = "commands",
      interaction = "interactions" } do
      for _, path in ipairs(files.list(samples.PATH .. folder, "%.json$")) do
        found[#found + 1] = { came_as = came_as, name = path, text = files.read(path) }
      end
    end
    local ends, at, count = os.clock() + SAMPLE_SECONDS, math.random(#found), 0
    while os.clock() < ends and count < #found do
      local one = found[(at + count) % #found + 1]
      count = count + 1
      bodies.spoil(json.decode(one.text), function(body, words)
        if os.clock() < ends then
          deliver(body, one.came_as, one.name .. ": " .. words)
        end
      end, { bodies.SPOILT[1], json.null, 5, json.list {} })
    end
    assert.equal(0, app:stats().failed)
  end)

  describe("over the wire", function()
    before_each(function()
      http.request = post -- luacheck: ignore 122
    end)

    -- 1 MB: deeper than it can be decoded, and as deep as that goes many times.
    local TOO_DEEP <const> = ("["):rep(500000) .. ("]"):rep(500000)
    local DEEP <const> = "[" .. ((("["):rep(500) .. ("]"):rep(500) .. ","):rep(1000)) .. "null]"

    local function count_lines(lines, pattern)
      local _, count = table.concat(lines, "\n"):gsub(pattern, "")
      return count
    end

    local function listen(here_app, seen)
      here_app:any(function(c) table.insert(seen, c.kind .. " " .. c.type) end)
      here_app:message(function() table.insert(seen, "message") end)
    end

    it("by HTTP: 1 MB of nesting is acked by the rules, and app:any sees it", function()
      live.run(function(_, new_app, lines)
        local seen = {}
        local bot = new_app {
          transport = "http", signing_secret = signed.SECRET,
          http = { host = "127.0.0.1", port = 0, max_body = 4 * 1024 * 1024 },
        }
        listen(bot, seen)
        assert(bot:start())
        local url = bot.http_server:url() .. "/slack/events"
        local function post_event(text)
          return signed.post(url, ('{"type":"event_callback","event":{"type":"message",'
            .. '"user":"U1","blocks":%s}}'):format(text)).status
        end
        local function post_form(text)
          local body = ('payload={"type":"view_submission","view":%s}'):format(text)
          return signed.post(url, body, { type = "application/x-www-form-urlencoded" }).status
        end
        assert.same({ 200, 200, 200 },
          { post_event(TOO_DEEP), post_form(TOO_DEEP), post_event(TOO_DEEP) })
        assert.same({ 200, 200 }, { post_event(DEEP), post_event "[[[null]]]" })
        assert.equal(200, post_form(DEEP))
        live.wait(function() return #seen == 6 end)
        assert.same({
          "unknown unknown", "unknown unknown", "unknown unknown",
          "message", "message", "view view_submission",
        }, seen)
        assert.equal(1, count_lines(lines, "a payload could not be read: .- nested too deep"))
        assert.equal(0, count_lines(lines, "ERROR"))
      end)
    end)

    it("by Socket Mode: 1 MB of nesting is acked by the rules, and app:any sees it", function()
      live.run(function(here, new_app, lines)
        local bot, seen = new_app(), {}
        listen(bot, seen)
        assert(bot:start())
        local connection = assert(here:wait_connections(1))[1]
        for i, envelope in ipairs {
          '"type":"events_api","payload":{"event":{"type":"message","user":"U1","blocks":%s}}',
          '"type":"interactive","payload":{"type":"view_submission","view":%s}',
          '"type":"slash_commands","payload":{"command":"/x","text":%s}',
          '"type":"something_new","payload":%s',
        } do
          connection:send(('{"envelope_id":"E-%d",%s}'):format(i, envelope:format(TOO_DEEP)))
        end
        live.wait(function() return #connection.acks == 4 and #seen == 4 end)
        assert.same({
          "unknown unknown", "unknown unknown", "unknown unknown", "unknown unknown",
        }, seen)
        assert.equal(1, count_lines(lines, "a payload could not be read: .- nested too deep"))
        assert.equal(0, count_lines(lines, "ERROR"))
      end)
    end)

    it("by Socket Mode: more values than memory is for are acked, and app:any sees it", function()
      live.run(function(here, new_app, lines)
        local bot, seen = new_app(), {}
        listen(bot, seen)
        bot:message(function(c) seen.size = #c.body.more end)
        assert(bot:start())
        local connection = assert(here:wait_connections(1))[1]
        for i, more in ipairs { "[" .. ("[],"):rep(1 << 22) .. "1]",
          '"' .. ("x"):rep(9 * 1024 * 1024) .. '"' } do
          connection:send(('{"envelope_id":"E-%d","type":"events_api","payload":{"event":{'
            .. '"type":"message","user":"U1"},"more":%s}}'):format(i, more))
        end
        live.wait(function() return #connection.acks == 2 and #seen == 2 end)
        assert.same({ "unknown unknown", "message", size = 9 * 1024 * 1024 }, seen)
        assert.equal(1, count_lines(lines, "a payload could not be read: .- too many values"))
        assert.equal(0, count_lines(lines, "ERROR"))
      end)
    end)

    it("by Socket Mode: nesting and odd values are acked, and the app goes on", function()
      live.run(function(here, new_app, lines)
        local bot, seen = new_app(), {}
        listen(bot, seen)
        assert(bot:start())
        local deep = json.list {}
        for _ = 1, 400 do
          deep = json.list { deep, 1 }
        end
        for _, envelope in ipairs {
          { "events_api", { event = { type = "message", user = "U1", blocks = deep } } },
          { "events_api", { event = json.null, event_id = 5 } },
          { "interactive", { type = "block_actions", actions = deep, user = deep } },
          { "slash_commands", { command = deep } },
        } do
          assert(here:deliver(envelope[1], envelope[2], { accepts_response_payload = true })
            :await_ack())
        end
        live.wait(function() return #seen == 4 end)
        table.sort(seen)
        assert.same({ "action block_actions", "message", "unknown unknown", "unknown unknown" },
          seen)
        assert.not_matches("ERROR", table.concat(lines, "\n"))
      end)
    end)
  end)
end)
