local ApiServer = require "support.api_server"
local json = require "slack.json"
local merged = require "slack.merged"
local slack = require "slack"

local TOKEN <const> = "xoxp-111111111111-222222222222-abcdef"

describe("slack.audit_logs", function()
  local api, audit

  after_each(function()
    api = api and api:stop()
  end)

  local function start(answer, options)
    api = ApiServer.start(answer)
    audit = api:open(slack.audit_logs, "/audit/v1", merged({ token = TOKEN, retries = 1 }, options))
  end

  it("asks for entries, with all that narrows them down", function()
    start(function()
      return 200, { entries = { { id = "1" } }, response_metadata = { next_cursor = "" } }
    end)
    local page = assert(audit:logs {
      action = { "user_login", "user_logout" }, oldest = 1712345678, actor = "U 1", limit = 100,
    })
    assert.equal("1", page.entries[1].id)
    local got, query = api.requests[1], {}
    assert.equal("GET", got.method)
    assert.equal("Bearer " .. TOKEN, got.headers.authorization)
    for name, value in got.target:gmatch "([%w_]+)=([^&]*)" do
      query[name] = value
    end
    assert.equal("/audit/v1/logs", got.target:match "^[^?]*")
    assert.same({
      action = "user_login%2Cuser_logout", oldest = "1712345678", actor = "U%201", limit = "100",
    }, query)
    assert.equal("", got.body)
    assert.is_nil(got.headers["content-type"])
  end)

  it("goes through all pages", function()
    start(function(request, number)
      local cursor = request.target:match "cursor=([^&]*)"
      return 200, {
        entries = { { id = number .. "a" }, { id = number .. "b" } },
        response_metadata = { next_cursor = cursor and "" or "dGVzdA==" },
      }
    end)
    local ids, query = {}, { action = "user_login" }
    for entry in audit:each(query) do
      table.insert(ids, entry.id)
    end
    assert.same({ "1a", "1b", "2a", "2b" }, ids)
    assert.matches("cursor=dGVzdA%%3D%%3D", api.requests[2].target)
    assert.matches("action=user_login", api.requests[2].target)
    assert.same({ action = "user_login" }, query)
    local count = 0
    for page in audit:pages(nil, { max_pages = 1 }) do
      count = count + #page.entries
    end
    assert.equal(2, count)
  end)

  it("asks for schemas and actions without a token", function()
    start(function(request)
      return 200, { [request.target:match "[^/]+$"] = { a = 1 } }
    end)
    local open = slack.audit_logs { api_url = api.url .. "/audit/v1/", proxy = "", log = "off" }
    assert.same({ schemas = { a = 1 } }, open:schemas())
    assert.same({ actions = { a = 1 } }, open:actions())
    assert.is_nil(api.requests[1].headers.authorization)
    local page, err = open:logs()
    assert.is_nil(page)
    assert.equal("not_authed", err.code)
    assert.matches("audit_logs.logs: there is no token: .*auditlogs:read", err.message)
    assert.equal(2, #api.requests)
  end)

  for name, case in pairs {
    ["a refusal"] = { 403, { ok = false, error = "missing_scope", needed = "auditlogs:read" },
      "missing_scope", "with the scope auditlogs:read" },
    ["a refusal with 200"] = { 200, { ok = false, error = "feature_not_enabled" },
      "feature_not_enabled", "audit_logs.logs: feature_not_enabled" },
    ["a status without a word"] = { 401, {}, "invalid_auth", 'the option "token"' },
    ["a page"] = { 502, "<html>Bad", "http_error", "status 502" },
    ["half an answer"] = { 200, '{"entries":[', "invalid_response", "cut off or damaged" },
  } do
    it("gives a typed error: " .. name, function()
      start(function() return case[1], case[2] end, { retries = 0 })
      local page, err = audit:logs()
      assert.is_nil(page)
      assert.same({ case[3], case[1], "audit_logs.logs" }, { err.code, err.status, err.method })
      assert.matches(case[4], err.message, 1, true)
    end)
  end

  it("waits when Slack has had too much, and repeats what failed", function()
    start(function(_, number)
      if number == 1 then
        return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "0" }
      elseif number == 2 then
        return 503, "oops"
      end
      return 200, { entries = {} }
    end, { retries = { count = 1, first_delay = 0 } })
    assert(audit:logs())
    assert.equal(3, #api.requests)
    assert.same({ "ratelimited", 0 }, (function()
      api.server.handler = function()
        return 429, json.encode { ok = false }, { "Retry-After", "0" }
      end
      local _, err = audit:logs(nil, { retries = 0 })
      return { err.code, err.retry_after }
    end)())
  end)

  it("names the parameter that was meant", function()
    start(function() return 200, { entries = {} } end)
    assert(audit:logs { actoin = "user_login" })
    assert.equal(1, api:count "no argument 'actoin' is known here; did you mean \"action\"?")
  end)

  it("is at Slack's host, GovSlack's, or beside another Web API", function()
    assert.equal("slack.audit_logs: https://api.slack-gov.com/audit/v1/",
      tostring(slack.audit_logs { token = TOKEN, govslack = true }))
    if os.getenv "SLACK_API_URL" then
      pending "SLACK_API_URL is set"
    end
    assert.equal("slack.audit_logs: https://api.slack.com/audit/v1/",
      tostring(slack.audit_logs { token = TOKEN }))
  end)

  it("waits no longer for a byte than idle_timeout says", function()
    start(function() end, { idle_timeout = 0.05, timeout = 2, retries = 0 })
    local _, err = audit:logs()
    assert.equal("timeout", err.code)
    assert.matches("(idle_timeout)", tostring(err), 1, true)
  end)

  it("never tells its token", function()
    start(function(request) return 500, "<html>" .. request.headers.authorization end)
    local _, err = audit:logs(nil, { retries = 0 })
    for _, text in ipairs { tostring(err), err.body, table.concat(api.lines) } do
      assert.is_nil(text:find("222222222222", 1, true))
    end
  end)

  for problem, misuse in pairs {
    ['slack.audit_logs: option "token": a user token (xoxp-…) expected, this is a bot token'] =
      function() return (slack.audit_logs { token = "xoxb-1" }) end,
    ['slack.audit_logs: unknown option "versoin"'] =
      function() return (slack.audit_logs { versoin = 1 }) end,
    ["audit_logs.logs: a table of parameters expected, got string"] =
      function() return (audit:logs "x") end,
    ['audit_logs.logs: unknown option "timeuot"'] =
      function() return (audit:logs({}, { timeuot = 1 })) end,
    ['audit_logs:each: unknown option "max_item"'] =
      function() return (audit:each({}, { max_item = 1 })) end,
    ["audit_logs.logs: argument 'actor': "] =
      function() return (audit:logs { actor = print }) end,
  } do
    it("raises at the caller's line: " .. problem, function()
      start(function() return 200, {} end)
      local ok, message = pcall(misuse)
      assert.is_false(ok)
      assert.matches("^spec/web_api_audit_logs_spec.lua:%d+: ", message)
      assert.matches(problem, message, 1, true)
      assert.equal(0, #api.requests)
    end)
  end
end)
