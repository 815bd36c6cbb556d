local ApiServer = require "support.api_server"
local json = require "slack.json"
local merged = require "slack.merged"
local slack = require "slack"

local TOKEN <const> = "xoxp-111111111111-222222222222-abcdef"

describe("slack.scim", function()
  local api

  after_each(function()
    api = api and api:stop()
  end)

  local function start(answer, options)
    api = ApiServer.start(answer)
    return api:open(slack.scim, "/scim", merged({ token = TOKEN }, options))
  end

  local function asked(number)
    local got = api.requests[number or 1]
    return got.method .. " " .. got.target, got.body ~= "" and json.decode(got.body) or nil
  end

  it("gets, replaces and deletes by id", function()
    local scim = start(function(request)
      if request.method == "DELETE" then
        return 204, ""
      end
      return 200, { id = "W1", schemas = { "x" } }
    end)
    assert.equal("W1", assert(scim.users:get "W1").id)
    assert(scim.groups:get "S/1")
    assert(scim.users:replace("W1", { userName = "ada" }))
    assert.is_true(scim.users:delete "W1")
    assert.equal("GET /scim/Users/W1", (asked(1)))
    assert.equal("GET /scim/Groups/S%2F1", (asked(2)))
    assert.equal("DELETE /scim/Users/W1", (asked(4)))
    assert.equal("Bearer " .. TOKEN, api.requests[1].headers.authorization)
    local line, body = asked(3)
    assert.equal("PUT /scim/Users/W1", line)
    assert.same({
      userName = "ada", schemas = { "urn:ietf:params:scim:schemas:core:2.0:User" },
    }, body)
    assert.equal("application/json; charset=utf-8", api.requests[3].headers["content-type"])
  end)

  it("creates, and leaves the caller's table as it is (S260)", function()
    local scim = start(function() return 201, { id = "S1" } end)
    local group = { displayName = "Ops", members = json.list {} }
    assert.equal("S1", assert(scim.groups:create(group)).id)
    local line, body = asked()
    assert.equal("POST /scim/Groups", line)
    assert.same({ "urn:ietf:params:scim:schemas:core:2.0:Group" }, body.schemas)
    assert.truthy(json.is_list(body.members))
    assert.same({ displayName = "Ops", members = {} }, group)
    assert(scim.groups:create { displayName = "Ops", schemas = { "own" } })
    assert.same({ "own" }, select(2, asked(2)).schemas)
  end)

  it("patches with operations in version 2, with fields in version 1", function()
    local scim = start(function() return 200, { id = "W1" } end)
    local operations = { { op = "replace", path = "active", value = false } }
    assert(scim.users:patch("W1", operations))
    local line, body = asked()
    assert.equal("PATCH /scim/Users/W1", line)
    assert.same({
      schemas = { "urn:ietf:params:scim:api:messages:2.0:PatchOp" }, Operations = operations,
    }, body)
    assert(scim.users:patch("W1", { Operations = operations }))
    assert.same(operations, select(2, asked(2)).Operations)
    api:stop()
    scim = start(function() return 204, "" end, { version = 1 })
    assert.is_true(scim.groups:patch("S1", { displayName = "Ops" }))
    assert.same({ displayName = "Ops", schemas = { "urn:scim:schemas:core:1.0" } },
      select(2, asked()))
  end)

  describe("lists", function()
    local PEOPLE <const> = 5

    local function page_of_users(request)
      local start_index = tonumber(request.target:match "startIndex=(%d+)") or 1
      local count = tonumber(request.target:match "count=(%d+)") or 2
      local users = json.list {}
      for i = start_index, math.min(start_index + count - 1, PEOPLE) do
        table.insert(users, { id = "W" .. i })
      end
      return 200, {
        totalResults = PEOPLE, itemsPerPage = #users, startIndex = start_index, Resources = users,
      }
    end

    it("with a filter", function()
      local scim = start(page_of_users)
      local page = assert(scim.users:list { filter = 'userName eq "ada"', startIndex = 2,
        count = 3 })
      assert.equal("W2", page.Resources[1].id)
      assert.matches("filter=userName%%20eq%%20%%22ada%%22", api.requests[1].target)
    end)

    it("all of them, page by page", function()
      local scim, ids, sizes = start(page_of_users), {}, {}
      for user in scim.users:each { count = 2 } do
        table.insert(ids, user.id)
      end
      assert.equal("W1 W2 W3 W4 W5", table.concat(ids, " "))
      assert.equal(3, #api.requests)
      for page in scim.users:pages { count = 2, startIndex = 3 } do
        table.insert(sizes, #page.Resources)
      end
      assert.same({ 2, 1 }, sizes)
    end)

    it("100 at once unless told otherwise, and no more than are wanted", function()
      local scim = start(page_of_users)
      local count = 0
      for _ in scim.groups:each(nil, { max_items = 3 }) do
        count = count + 1
      end
      assert.equal(3, count)
      assert.equal("GET /scim/Groups?count=3", (asked(1)))
      scim.users:pages():next()
      assert.equal("GET /scim/Users?count=100", (asked(2)))
    end)

    it("and names the parameter that was meant", function()
      assert(start(page_of_users).users:list { startindex = 1 })
      assert.equal(1, api:count "did you mean \"startIndex\"?")
    end)
  end)

  for name, case in pairs {
    ["of SCIM 2"] = { 404, { schemas = { "urn:ietf:params:scim:api:messages:2.0:Error" },
      detail = "User not found", status = "404" }, "not_found", ": not_found: User not found" },
    ["of SCIM 2 with a type"] = { 409, { detail = "Taken", scimType = "uniqueness" }, "uniqueness",
      ": uniqueness: Taken" },
    ["of SCIM 1"] = { 404, { Errors = { description = "user_not_found", code = 404 } },
      "user_not_found", ": user_not_found" },
    ["of SCIM 1 in a list"] = { 400, { Errors = { { description = "No email given" } } },
      "invalid_request", ": invalid_request: No email given" },
    ["of the Web API"] = { 401, { ok = false, error = "token_revoked" }, "token_revoked",
      ': token_revoked: the option "token" must be a user token (xoxp-…) of an owner' },
    ["that is a page"] = { 500, "<html>", "http_error", "status 500" },
  } do
    it("gives a typed error: one " .. name, function()
      local answer, err = start(function() return case[1], case[2] end).users:get "W1"
      assert.is_nil(answer)
      assert.same({ case[3], case[1], "scim.users.get" }, { err.code, err.status, err.method })
      assert.matches("scim.users.get" .. (case[4]:find "^:" and case[4] or ""), err.message, 1,
        true)
      assert.matches(case[4], err.message, 1, true)
    end)
  end

  it("gives an error of a line or two, however much is explained", function()
    local said = { scimType = ("t"):rep(1e6), detail = ("d"):rep(1e6) }
    local _, err = start(function() return 400, said end).users:get "W1"
    assert.is_true(#tostring(err) < 1100)
    assert.equal(1000000, #err.response.detail)
  end)

  it("repeats what may be repeated, and never a creation", function()
    local policy = { retries = { count = 2, first_delay = 0 } }
    local function broken() return 503, "oops" end
    for action, count in pairs { get = 3, replace = 3, delete = 3, create = 1, patch = 1 } do
      local scim = start(broken, policy)
      local _, err = scim.users[action](scim.users, action == "create" and {} or "W1", {})
      assert.equal("http_error", err.code)
      assert.equal(count, #api.requests, action)
      api:stop()
    end
    api = nil
  end)

  it("takes a token, a timeout and retries for one call", function()
    local scim = start(function() return 200, {} end)
    assert(scim.users:get("W1", { token = "xoxp-other", timeout = 5, retries = 1 }))
    assert.equal("Bearer xoxp-other", api.requests[1].headers.authorization)
  end)

  it("has a version, and a host", function()
    if os.getenv "SLACK_API_URL" then
      pending "SLACK_API_URL is set"
    end
    assert.equal("slack.scim: https://api.slack.com/scim/v2/", tostring(slack.scim {}))
    assert.equal("slack.scim: https://api.slack-gov.com/scim/v1/",
      tostring(slack.scim { version = 1, govslack = true }))
    local scim = start(function() return 200, { patch = { supported = true } } end)
    assert.is_true(assert(scim:configuration()).patch.supported)
    assert.equal("GET /scim/ServiceProviderConfig", (asked()))
  end)

  for problem, misuse in pairs {
    ['slack.scim: option "version": an integer from 1 to 2 expected'] =
      function() return (slack.scim { version = 3 }) end,
    ['slack.scim: option "token": a user token (xoxp-…) expected'] =
      function() return (slack.scim { token = "xoxb-1" }) end,
    ["scim.users.get: an id expected, got nil"] =
      function(scim) return (scim.users:get()) end,
    ["scim.users.delete: an id expected, got an empty one"] =
      function(scim) return (scim.users:delete "") end,
    ["scim.users.create: a table expected, got string"] =
      function(scim) return (scim.users:create "ada") end,
    ["scim.groups.create: JSON: f: a function has no form in JSON"] =
      function(scim) return (scim.groups:create { f = print }) end,
    ["scim.users.list: argument 'filter': "] =
      function(scim) return (scim.users:list { filter = print }) end,
    ['scim.users.get: option "token": it has spaces'] =
      function(scim) return (scim.users:get("W1", { token = "a b" })) end,
  } do
    it("raises at the caller's line: " .. problem, function()
      local scim = start(function() return 200, {} end)
      local ok, message = pcall(misuse, scim)
      assert.is_false(ok)
      assert.matches("^spec/web_api_scim_spec.lua:%d+: ", message)
      assert.matches(problem, message, 1, true)
      assert.equal(0, #api.requests)
    end)
  end
end)
