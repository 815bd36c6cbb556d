local clients = require "slack.client"
local log = require "slack.log"
local made_up_http = require "support.made_up_http"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"
local webhook = require "slack.webhook"
local webhooks = require "slack.sandbox.webhooks"

local function quiet()
  return log.new { level = "off" }
end

describe("sandbox with rate limits", function()
  local sb
  local default_log = log.default

  before_each(function()
    local silent = quiet()
    log.default = function() return silent end
  end)

  after_each(function()
    log.default = default_log
    if sb then
      sb:stop()
      sb = nil
    end
  end)

  local function start(options)
    options.log = quiet()
    sb = assert(sandbox.start(options))
    return sb
  end

  local function new_client(options)
    local all = {
      token = sb.bot_token, api_url = sb.api_url, ca_file = sb.ca_file, proxy = "", log = quiet(),
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return clients.new(all)
  end

  describe("in made-up time", function()
    local slack

    -- What is sent to it goes there without a network.
    before_each(function()
      slack = made_up_http.start(function(request)
        local kind = request.body:find "^{" and "json" or "x-www-form-urlencoded"
        local status, answered, body = sb:answer {
          method = "POST", path = request.url:match "^%a+://[^/]+(/.*)$", query = "",
          headers = {
            authorization = "Bearer " .. sb.bot_token, ["content-type"] = "application/" .. kind,
          },
          body = request.body,
        }
        local by_name = {}
        for i = 1, #answered, 2 do
          by_name[answered[i]] = answered[i + 1]
        end
        return status, body, by_name
      end)
    end)

    after_each(function()
      sb:stop()
      sb = nil
      slack:stop()
    end)

    local function begin(rate_limits)
      return start { rate_limits = rate_limits, clock = function() return slack.time.now end }
    end

    local function post_all(client, count, channel)
      return tasks.run(function()
        local calls, posted = {}, {}
        for i = 1, count do
          calls[i] = tasks.spawn(function()
            posted[i] = assert(client.chat.postMessage {
              channel = channel or "general", text = tostring(i),
            })
          end)
        end
        for _, call in ipairs(calls) do
          assert(call:join())
        end
        return posted
      end)
    end

    local function texts()
      local list = {}
      for _, message in ipairs(sb.workspace.channel_list[1].messages) do
        list[#list + 1] = message.text
      end
      return list
    end

    local function expected(count)
      local list = {}
      for i = 1, count do
        list[i] = tostring(i)
      end
      return list
    end

    for name, pacing in pairs { ["without pacing"] = false, ["with pacing"] = true } do
      it("takes a hundred messages that a bot posts at once, each once, in order, " .. name,
        function()
          begin(true)
          local client = new_client { pacing = pacing }
          local posted = post_all(client, 100)
          assert.equal(100, #posted)
          assert.same(expected(100), texts())
          local refused = client:stats().rate_limits
          assert.equal(pacing, refused == 0, refused)
          assert.is_true(slack.time.now - slack.began >= 89) -- a second each after the burst
        end)
    end

    it("takes them by numbers of the program's own", function()
      begin { per_channel = false, methods = { ["chat.postMessage"] = { per_minute = 600,
        burst = 1 } } }
      local client = new_client { pacing = false }
      post_all(client, 10)
      assert.same(expected(10), texts())
      assert.is_true(client:stats().rate_limits >= 9)
      assert.is_true(slack.time.now - slack.began < 12)
    end)

    it("counts for each method apart", function()
      begin { methods = { ["users.list"] = 1 } }
      local client = new_client { max_wait = 0, pacing = false }
      assert(client.users.list())
      assert(client.conversations.list())
      local _, err = client.users.list()
      assert.same({ "ratelimited", 429, 60 }, { err.code, err.status, err.retry_after })
      slack.time.now = slack.time.now + 60
      assert(client.users.list())
    end)
  end)

  it("answers 429 with Retry-After in whole seconds, over the wire", function()
    start { rate_limits = { methods = { ["auth.test"] = { per_minute = 50, burst = 2 } } } }
    local client = new_client { max_wait = 0 }
    assert(client.auth.test())
    assert(client.auth.test())
    local _, err = client.auth.test()
    assert.same({ "ratelimited", 429, 2 }, { err.code, err.status, err.retry_after })
    assert.equal("ratelimited", err.response.error)
    assert.equal(3, #sb:calls "auth.test")
  end)

  it("limits each webhook to a message a second after a burst", function()
    start { rate_limits = true }
    local url = webhooks.add(sb, sb.workspace).url
    local hook = webhook.new(url, { ca_file = sb.ca_file, proxy = "", max_wait = 0 })
    local accepted, ok, err = -1
    repeat
      accepted = accepted + 1
      ok, err = hook:send "x"
    until not ok
    assert.same({ 429, 1 }, { err.status, err.retry_after })
    assert.is_true(accepted >= 10 and accepted < 20)
  end)

  it("limits nothing unless it is asked to", function()
    start {}
    local client = new_client()
    for _ = 1, 30 do
      assert(client.users.list())
    end
    assert.equal(0, client:stats().rate_limits)
  end)

  for problem, given in pairs {
    ["option 'rate_limits': true, false or a table expected, got string"] = "slow",
    ['unknown option "rate_limits.tier"; did you mean "tiers"?'] = { tier = 1 },
    ["option 'rate_limits': tiers, methods and per_channel are what it has"] = { share = 1 },
  } do
    it("raises at the caller's line: " .. problem, function()
      local fine, message = pcall(function()
        local made = require("slack.sandbox").start { rate_limits = given }
        return made
      end)
      assert.is_false(fine)
      assert.matches("^spec/sandbox_rate_limits_spec.lua:%d+: sandbox.start: ", message)
      assert.matches(problem, message, 1, true)
    end)
  end
end)
