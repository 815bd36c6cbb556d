local Pacing = require "slack.web_api.pacing"
local ScriptedServer = require "support.scripted_server"
local Stats = require "slack.web_api.stats"
local WebServer = require "support.web_server"
local attempts = require "slack.web_api.attempts"
local clients = require "slack.client"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local log = require "slack.log"
local made_up_http = require "support.made_up_http"
local proxy = require "support.proxy"
local retry = require "slack.retry"
local tasks = require "slack.tasks"
local webhook = require "slack.webhook"

local TOKEN <const> = "xoxb-111111111111-222222222222-abcdefABCDEF"

local function quiet()
  return log.new { level = "off" }
end

describe("a server that does the work and then breaks", function()
  local server, done
  local quick = { first_delay = 0.001 }

  local function word(code)
    return function()
      return 200, json.encode { ok = false, error = code }
    end
  end

  local BREAKS = {
    ["closes the connection"] = function() return 0 end,
    ["never answers"] = function() end,
    ["answers 500"] = function() return 500, "<html>oops" end,
    ["answers 502"] = function() return 502, "" end,
    ["answers 503"] = function() return 503, '{"ok":false,"error":"service_unavailable"}' end,
    ["answers internal_error"] = word "internal_error",
    ["answers fatal_error"] = word "fatal_error",
    ["answers service_unavailable"] = word "service_unavailable",
    ["answers request_timeout"] = word "request_timeout",
    ["answers team_added_to_org"] = word "team_added_to_org",
  }
  -- Breaks that do not count as passing: there is nothing to be hoped for.
  local LASTING = {
    ["answers with a page"] = function() return 200, "<html>Log in" end,
    ["answers with half of the JSON"] = function() return 200, '{"ok":tr' end,
    ["answers with nothing"] = function() return 200, "" end,
  }

  -- The first request for each thing is answered so, the others as they should be.
  local function start(answer)
    done = {}
    server = WebServer.start(function(request)
      local what = request.target:match "[^/]+$"
      done[what] = (done[what] or 0) + 1
      if done[what] == 1 then
        return answer()
      end
      return 200, '{"ok":true}'
    end)
    return clients.new {
      token = TOKEN, api_url = server.url .. "/api/", proxy = "", log = quiet(), timeout = 0.4,
      retries = quick,
    }
  end

  -- Calls them side by side; gives what they answered.
  local function call_all(client, methods)
    return tasks.run(function()
      local calls, answers = {}, {}
      for i, method in ipairs(methods) do
        calls[i] = tasks.spawn(function()
          answers[i] = client:call(method, { channel = "C1", text = "x" }) or false
        end)
      end
      for _, call in ipairs(calls) do
        assert(call:join())
      end
      return answers
    end)
  end

  local function counts_of(methods)
    local list = {}
    for i, method in ipairs(methods) do
      list[i] = done[method]
    end
    return list
  end

  after_each(function()
    server = server and server:stop()
  end)

  for name, answer in pairs(BREAKS) do
    it("and " .. name .. " is not asked to post twice", function()
      local methods = {
        "chat.postMessage", "chat.postEphemeral", "chat.scheduleMessage", "chat.delete",
        "conversations.create", "files.completeUploadExternal", "views.open", "unheard.of",
      }
      local answers = call_all(start(answer), methods)
      for i in ipairs(methods) do
        assert.is_false(answers[i])
      end
      assert.same({ 1, 1, 1, 1, 1, 1, 1, 1 }, counts_of(methods))
    end)

    it("and " .. name .. " is asked again for what does no harm", function()
      local methods = { "conversations.list", "users.info", "chat.update" }
      local answers = call_all(start(answer), methods)
      assert.is_true(answers[1] and answers[2] and answers[3] and true)
      assert.same({ 2, 2, 2 }, counts_of(methods))
    end)

    local is_sure = name == "answers request_timeout" or name == "answers team_added_to_org"
      or name == "answers service_unavailable"
    if not is_sure then
      it("and " .. name .. " may have done it, as the error says", function()
        local client = start(answer)
        local _, err = client.chat.postMessage { channel = "C1", text = "x" }
        assert.matches("; it may have been done all the same, and was not repeated$", err.message)
        local count = 0
        done = {}
        _, err = client.chat.postMessage({ channel = "C1", text = "x" }, {
          retries = { count = 1, first_delay = 0, on = function()
            count, done = count + 1, {}
            return count == 1
          end },
        })
        assert.matches("; it may have been done all the same$", err.message)
        done = {}
        _, err = client.conversations.list(nil, { retries = 0 })
        assert.not_matches("all the same", err.message)
      end)
    end

    it("and " .. name .. " gets a webhook's message once", function()
      start(answer)
      local hook = webhook.new(server.url .. "/services/T/B/x", { proxy = "", timeout = 0.2,
        retries = quick })
      assert.is_nil((hook:send "x"))
      assert.equal(1, done.x)
    end)
  end

  for _, code in ipairs { "connection", "dns" } do
    it("and answers with our own word for nothing sent is not asked again: " .. code, function()
      local answers = call_all(start(word(code)), { "chat.postMessage" })
      assert.is_false(answers[1])
      assert.same({ 1 }, counts_of { "chat.postMessage" })
    end)
  end

  for name, answer in pairs(LASTING) do
    it("and " .. name .. " is asked once", function()
      local client = start(answer)
      local _, err = client.conversations.list()
      assert.equal("invalid_response", err.code)
      _, err = client.chat.postMessage { text = "x" }
      assert.equal("invalid_response", err.code)
      assert.same({ 1, 1 }, counts_of { "conversations.list", "chat.postMessage" })
    end)
  end

  it("says so when the time was over before anything was sent", function()
    local silent <close> = ScriptedServer.start { "hang" }
    local response, err = http.request {
      url = silent.url:gsub("^http:", "https:"), connect_timeout = 0.05, timeout = 20,
    }
    assert.is_nil(response)
    assert.same({ "timeout", true }, { err.code, err.is_unsent })
    local deaf = WebServer.start(function() end)
    response, err = http.request { url = deaf.url, timeout = 0.1 }
    deaf:stop()
    assert.is_nil(response)
    assert.same({ "timeout" }, { err.code, err.is_unsent })
  end)

  it("gets the message once when the first attempt reached nobody", function()
    local port = proxy.free_port()
    local told, received = 0, 0
    local client = clients.new {
      token = TOKEN, api_url = ("http://127.0.0.1:%d/api/"):format(port), proxy = "",
      log = quiet(), retries = { first_delay = 0.001, on = function(err, failures)
        assert.same({ "connection", 1 }, { err.code, failures })
        told = told + 1
        server = WebServer.start(function()
          received = received + 1
          return 200, '{"ok":true}'
        end, { port = port })
      end },
    }
    assert(client.chat.postMessage { channel = "C1", text = "x" })
    assert.same({ 1, 1 }, { told, received })
  end)
end)

describe("retries", function()
  local slack, answer, waits

  before_each(function()
    waits = {}
    slack = made_up_http.start(function(...) return answer(...) end)
  end)

  after_each(function()
    slack:stop()
  end)

  local function failure(code)
    return nil, errors.new { code = code, message = "it failed" }
  end

  local function new_client(options)
    local all = {
      token = TOKEN, log = quiet(),
      on_wait = function(_, seconds, reason) table.insert(waits, { seconds, reason }) end,
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return clients.new(all)
  end

  it("are five, with growing delays that chance makes different", function()
    answer = function() return failure "connection" end
    local _, err = new_client().chat.postMessage {}
    assert.same({ "connection", 6, 5 }, { err.code, #slack.requests, #waits })
    local ceiling, halves, wholes = 0.5, 0, 0
    for _, wait in ipairs(waits) do
      assert.equal("retry", wait[2])
      assert.is_true(wait[1] >= ceiling / 2 and wait[1] <= ceiling)
      halves = halves + (wait[1] == ceiling / 2 and 1 or 0)
      wholes = wholes + (wait[1] == ceiling and 1 or 0)
      ceiling = ceiling * 2
    end
    assert.is_true(halves < 5 and wholes < 5)
  end)

  for name, case in pairs {
    ["a number"] = { 2, 3 }, ["none"] = { 0, 1 }, ["a count"] = { { count = 1 }, 2 },
    ["the usual count"] = { { first_delay = 0.1 }, 6 },
  } do
    it("are as many as the program says: " .. name, function()
      answer = function() return failure "dns" end
      new_client { retries = case[1] }.chat.postMessage {}
      assert.equal(case[2], #slack.requests)
      new_client().chat.postMessage({}, { retries = case[1] })
      assert.equal(2 * case[2], #slack.requests)
    end)
  end

  it("take delays of the program's own", function()
    answer = function() return failure "connection" end
    new_client { retries = { first_delay = 8, max_delay = 10 } }.chat.postMessage {}
    assert.is_true(waits[1][1] >= 4 and waits[1][1] <= 8)
    for i = 2, 5 do
      assert.is_true(waits[i][1] >= 5 and waits[i][1] <= 10)
    end
  end)

  it("keep the client's delays when a call has another count", function()
    answer = function() return failure "connection" end
    new_client { retries = { first_delay = 8 } }.chat.postMessage({}, { retries = 1 })
    assert.is_true(#waits == 1 and waits[1][1] >= 4)
  end)

  it("are not made where the program refuses, and made where it wants them", function()
    answer = function(_, number)
      if number % 2 == 1 then
        return 200, { ok = false, error = "message_limit_exceeded" }
      end
      return 200, { ok = true }
    end
    local client = new_client { retries = { on = function(err)
      return err.code == "message_limit_exceeded"
    end } }
    assert(client.chat.postMessage {})
    answer = function() return failure "connection" end
    client.chat.postMessage {}
    assert.equal(3, #slack.requests)
  end)

  it("follow a timeout only when nothing was sent by then", function()
    local is_unsent = true
    answer = function()
      return nil, errors.new { code = "timeout", message = "late", is_unsent = is_unsent or nil }
    end
    local client = new_client { retries = 2 }
    client.chat.postMessage {}
    assert.equal(3, #slack.requests)
    is_unsent = false
    client.chat.postMessage {}
    assert.equal(4, #slack.requests)
  end)

  it("do not count 429, which max_wait bounds (S246)", function()
    answer = function(_, number)
      if number <= 12 then
        return 429, { ok = false, error = "ratelimited" }, { ["Retry-After"] = "3" }
      end
      return 200, { ok = true }
    end
    assert(new_client { retries = 1 }.chat.postMessage {})
    assert.equal(13, #slack.requests)
  end)

  it("end with the failure itself when max_wait is used up", function()
    answer = function() return failure "connection" end
    local _, err = new_client { max_wait = 1, retries = 100 }.chat.postMessage {}
    assert.equal("connection", err.code)
    assert.is_true(slack.time.now - slack.began <= 1.2)
  end)

  it("are none at once when the program never wants to wait", function()
    answer = function() return failure "connection" end
    local _, err = new_client { max_wait = 0 }.chat.postMessage {}
    assert.same({ "connection", 1 }, { err.code, #slack.requests })
  end)

  it("end at once for a task that is cancelled (S249)", function()
    answer = function() return failure "connection" end
    local client = new_client { retries = { first_delay = 20 } }
    tasks.run(function()
      local call = tasks.spawn(function() client.chat.postMessage {} end)
      tasks.sleep(1)
      call:cancel()
      local _, err = call:join()
      assert.equal("cancelled", err.code)
      tasks.sleep(100)
    end)
    assert.equal(1, #slack.requests)
    assert.equal(0, client:stats().waiting)
  end)

  for code, answered in pairs {
    connection = function() return failure "connection" end,
    ratelimited = function() return 429, "", { ["Retry-After"] = "1" } end,
  } do
    it("are none for a body that a function has given: " .. code .. " (S248)", function()
      local stats = Stats.new { log = quiet() }
      local made = 0
      local done, err = attempts.run({ _stats = stats, _pacing = Pacing.new(false, stats) }, {
        name = "x.y", workspace = "T1", waited = 0, max_wait = 600, is_repeatable = true,
        retries = retry.policy(), request = { body = function() return nil end, is_spent = true },
      }, function()
        made = made + 1
        local status, problem = answered()
        return nil, status and errors.new { code = code, status = status } or problem
      end)
      assert.is_nil(done)
      assert.same({ code, 1 }, { err.code, made })
    end)
  end

  it("are counted", function()
    answer = function(_, number)
      if number <= 2 then
        return failure "connection"
      elseif number == 3 then
        return 200, { ok = false, error = "channel_not_found" }
      end
      return 200, { ok = true }
    end
    local client = new_client()
    client.chat.postMessage {}
    client:with_token("xoxb-other").users.info {}
    local stats = client:stats()
    assert.same({ 2, 2, 0, 2 }, { stats.calls, stats.retries, stats.rate_limits, stats.waits })
    assert.same({ channel_not_found = 1 }, stats.failures)
  end)

  for problem, given in pairs {
    ['option "retries": an integer of at least 0, or a table, expected, got -1'] = -1,
    ['option "retries": an integer of at least 0, or a table, expected, got string'] = "3",
    ['unknown option "retries.counts"; did you mean "count"?'] = { counts = 1 },
    ['option "retries.on": function expected'] = { on = "x" },
    ['option "retries.first_delay": a number from 0 to 1e+08 expected, got -1'] =
      { first_delay = -1 },
  } do
    it("raise at the caller's line: " .. problem, function()
      for _, mistake in ipairs {
        function() new_client { retries = given } end,
        function() new_client().auth.test({}, { retries = given }) end,
      } do
        local fine, message = pcall(mistake)
        assert.is_false(fine)
        assert.matches('^spec/web_api_retries_spec.lua:%d+: ', message)
        assert.matches(problem, message, 1, true)
      end
    end)
  end
end)
