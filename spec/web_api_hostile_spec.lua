-- A Slack that means ill, or who has taken its place: whatever it answers, a call ends in its
-- time and its memory, what comes after it works, and no token goes to another server. What
-- breaks a connection is in web_api_faults_spec, single refusals are in those of the client.

local ApiServer = require "support.api_server"
local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local Wire = require "support.wire_slack"
local fetch = require "slack.fetch"
local files = require "support.files"
local footprint = require "support.footprint"
local json = require "slack.json"
local made_up_http = require "support.made_up_http"
local clients = require "slack.client"
local tasks = require "slack.tasks"
local webhook = require "slack.webhook"

local TOKEN <const> = ApiServer.TOKEN
local JSON <const> = { "Content-Type", "application/json" }

describe("a hostile Slack:", function()
  local api, elsewhere

  after_each(function()
    api = api and api:stop()
    elsewhere = elsewhere and elsewhere:stop()
  end)

  -- A client of a server that answers so once, and properly from then on.
  local function start(status, body, headers, options)
    api = ApiServer.start(function(_, number)
      if number == 1 then
        return status, body, headers or JSON
      end
      return 200, { ok = true, members = { { id = "U1" } } }
    end, options)
    return api.client
  end

  local function assert_works(client)
    assert.is_true(assert(client:call "auth.test").ok)
  end

  describe("waiting times", function()
    local slack_here, answer

    before_each(function()
      slack_here = made_up_http.start(function(...) return answer(...) end)
    end)

    after_each(function()
      slack_here:stop()
    end)

    local function new_client(options)
      options.token, options.log = TOKEN, "off"
      return clients.new(options)
    end

    for _, header in ipairs { "0", "-1", "0.000001", "1e999", "nan", "0x7fffffff", "1;2", "\t5\t",
      "9223372036854775808", ("9"):rep(5000) } do
      local shown = #header > 40 and #header .. " digits" or header
      it("of a call that is refused again and again end with max_wait: " .. shown, function()
        answer = function() return 429, "", { ["Retry-After"] = header } end
        local client = new_client { max_wait = 100 }
        local _, err = tasks.run(client.call, client, "users.list")
        assert.equal("ratelimited", err.code)
        assert.matches("max_wait", err.message)
        assert.is_true(slack_here.time.now - slack_here.began <= 101)
        assert.is_true(#slack_here.requests <= 30)
      end)
    end

    it("that no number ends, of any length, are read in a moment", function()
      local client, began = new_client { max_wait = 100 }, os.clock()
      for _, header in ipairs { ("0"):rep(90000) .. "x", ("0"):rep(90000) .. "..",
        (" "):rep(90000) .. "x", "1" .. (" "):rep(90000) .. "x" } do
        answer = function(_, number)
          if number % 2 == 1 then
            return 429, "", { ["Retry-After"] = header }
          end
          return 200, { ok = true }
        end
        assert(tasks.run(client.call, client, "users.list"))
      end
      assert.equal(8, #slack_here.requests)
      assert.is_true(os.clock() - began < 1)
    end)

    it("of one method are none of another, and are over after an hour", function()
      local times = 0
      answer = function(request)
        if request.url:find "users.list" and times == 0 then
          times = 1
          return 429, "", { ["Retry-After"] = "999999999999" }
        end
        return 200, { ok = true }
      end
      local client = new_client { max_wait = 10 }
      local function call(name)
        return tasks.run(client.call, client, name)
      end
      local _, err = call "users.list"
      assert.same({ "ratelimited", 86400 }, { err.code, err.retry_after })
      assert(call "users.info")
      slack_here.time.now = slack_here.time.now + 3600
      assert(call "users.list")
    end)
  end)

  describe("pages", function()
    it("without an item and without an end are left, and may be gone on with", function()
      local made <close> = made_up_http.start(function(_, number)
        local items = number == 1500 and { { id = "C1" } } or json.list {}
        return 200, { ok = true, channels = items, response_metadata = {
          next_cursor = number < 1500 and "cursor-" .. number or "",
        } }
      end)
      local client = clients.new { token = TOKEN, log = "off", pacing = false }
      local items = client:each "conversations.list"
      local item, err = tasks.run(items.next, items)
      assert.is_nil(item)
      assert.same({ "endless_pages", "cursor-1000" }, { err.code, err.cursor })
      assert.equal(1000, #made.requests)
      assert.matches("conversations.list: 1000 pages without an item", err.message, 1, true)
      assert.equal("endless_pages", select(2, tasks.run(items.next, items)).code)
      items = client:each("conversations.list", { cursor = err.cursor })
      assert.equal("C1", tasks.run(items.next, items).id)
    end)

    it("without an item end where they have an end, be it late", function()
      local made <close> = made_up_http.start(function(_, number)
        return 200, { ok = true, channels = json.list {},
          response_metadata = { next_cursor = number < 1000 and "c" .. number or "" } }
      end, { latency = 0 })
      local client = clients.new { token = TOKEN, log = "off", pacing = false }
      for _, options in ipairs { {}, { max_pages = 1000 } } do
        local items = client:each("conversations.list", nil, options)
        assert.same({}, { tasks.run(items.next, items) })
      end
      assert.equal(1001, #made.requests)
    end)

    it("of which some are empty are not", function()
      local made <close> = made_up_http.start(function(_, number)
        local is_full = number % 999 == 0
        return 200, { ok = true, channels = is_full and { { id = number } } or json.list {},
          response_metadata = { next_cursor = number < 1998 and "c" .. number or "" } }
      end, { latency = 0 })
      local client, ids = clients.new { token = TOKEN, log = "off", pacing = false }, {}
      tasks.run(function()
        for channel in client:each "conversations.list" do
          ids[#ids + 1] = channel.id
        end
      end)
      assert.same({ 999, 1998, 1998 }, { ids[1], ids[2], #made.requests })
    end)

    for name, cursor in pairs { ["too long"] = ("x"):rep(20000), ["no text"] = { "x" } } do
      it("whose cursor is " .. name .. " are the last", function()
        local client = start(200, { ok = true, members = { { id = "U1" } },
          response_metadata = { next_cursor = cursor } })
        local items = client:each "users.list"
        assert.equal("U1", items:next().id)
        local item, err = items:next()
        assert.is_nil(item)
        assert.equal(type(cursor) == "string" and "invalid_response" or nil, err and err.code)
        assert.equal(1, #api.requests)
      end)
    end
  end)

  describe("redirects", function()
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      it(("with %d lead no call, page, webhook or upload elsewhere"):format(status), function()
        elsewhere = WebServer.start(function() return 200, '{"ok":true}' end)
        api = ApiServer.start(function(request)
          if request.target:find "getUploadURLExternal" then
            return 200, { ok = true, file_id = "F1", upload_url = api.url .. "/upload/x" }
          end
          return status, "", { "Location", elsewhere.url .. request.target }
        end)
        local client = api.client
        local _, err = client:call("chat.postMessage", { channel = "C1", text = "x" })
        assert.same({ "http_error", status }, { err.code, err.status })
        _, err = client:each("users.list"):next()
        assert.same({ "http_error", status }, { err.code, err.status })
        _, err = webhook.new(api.url .. "/services/T/B/x", { proxy = "", retries = 0 }):send "x"
        assert.same({ "http_error", status }, { err.code, err.status })
        assert.is_nil((client:upload { content = "x", filename = "x" }))
        assert.equal(0, #elsewhere.requests)
        for _, line in ipairs(api.lines) do
          assert.not_matches(TOKEN, line, 1, true)
        end
      end)
    end

    it("lead apps.connections.open nowhere", function()
      local wire <close> = Wire.start()
      elsewhere = WebServer.start(function() return 200, '{"ok":true}' end)
      wire:answer_next(307, "", { "Location", elsewhere.url .. "/api/apps.connections.open" })
      wire:ready_bot()
      assert.equal(2, #wire.opens)
      assert.equal(0, #elsewhere.requests)
    end)
  end)

  it("the place for an upload is elsewhere: it gets the bytes, and no token", function()
    elsewhere = WebServer.start(function() return 200, "OK" end)
    api = ApiServer.start(function(request)
      return 200, request.target:find "getUploadURLExternal"
        and { ok = true, file_id = "F1", upload_url = elsewhere.url .. "/upload/x" }
        or { ok = true, files = { { id = "F1" } } }
    end)
    assert(api.client:upload { content = "the bytes", filename = "x" })
    assert.equal("the bytes", elsewhere.requests[1].body)
    assert.is_nil(elsewhere.requests[1].headers.authorization)
  end)

  describe("compressed", function()
    local SIZE <const> = 80 << 20 -- more than an answer may have
    local folder

    setup(function()
      folder = files.temporary()
      assert(files.run(("cd '%s' && head -c %d /dev/zero | gzip -1 >bomb && gzip -1 <bomb >twice")
        :format(folder.path, SIZE)))
    end)

    teardown(function()
      getmetatable(folder).__close()
    end)

    for name, encoding in pairs { bomb = "gzip", twice = "gzip, gzip" } do
      it("in " .. encoding .. ": no more than its bound is unpacked", function()
        local bytes = files.read(folder.path .. "/" .. name)
        local client = start(200, bytes, { "Content-Encoding", encoding })
        local before = footprint.peak_memory()
        local answer, err = client:call "users.list"
        assert.is_nil(answer)
        assert.equal("too_large", err.code)
        assert.matches("67108864 bytes", err.message)
        assert.is_true(not before or os.getenv "SLACK_SLOW" ~= nil
          or footprint.peak_memory() - before < 2 * SIZE)
        assert_works(client)
      end)
    end

    it("for slack.fetch: into memory, a file or a function comes what max_response says", function()
      local bytes = files.read(folder.path .. "/bomb")
      elsewhere = WebServer.start(function() return 200, bytes, { "Content-Encoding", "gzip" } end)
      local count, path = 0, folder.path .. "/out"
      for _, sink in ipairs { false, { file = path }, function(part) count = count + #part end } do
        local response, err = fetch(elsewhere.url, {
          proxy = "", max_response = 1 << 20, sink = sink or nil,
        })
        assert.is_nil(response)
        assert.equal("too_large", err.code)
      end
      assert.is_true(count <= 1 << 20)
      assert.is_nil(io.open(path))
    end)

    it("more often than libcurl allows is no answer", function()
      local client = start(200, "x", { "Content-Encoding", ("gzip, "):rep(100) .. "gzip" })
      local _, err = client:call "users.list"
      assert.is_string(err.code)
      assert_works(client)
    end)
  end)

  describe("JSON", function()
    local DEPTH <const> = 1000000

    for name, case in pairs {
      ["a million lists deep"] = { ('{"ok":true,"x":%s1%s}'):format(("["):rep(DEPTH),
        ("]"):rep(DEPTH)), "invalid_response" },
      ["a million objects deep"] = { '{"ok":true,"x":' .. ('{"a":'):rep(DEPTH) .. "1"
        .. ("}"):rep(DEPTH + 1), "invalid_response" },
      ["of four million lists"] = { '{"ok":true,"x":[' .. ("[],"):rep(1 << 22) .. "1]}",
        "invalid_response" },
      ["that is never closed"] = { '{"ok":true,"x":' .. ("["):rep(DEPTH), "invalid_response" },
      ["with a zero byte"] = { '{"ok":true,"x":"a\0b"}', "invalid_response" },
      ["with a number beyond all"] = { '{"ok":true,"x":1e99999}', "invalid_response" },
      ["with something behind it"] = { '{"ok":true} {"ok":true}', "invalid_response" },
      ["with ok as a word"] = { '{"ok":"true"}', "invalid_response" },
      ["with an error that is none"] = { '{"ok":false,"error":{"x":1}}', "unknown_error" },
      ["with an endless error"] = { '{"ok":false,"error":"' .. ("x"):rep(100000) .. '"}',
        ("x"):rep(100000) },
    } do
      it(name .. " is an error", function()
        local client = start(200, case[1])
        local answer, err = client:call "users.list"
        assert.equal("nil", type(answer)) -- who shows one of many values has no end
        assert.equal(case[2], err.code)
        assert.is_true(#tostring(err) < 2000)
        assert_works(client)
      end)
    end

    it("with a name twice has the last value", function()
      local answer = assert(start(200, '{"ok":false,"x":1,"ok":true,"x":2}'):call "users.list")
      assert.same({ true, 2 }, { answer.ok, answer.x })
    end)

    it("with numbers of any length has them as far as they go", function()
      local answer = assert(start(200, ('{"ok":true,"big":%s,"small":0.%s1,"least":-%s}')
        :format(("9"):rep(300), ("0"):rep(400), ("9"):rep(19))):call "users.list")
      assert.same({ 1e300, 0, -1e19 }, { answer.big, answer.small, answer.least })
    end)

    it("with texts that hold a zero has them whole", function()
      local client = start(200, [[{"ok":true,"x":"a\u0000b","a\u0000b":1}]])
      local answer = assert(client:call "users.list")
      assert.same({ "a\0b", 1 }, { answer.x, answer["a\0b"] })
    end)
  end)

  describe("apps.connections.open that answers with", function()
    local head <const> = "HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n"
    for name, case in pairs {
      ["a body without an end"] = { { "read", "send " .. head .. "\\r\\n",
        "repeat 0 " .. ("x"):rep(16384) }, "too_large" },
      ["headers without an end"] = { { "read", "send " .. head,
        "repeat 0 X-A: " .. ("x"):rep(90) .. "\\r\\n" }, "too_large" },
      ["one byte after the other"] = { { "read", "slow 20 " .. head .. ("x"):rep(1000) },
        "timeout" },
      ["less than nothing"] = { { "read", "send " .. head .. "Content-Length: -1\\r\\n\\r\\n",
        "hang" }, "interrupted" },
      ["nesting without an end"] = { { "read", "send " .. head .. "\\r\\n"
        .. '{"ok":true,"url":' .. ("["):rep(60000) }, "malformed" },
    } do
      it(name .. " is asked again, later", function()
        local wire <close> = Wire.start()
        local server <close> = ScriptedServer.start(case[1])
        local bot = wire:bot { api_url = server.url .. "/api/", open_timeout = 0.3 }
        wire:wait("the second attempt", function() return bot:count "opening" >= 2 end)
        assert.equal(case[2], bot:change("closed").code, bot:change("closed").message)
      end)
    end

    for header, least in pairs { ["99999999"] = 3590, ["-5"] = 29, ["soon"] = 29 } do
      it("Retry-After: " .. header .. " is obeyed within an hour", function()
        local wire <close> = Wire.start()
        wire:answer_next(429, '{"ok":false,"error":"ratelimited"}', { "Retry-After", header })
        local bot = wire:bot()
        local waiting = wire:wait("its patience", function() return bot:change "waiting" end)
        assert.is_true(waiting.delay >= least and waiting.delay <= 3600, waiting.delay)
      end)
    end
  end)
end)
