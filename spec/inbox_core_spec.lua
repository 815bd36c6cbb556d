-- Receivers in C with an inbox on a real file of SQLite: what Slack sees. What the inbox
-- decides with a store that answers as it is told is in spec/unit/inbox_test.c.
local Process = require "support.process"
local RawClient = require "support.raw_client"
local Wire = require "support.wire_slack"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"

local BUILD <const> = os.getenv "SLACK_CORE_DIR" or "build"
local SECRET <const> = "0123456789abcdef0123456789abcdef"

describe("an inbox in C", function()
  local directory, wire, mailbox, storage, inbox, lock, stored, backlogs, next_id

  local function wait(what, condition)
    return wire:wait(what, function()
      repeat
        local source, kind, id, value, message = mailbox:take()
        if kind == "stored" then
          stored[id] = { value = value, message = message }
        elseif kind == "backlog" then
          backlogs = backlogs + 1
        end
      until not source
      return condition()
    end)
  end

  -- Claims with others until a claim has nothing: ids and bodies.
  local function claim()
    local id = assert(storage:submit_inbox {
      operation = "claim", now = os.time() * 1000, limit = 100,
    })
    local list = wait("a claim", function() return stored[id] end)
    assert(list.value, list.message)
    local entries = {}
    for i = 1, #list.value, 7 do
      entries[#entries + 1] = { id = list.value[i], key = list.value[i + 1],
        meta = list.value[i + 2], body = list.value[i + 3] }
    end
    return entries
  end

  local function open(settings, store_settings)
    local all = { path = directory.path .. "/inbox.db", mailbox = mailbox, source = 1,
      owner = "spec", busy_timeout = 30 }
    for name, value in pairs(store_settings or {}) do
      all[name] = value
    end
    storage = assert(core.sqlite(all))
    claim() -- the file is there
    all = { storage = storage, log = wire.log, notices = mailbox, source = 2 }
    for name, value in pairs(settings or {}) do
      all[name] = value
    end
    inbox = assert(core.inbox(all))
    inbox:caught_up()
  end

  -- The store cannot be written to until unlock.
  local function hold()
    lock = Process.start(("%s/unit/store_lock_server %s"):format(
      BUILD, Process.quote(directory.path .. "/inbox.db")
    ))
    wait("the lock", function() return lock:output():find "locked" end)
  end

  local function unlock()
    lock:__close()
    lock = nil
  end

  local function wait_outstanding(count)
    wait(count .. " outstanding", function()
      return inbox:stats().outstanding == count
    end)
  end

  -- The event E1 is on its way to the store, and stays so until unlock.
  local function hold_event(socket)
    hold()
    wire:event(socket, "E1")
    wait_outstanding(1)
  end

  local function wait_ack(id)
    return wait("the ack of " .. id, function()
      local text, socket = wire:ack_of(id)
      return text and socket
    end)
  end

  local function wait_envelope(bot, id)
    return wait("the envelope " .. id, function() return bot:envelope(id) end)
  end

  before_each(function()
    directory = files.temporary()
    wire = Wire.start()
    mailbox = core.mailbox()
    wire.poller:add(mailbox:fd())
    stored, backlogs, next_id = {}, 0, 0
  end)

  after_each(function()
    if lock then
      unlock()
    end
    wire:close()
    if inbox then
      inbox:close()
    end
    storage:close()
    mailbox:close()
    inbox = nil
    getmetatable(directory).__close(directory)
  end)

  describe("with Socket Mode", function()
    it("has an event before it is acked, and hands it on with the entry's id", function()
      open()
      local bot, socket = wire:ready_bot { inbox = inbox }
      hold_event(socket)
      wire:pass(0.03)
      assert.is_nil(wire:ack_of "E1")
      assert.is_nil(bot:envelope "E1")
      unlock()
      wait_ack "E1"
      local envelope = wait_envelope(bot, "E1")
      assert.matches("^%d+$", envelope.entry)
      assert.equal('{"event_id":"Ev-E1","pad":""}', envelope.payload)
      assert.equal(0, envelope.ack_token)
      assert.same({}, claim()) -- it is taken
      local stats = inbox:stats()
      assert.same({ 1, 1, 1, 0, 0, 0 }, { stats.puts, stats.stored, stats.taken, stats.known,
        stats.failed, stats.outstanding })
      assert.is_true(stats.latency_sum > 0.03 and stats.latency_max == stats.latency_sum)
    end)

    it("acks what it knows, and hands it on once", function()
      open()
      local bot, socket = wire:ready_bot { inbox = inbox }
      wire:event(socket, "E1")
      wait_ack "E1"
      for attempt = 1, 3 do
        wire:act(socket, "text", ('{"type":"events_api","envelope_id":"again-%d",'
          .. '"retry_attempt":%d,"retry_reason":"timeout","payload":{"event_id":"Ev-E1"}}'):format(
          attempt, attempt))
        wait_ack("again-" .. attempt)
      end
      assert.equal(1, #bot.envelopes)
      assert.equal(3, inbox:stats().known)
    end)

    it("leaves unacked what cannot be stored, and says why", function()
      open(nil, { max_entries = 1 })
      local bot, socket = wire:ready_bot { inbox = inbox }
      wire:event(socket, "E1")
      wait_ack "E1"
      wire:event(socket, "E2")
      wait("the failure", function() return inbox:stats().failed == 1 end)
      assert.is_number(inbox:stats().failing_since)
      wire:event(socket, "E1") -- known: it goes on being acked
      wait("another ack", function() return select(2, wire:count_acks()).E1 == 2 end)
      assert.is_nil(wire:ack_of "E2")
      assert.equal(1, #bot.envelopes)
      assert.matches("error inbox: 1 delivery could not be stored: .*not acked",
        table.concat(wire.log_lines, "\n"))
    end)

    it("acks on another connection when that of the event has gone meanwhile", function()
      open()
      local bot, one, two = wire:ready_bot { inbox = inbox, connections = 2 }
      wire.hold_opens = true
      hold_event(one)
      wire:act(one, "reset")
      wait("the end", function() return bot:change "closed" end)
      unlock()
      assert.equal(two, wait_ack "E1")
    end)

    it("acks on the next connection when all have gone meanwhile", function()
      open()
      local bot, one = wire:ready_bot { inbox = inbox, backoff_first = 0.05 }
      wire.hold_opens = true
      hold_event(one)
      wire:act(one, "reset")
      wait("the end", function() return bot:change "closed" end)
      unlock()
      wait_envelope(bot, "E1")
      wire.hold_opens = false
      wait("the call for a URL", function() return wire.held end)
      wire:answer_open(wire.held)
      assert.not_equal(one, wait_ack "E1")
    end)

    it("lets a connection that is replaced live until its events are acked (S226)", function()
      open()
      local bot, one = wire:ready_bot { inbox = inbox }
      hold_event(one)
      wire:disconnect(one, "refresh_requested")
      wait("the replacement", function() return bot:change("ready", 2) end)
      wire:pass(0.2) -- twice as long as one that owes nothing would be kept
      assert.is_nil(bot:change "closed")
      unlock()
      assert.equal(one, wait_ack "E1")
      wait("its end", function() return bot:change "closed" end)
    end)

    it("acks before it stops", function()
      open()
      local bot, socket = wire:ready_bot { inbox = inbox }
      hold_event(socket)
      bot.mode:stop(30)
      wire:pass(0.03)
      assert.is_nil(bot:change "stopped")
      unlock()
      wait("the stop", function() return bot:change "stopped" end)
      wait_ack "E1"
      assert.equal(1, #bot.envelopes)
    end)

    it("keeps what was on its way when the connections were dropped", function()
      open()
      local bot, socket = wire:ready_bot { inbox = inbox }
      hold_event(socket)
      bot:close()
      unlock()
      wait_outstanding(0)
      assert.equal(1, inbox:stats().stored)
      assert.is_nil(wire:ack_of "E1")
    end)

    it("does not ack what was stored too late, handles it, and acks it when it comes again",
      function()
        open { deadline = 0.02 }
        local bot, socket = wire:ready_bot { inbox = inbox }
        hold_event(socket)
        wire:pass(0.03)
        assert.is_number(inbox:stats().failing_since)
        unlock()
        wait_envelope(bot, "E1")
        assert.is_nil(wire:ack_of "E1")
        assert.equal(1, inbox:stats().late)
        assert.is_nil(inbox:stats().failing_since)
        wait("the ack", function()
          -- The first one after a pause of the machine may be late, too.
          next_id = next_id + 1
          local known = inbox:stats().known
          wire:act(socket, "text", ('{"type":"events_api","envelope_id":"again-%d",'
            .. '"payload":{"event_id":"Ev-E1"}}'):format(next_id))
          wait("the redelivery", function() return inbox:stats().known > known end)
          wire:pass(0.01)
          return wire:ack_of("again-" .. next_id)
        end)
        assert.equal(1, #bot.envelopes)
      end)

    it("says that nothing is acked while the store hangs, not only when it answers", function()
      open { deadline = 0.05 }
      local _, socket = wire:ready_bot { inbox = inbox }
      hold()
      wire:event(socket, "E1")
      wait("the line", function()
        return table.concat(wire.log_lines, "\n"):find("error inbox: the store has not answered "
          .. "for %d%.%d s, and 1 delivery waits for it: events are not acked")
      end)
      assert.equal(1, inbox:stats().outstanding)
      unlock()
      wait_outstanding(0)
    end)

    it("stops reading when too much is on its way, and goes on when there is room", function()
      open { max_puts = 2 }
      local bot, socket = wire:ready_bot { inbox = inbox }
      hold()
      for i = 1, 2 do
        wire:event(socket, "E" .. i)
        wait_outstanding(i)
      end
      wire:event(socket, "E3")
      wire:pass(0.03)
      assert.equal(2, inbox:stats().puts)
      unlock()
      wait_ack "E3"
      assert.equal(3, #bot.envelopes)
    end)

    it("leaves what handlers answer alone", function()
      open()
      local bot, socket = wire:ready_bot { inbox = inbox }
      hold()
      wire:command(socket, "C1")
      local envelope = wait_envelope(bot, "C1")
      assert.is_nil(envelope.entry)
      assert.equal(0, inbox:stats().puts)
    end)

    it("has what handlers answer first, if wished, and the answer goes as ever", function()
      open { interactive = true }
      local bot, socket = wire:ready_bot { inbox = inbox, ack_deadline = 30 }
      hold()
      wire:command(socket, "C1")
      wait_outstanding(1)
      assert.is_nil(bot:envelope "C1")
      unlock()
      local envelope = wait_envelope(bot, "C1")
      assert.matches("^%d+$", envelope.entry)
      assert.is_nil(wire:ack_of "C1")
      bot.mode:ack(envelope.ack_token, '{"text":"yes"}')
      wait_ack "C1"
    end)

    it("hands on what handlers answer when it cannot be stored", function()
      open({ interactive = true }, { max_entries = 1 })
      local bot, socket = wire:ready_bot { inbox = inbox }
      wire:event(socket, "E1")
      wait_ack "E1"
      wire:command(socket, "C1")
      assert.is_nil(wait_envelope(bot, "C1").entry)
    end)

    it("tells Lua once of what waits in the store while Lua is behind", function()
      open()
      local bot, socket = wire:ready_bot({ inbox = inbox }, { unread = true, mark_count = 2 })
      for i = 1, 5 do
        wire:event(socket, "E" .. i)
        wait_ack("E" .. i)
      end
      wait("the notice", function() return backlogs == 1 end)
      assert.is_true(inbox:stats().is_behind)
      assert.equal(1, bot:read_events())
      local entries = claim()
      assert.equal(4, #entries)
      assert.equal("Ev-E2", entries[1].key)
      assert.equal('{"event_id":"Ev-E2","pad":""}', entries[1].body)
      assert.matches('^{"kind":"event","via":"socket","received":%d+}$', entries[1].meta)
      inbox:caught_up()
      assert.same({}, claim())
      wire:event(socket, "E6")
      wait_ack "E6"
      assert.equal(1, bot:read_events())
      assert.equal(1, backlogs)
    end)
  end)

  describe("with HTTP", function()
    local server, receiver, client, deliveries, requests_mailbox

    local function start(settings)
      deliveries, requests_mailbox = core.mailbox(), core.mailbox()
      receiver = assert(core.http_receiver {
        secrets = { SECRET }, paths = { { path = "/slack/events",
          kinds = { "event", "command", "interaction" } } },
        ack_deadline = 30, deliveries = deliveries, notices = mailbox, source = 3, log = wire.log,
        inbox = inbox,
      })
      server = assert(core.http_server {
        mailbox = requests_mailbox, source = 4, log = wire.log, gate = receiver,
        max_connections = settings and settings.max_connections,
      })
      client = RawClient.connect(server:port())
    end

    after_each(function()
      for _, object in ipairs { client or false, server or false, receiver or false } do
        if object then
          object:close()
        end
      end
      server, receiver, client = nil, nil, nil
    end)

    local function send(body, lines)
      local timestamp = tostring(os.time())
      client:send(table.concat {
        "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: ", #body, "\r\nContent-Type: ",
        body:find "^{" and "application/json" or "application/x-www-form-urlencoded",
        "\r\nX-Slack-Request-Timestamp: ", timestamp, "\r\nX-Slack-Signature: ",
        core.sign(SECRET, timestamp, body), "\r\n", lines or "", "\r\n", body,
      })
    end

    local function event(id)
      return ('{"type":"event_callback","event_id":"%s","event":{"type":"x"}}'):format(id)
    end

    -- The request with Ev1 is, likewise.
    local function hold_request()
      hold()
      send(event "Ev1")
      wait_outstanding(1)
    end

    local function answers()
      local list = {}
      for status in client:received():gmatch "HTTP/1.1 (%d+)" do
        list[#list + 1] = tonumber(status)
      end
      return list
    end

    local function wait_answers(count)
      wait(count .. " answers", function() return #answers() >= count end)
      return answers()
    end

    -- request, kind, body, retry_number, retry_reason, headers, received, entry
    local function delivery()
      return wait("a delivery", function()
        local all = table.pack(deliveries:take())
        if all[11] then -- its event, decoded apart; here it is put back
          all[5] = all[5]:gsub('"event":null', '"event":' .. json.encode(all[11]))
        end
        return all.n > 0 and { table.unpack(all, 3, 10) }
      end)
    end

    it("holds a request until the event is stored", function()
      open()
      start()
      hold()
      send(event "Ev1", "X-Slack-Retry-Num: 1\r\nX-Slack-Retry-Reason: http_timeout\r\n")
      wait_outstanding(1)
      wire:pass(0.03)
      assert.same({}, answers())
      assert.equal(1, server:stats().held)
      unlock()
      assert.same({ 200 }, wait_answers(1))
      local got = delivery()
      assert.same({ 0, "event", event "Ev1", 1, "http_timeout" }, { table.unpack(got, 1, 5) })
      assert.matches("^%d+$", got[8])
      assert.equal(0, server:stats().held)
      assert.equal(1, receiver:stats().ack_latency.count)
      send(event "Ev1")
      assert.same({ 200, 200 }, wait_answers(2))
      assert.is_nil(deliveries:take())
    end)

    it("answers 503 when the event cannot be stored", function()
      open(nil, { max_entries = 1 })
      start()
      send(event "Ev1")
      send(event "Ev2")
      send(event "Ev1")
      assert.same({ 200, 503, 200 }, wait_answers(3))
      assert.truthy(client:received():find("\r\nRetry-After: 1\r\n", 1, true))
      assert.equal(1, receiver:stats().unstored)
    end)

    it("answers 503 when the event is not stored in time, and handles it once", function()
      open { deadline = 0.02 }
      start()
      hold()
      send(event "Ev1")
      assert.same({ 503 }, wait_answers(1))
      assert.equal(1, receiver:stats().unstored)
      unlock()
      assert.equal(event "Ev1", delivery()[3])
      assert.equal(1, inbox:stats().late)
      assert.equal(1, receiver:stats().unstored)
    end)

    it("answers 503 when too much is on its way to the store", function()
      open { max_puts = 1 }
      start()
      hold_request()
      local first = client
      client = RawClient.connect(server:port())
      send(event "Ev2")
      assert.same({ 503 }, wait_answers(1))
      assert.equal(1, receiver:stats().unstored)
      first:close()
    end)

    it("answers 503 at once when half of the connections wait for the store", function()
      open()
      start { max_connections = 4 }
      hold()
      local others = {}
      for i = 1, 2 do
        send(event("Ev" .. i))
        wait_outstanding(i)
        others[i], client = client, RawClient.connect(server:port())
      end
      send(event "Ev3")
      assert.same({ 503 }, wait_answers(1))
      assert.equal(1, receiver:stats().unstored)
      unlock()
      for _, other in ipairs(others) do
        wait("an answer", function() return other:received():find("HTTP/1.1 200", 1, true) end)
        other:close()
      end
    end)

    it("finishes what was begun when the server finishes", function()
      open()
      start()
      hold_request()
      server:finish()
      unlock()
      assert.same({ 200 }, wait_answers(1))
      assert.equal(event "Ev1", delivery()[3])
    end)

    it("keeps what was on its way when server and receiver were closed", function()
      open()
      start()
      hold_request()
      server:close()
      receiver:close()
      server, receiver = nil, nil
      unlock()
      wait_outstanding(0)
      assert.equal(event "Ev1", delivery()[3])
    end)

    it("forgets a request whose client has gone", function()
      open()
      start()
      hold_request()
      client:close()
      client = nil
      wait("the hang-up", function() return receiver:stats().gone == 1 end)
      unlock()
      assert.equal(event "Ev1", delivery()[3])
      assert.equal(0, server:stats().held)
    end)

    it("has what handlers answer first, if wished, with the form of a command", function()
      open { interactive = true }
      start()
      send "command=%2Fdeploy&text=a+b&channel_id=C1"
      local got = delivery()
      assert.same({ "command", { command = "/deploy", text = "a b", channel_id = "C1" } },
        { got[2], got[3] })
      assert.matches("^%d+$", got[8])
      server:respond(got[1], 200, nil, "")
      assert.same({ 200 }, wait_answers(1))
    end)
  end)
end)
