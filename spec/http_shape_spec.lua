local ApiServer = require "support.api_server"
local http = require "slack.http"
local json = require "slack.json"
local tasks = require "slack.tasks"

describe("http: requests of one shape", function()
  local api, status, answer, headers

  local function request(shape, body)
    return http.request(setmetatable({ body = body }, shape))
  end

  local function shape_of(fields)
    fields.net = http.net()
    fields.method = "POST"
    return http.shape(fields)
  end

  before_each(function()
    status, answer, headers = 200, { ok = true }, nil
    api = ApiServer.start(function()
      return status, answer, headers
    end)
  end)

  after_each(function()
    api = api:stop()
  end)

  local function api_shape()
    return shape_of { url = api.client._options.api_url .. "auth.test" }
  end

  it("give an answer that says ok decoded, with the scopes of its head", function()
    answer = '{"ok":true,"list":[],"n":1}'
    headers = { "X-OAuth-Scopes", "chat:write,commands", "X-Accepted-OAuth-Scopes", "chat:write" }
    local given, _, is_answer = request(api_shape(), "a=b")
    assert.is_true(is_answer)
    assert.same({
      ok = true, list = {}, n = 1,
      response_metadata = {
        scopes = { "chat:write", "commands" }, accepted_scopes = { "chat:write" },
      },
    }, given)
    assert.is_true(json.is_list(given.list))
  end)

  it("put the scopes beside what Slack says of the answer", function()
    answer = { ok = true, response_metadata = { next_cursor = "abc" } }
    headers = {
      "X-OAUTH-SCOPES", " chat:write ,,commands", "X-OAuth-Scopes", "users:read",
      "x-oauth", "none", "X-OAuth-Scopes-Too", "none",
    }
    local given = request(api_shape(), "")
    assert.same({ next_cursor = "abc", scopes = { "chat:write", "commands", "users:read" } },
      given.response_metadata)
    answer = { ok = true, response_metadata = "text" }
    assert.same({ scopes = { "chat:write", "commands", "users:read" } },
      request(api_shape(), "").response_metadata)
    headers = { "X-OAuth-Scopes", "" }
    assert.same({ scopes = {} }, request(api_shape(), "").response_metadata)
    answer, headers = { ok = true, response_metadata = "text" }, nil
    assert.equal("text", request(api_shape(), "").response_metadata)
  end)

  it("give all of any other response", function()
    local shape = api_shape()
    headers = { "X-A", "b" }
    for _, body in ipairs {
      '{"ok":false,"error":"x"}', '{"ok":"true"}', '{"ok":true', '["ok",true]', '[[[[', "", "ok",
    } do
      answer = body
      local response, _, is_answer = request(shape, "")
      assert.is_nil(is_answer)
      assert.same({ 200, body }, { response.status, response.body })
      assert.equal("b", response.headers["x-a"])
    end
    status, answer = 429, '{"ok":true}'
    assert.equal(429, request(shape, "").status)
  end)

  it("each send a body of their own", function()
    local shape, bodies = api_shape(), {}
    tasks.run(function()
      local list = {}
      for i = 1, 20 do
        list[i] = function()
          return assert(request(shape, ("x"):rep(i) .. "\0"))
        end
      end
      assert(require("slack").all(list))
    end)
    for _, made in ipairs(api.requests) do
      bodies[#made.body] = made.body
    end
    for i = 1, 20 do
      assert.equal(("x"):rep(i) .. "\0", bodies[i + 1])
    end
  end)

  it("fail as others do", function()
    for _, url in ipairs { "ws://127.0.0.1/", "http://slack.com/api/", "none", "https://a\0b/" } do
      local shaped, of_shape = request(shape_of { url = url }, "")
      local plain, err = http.request { method = "POST", url = url, body = "", net = http.net() }
      assert.is_nil(shaped or plain)
      assert.same({ err.code, err.message }, { of_shape.code, of_shape.message })
    end
    assert.has_error(function()
      request(shape_of { url = "https://localhost/", max_requests = 0.5 }, "")
    end)
  end)
end)
