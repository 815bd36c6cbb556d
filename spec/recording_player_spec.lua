local Player = require "slack.recording.player"
local json = require "slack.json"
local reader = require "slack.recording.reader"
local slack = require "slack"

local HEAD = { type = "recording", format = 1, at = 1700000000, redaction = "default" }

local function recording_of(lines)
  local texts = { assert(json.encode(HEAD)) }
  for i, line in ipairs(lines) do
    texts[i + 1] = assert(json.encode(line))
  end
  return assert(reader.parse(table.concat(texts, "\n") .. "\n", "r"))
end

local function message(n, at, text, more)
  local event = { type = "message", user = "U1", channel = "C1", ts = at .. ".0001", text = text }
  for name, value in pairs(more or {}) do
    event[name] = value
  end
  return {
    type = "delivery", n = n, at = at, kind = "event", acked = true, transport = "socket",
    body = {
      type = "event_callback", team_id = "T1", event_id = "Ev" .. n, event = event,
      authorizations = { { team_id = "T1", user_id = "UBOT", is_bot = true } },
    },
  }
end

local function call(n, method, args, result)
  return {
    type = "call", delivery = n, method = method, args = args, seconds = 0.1,
    answer = result.code == nil and result or nil, error = result.code and result or nil,
  }
end

describe("a player of recordings", function()
  local player

  local function play(options, register, lines)
    options.app_token = "xapp-1"
    options.log = "off"
    if not options.authorize and not options.oauth then
      options.token = "xoxb-1"
    end
    local app = slack.app(options)
    register(app)
    local recording = recording_of(lines)
    player = Player.new(app, recording, function() end)
    assert(player:start())
    local reports = {}
    for i, delivery in ipairs(recording.deliveries) do
      reports[i] = player:play(delivery)
    end
    return reports, app
  end

  after_each(function()
    player:close()
  end)

  it("answers calls in their order, with failures as they were", function()
    local seen = {}
    local reports = play({}, function(app)
      app:message("go", function(c)
        for i = 1, 3 do
          local answer, err = c.client.users.info { user = "U" .. i }
          seen[i] = answer and answer.user.name or err.code
        end
        local _, err = c.client.pins.add { channel = "C1", timestamp = "1.2" }
        seen[4] = err.code
      end)
    end, {
      message(1, 1700000001, "go"),
      call(1, "users.info", { user = "U1" }, { ok = true, user = { name = "ada" } }),
      call(1, "users.info", { user = "U2" }, { code = "user_not_found", status = 200 }),
      call(1, "users.info", { user = "U9" }, { code = "connection", message = "no connection" }),
    })
    assert.same({ "ada", "user_not_found", "connection", "not_recorded" }, seen)
    local states = {}
    for i, made in ipairs(reports[1].calls) do
      states[i] = made.state
    end
    assert.same({ "same", "same", "other", "new" }, states)
  end)

  it("lets a handler upload a file, to nowhere", function()
    local reports = play({}, function(app)
      app:message("go", function(c)
        assert(c:upload { content = "a,b", filename = "x.csv" })
      end)
    end, {
      message(1, 1700000001, "go"),
      call(1, "files.getUploadURLExternal", { filename = "x.csv", length = 3 },
        { ok = true, file_id = "F1", upload_url = "https://files.slack.com/hidden/1" }),
      call(1, "files.completeUploadExternal", { channel_id = "C1",
        files = { { id = "F1", title = "x.csv" } } },
        { ok = true, files = { { id = "F1", title = "x.csv" } } }),
    })
    assert.same({ {}, {}, {} }, { reports[1].errors, reports[1].outside, reports[1].missing })
    assert.same({ "same", "same" }, { reports[1].calls[1].state, reports[1].calls[2].state })
  end)

  it("keeps calls of deliveries apart that were handled at the same time", function()
    local seen = {}
    play({}, function(app)
      app:message(function(c)
        seen[c.message.text] = c.client.users.info({ user = "U1" }).user.name
      end)
    end, {
      message(1, 1700000001, "first"), message(2, 1700000001, "second"),
      call(2, "users.info", { user = "U1" }, { ok = true, user = { name = "of the second" } }),
      call(1, "users.info", { user = "U1" }, { ok = true, user = { name = "of the first" } }),
    })
    assert.same({ first = "of the first", second = "of the second" }, seen)
  end)

  it("passes time as it passed, and waits for handlers that sleep", function()
    local times = {}
    play({}, function(app)
      app:message(function()
        times[#times + 1] = os.time()
        slack.sleep(100)
        times[#times + 1] = os.time()
      end)
    end, { message(1, 1700000010, "a"), message(2, 1700003610, "b") })
    assert.same({ 1700000010, 1700000110, 1700003610, 1700003710 }, times)
  end)

  it("needs no installation of an app of many workspaces", function()
    for _, options in ipairs {
      { authorize = function() error "asked" end },
      { oauth = { client_id = "1.2", client_secret = "s", scopes = { "chat:write" },
          redirect_uri = "https://bot.example/slack/oauth_redirect" } },
    } do
      local reports = play(options, function(app)
        app:message("go", function(c) assert(c:say "gone") end)
      end, {
        message(1, 1700000001, "go"),
        call(1, "chat.postMessage", { channel = "C1", text = "gone" },
          { ok = true, channel = "C1", ts = "1.2" }),
      })
      assert.same({ {}, "same" }, { reports[1].errors, reports[1].calls[1].state })
    end
  end)

  it("sees through middleware which listener ran, and its failure", function()
    local reports = play({}, function(app)
      app:use(function(_, next) return next() end)
      app:message("go", function() error "boom" end)
      app:message("go", function() end)
    end, { message(1, 1700000001, "go") })
    assert.equal(2, #reports[1].listeners)
    assert.matches("recording_player_spec.lua:%d+: boom", reports[1].errors[1].message)
  end)

  it("tells why nobody had a delivery", function()
    local reports = play({}, function(app) app:message("go", function() end) end, {
      message(1, 1700000001, "stay"), message(2, 1700000002, "go", { user = "UBOT" }),
      message(3, 1700000003, "go"),
      { type = "delivery", n = 4, at = 1700000004, kind = "event", acked = true,
        body = message(3, 1700000003, "go").body },
    })
    assert.same({ "unmatched", "ignored", 1, "duplicate" }, { reports[1].fate, reports[2].fate,
      #reports[3].listeners, reports[4].fate })
  end)

  it("compares what is acked, and tells a refusal", function()
    local command = {
      type = "delivery", n = 1, at = 1700000001, kind = "command", acked = false,
      body = { command = "/go", text = "", user_id = "U1", channel_id = "C1", team_id = "T1" },
    }
    local function ack(payload) return { type = "ack", delivery = 1, payload = payload } end
    for _, case in ipairs {
      { ack { text = "x" }, "x", true }, { ack { text = "x" }, "y", false },
      { ack(json.null), nil, true }, { ack { text = "x" }, nil, false },
    } do
      local reports = play({}, function(app)
        app:command("/go", function(c) c:ack(case[2]) end)
      end, { command, case[1] })
      assert.equal(case[3], reports[1].is_ack_same)
    end
    local refused = { type = "ack", delivery = 1, payload = json.null, refused = "unmatched" }
    for transport, is_same in pairs { http = true, socket = false } do
      command.transport = transport
      local reports = play({}, function() end, { command, refused })
      assert.same({ is_same, "unmatched" }, { reports[1].is_ack_same, reports[1].fate })
    end
  end)
end)
