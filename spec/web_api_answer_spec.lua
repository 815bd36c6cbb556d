local ApiServer = require "support.api_server"
local core = require "slack.core"

-- '{"user_id":"U1"}\n{"user_id":"U2"}\n'
local FILE <const> = "\31\139\8\0\0\0\0\0\2\3\171\86\42\45\78\45\138\207\76\81\178\82\10\53"
  .. "\84\170\229\170\70\22\48\2\10\0\0\16\36\3\58\34\0\0\0"

describe("web_api.answer", function()
  local api

  after_each(function()
    api = api and api:stop()
  end)

  -- What a call gives that is answered so.
  local function call(name, status, body, headers, options)
    api = ApiServer.start(function()
      return status, body, headers
    end)
    return api.client:call(name, { channel = "C1", text = "Hi" }, options)
  end

  describe("with ok = false is an error", function()
    it("with all that Slack says (S241)", function()
      local _, err = call("chat.postMessage", 200, {
        ok = false, error = "missing_scope", needed = "chat:write", provided = "commands",
        errors = { { code = "x", message = "first detail" }, "second", { n = 1 } },
        response_metadata = { messages = { "[ERROR] no" } },
      }, { "X-Slack-Req-Id", "abc123" })
      assert.same({ "missing_scope", "chat.postMessage", 200, "chat:write", "commands", "abc123" },
        { err.code, err.method, err.status, err.needed, err.provided, err.request_id })
      assert.same({ "[ERROR] no" }, err.messages)
      assert.equal("second", err.errors[2])
      assert.equal("missing_scope", err.response.error)
      assert.equal("chat.postMessage: missing_scope: [ERROR] no; first detail; second; the token "
        .. "lacks the scope chat:write, it has commands", tostring(err))
    end)

    it("without what Slack does not say", function()
      local _, err = call("chat.postMessage", 200, {
        ok = false, error = "no_text", needed = {}, errors = "x", response_metadata = 5,
      })
      assert.equal("chat.postMessage: no_text", tostring(err))
      for _, field in ipairs { "needed", "provided", "messages", "errors", "request_id", "body" } do
        assert.is_nil(err[field])
      end
    end)

    for name, case in pairs {
      ["a bot token where a user's is wanted"] = { "search.messages", "xoxb-1",
        "the method takes a user token (xoxp-…), this is a bot token (xoxb-…)" },
      ["a bot token that is rotated"] = { "search.messages", "xoxe.xoxb-1",
        "the method takes a user token (xoxp-…), this is a bot token (xoxb-…)" },
      ["a bot token where an app's is wanted"] = { "apps.connections.open", "xoxb-1",
        "the method takes an app-level token (xapp-…), this is a bot token" },
      ["a token of an unknown kind"] = { "apps.connections.open", "abc",
        "the method takes an app-level token (xapp-…)" },
      ["a method that nothing is known of"] = { "things.turn", "xoxp-1",
        "this is a user token (xoxp-…)" },
    } do
      it("that says which token is wanted: " .. name, function()
        local refusal = { ok = false, error = "not_allowed_token_type" }
        local _, err = call(case[1], 200, refusal, nil, { token = case[2] })
        assert.matches("not_allowed_token_type: " .. case[3], err.message, 1, true)
      end)
    end

    for word, hint in pairs {
      channel_not_found = "invite the bot", expired_trigger_id = "three seconds",
      msg_too_long = "client:upload", is_archived = "unarchive", cannot_dm_bot = "to a bot",
    } do
      it("that says what to do about " .. word, function()
        local _, err = call("chat.postMessage", 200, { ok = false, error = word })
        assert.matches("chat.postMessage: " .. word .. ": .*" .. hint, err.message)
      end)
    end

    it("that names the text which Slack cannot read", function()
      api = ApiServer.start(function()
        return 200, { ok = false, error = "invalid_form_data" }
      end)
      local _, err = api.client.chat.postMessage { channel = "C1", text = "caf\xe9" }
      assert.equal("chat.postMessage: invalid_form_data: argument 'text' is no UTF-8 (byte 4)",
        err.message)
    end)

    it("that says which method was meant", function()
      local _, err = call("chat.postMesage", 200, { ok = false, error = "unknown_method" })
      assert.equal('chat.postMesage: unknown_method: did you mean "chat.postMessage"?',
        err.message)
      assert.equal(1, api:count "did you mean")
    end)

    it("and is logged where Slack alone knows that there is no such method", function()
      local _, err = call("things.turnAround", 200, { ok = false, error = "unknown_method" })
      assert.equal("things.turnAround: unknown_method", err.message)
      assert.equal(1, api:count "things.turnAround: no such method")
    end)

    it("that says which server it is that does not know a method of Slack's", function()
      local _, err = call("chat.scheduleMessage", 200, { ok = false, error = "unknown_method" })
      local words = "Slack has it, but not the server at 'api_url'"
      assert.matches("chat.scheduleMessage: unknown_method: " .. words, err.message, 1, true)
      assert.equal(1, api:count("chat.scheduleMessage: no such method: " .. words))
    end)
  end)

  for name, case in pairs {
    ["of another type"] = { 200, "\137PNG\r\n", { "Content-Type", "image/png" },
      "invalid_response", "status 200 and type image/png that is not the Web API's" },
    ["that is cut off"] = { 200, '{"ok":true,"members":[{"id":"U1"}', nil,
      "invalid_response", "it is cut off or damaged" },
    ["with two values"] = { 200, '{"ok":true} {"ok":true}', nil, "invalid_response", "damaged" },
    ["that is HTML"] = { 503, "<html>\n<p>Trouble", { "Content-Type", "text/html; charset=x" },
      "http_error", "status 503 and type text/html; charset=x" },
    ["with ok as text"] = { 200, '{"ok":"true"}', nil, "invalid_response", '{"ok":"true"}' },
  } do
    it(("%s is an error with status and excerpt (S240)"):format(name), function()
      local answer, err = call("chat.postMessage", case[1], case[2], case[3])
      assert.is_nil(answer)
      assert.same({ case[4], case[1], case[2], "chat.postMessage" },
        { err.code, err.status, err.body, err.method })
      assert.matches(case[5], err.message, 1, true)
    end)
  end

  it("of any size is kept in an error to 128 KiB", function()
    local _, err = call("chat.postMessage", 500, ("x"):rep(300000))
    assert.equal(128 * 1024, #err.body)
    assert.is_true(#err.message < 300)
  end)

  it("is one whatever type it says it has", function()
    assert(call("auth.test", 200, { ok = true }, { "Content-Type", "text/plain" }))
  end)

  it("that never comes is an error with the first one as its cause (S242)", function()
    local _, err = call("chat.postMessage", nil, nil, nil, { timeout = 0.05 })
    assert.same({ "timeout", "timeout" }, { err.code, err.cause.code })
  end)

  it("logs what Slack says of a call, once for each kind", function()
    local number = 0
    api = ApiServer.start(function()
      number = number + 1
      return 200, { ok = true, warning = "missing_charset,superfluous", response_metadata = {
        warnings = { "missing_charset" },
        messages = { ("[WARN] odd [json-pointer:/blocks/%d]"):format(number) },
      } }
    end)
    for _ = 1, 3 do
      assert(api.client.auth.test())
    end
    assert.equal(1, api:count "auth.test: Slack warns: missing_charset")
    assert.equal(1, api:count "auth.test: Slack warns: superfluous")
    assert.equal(1, api:count "auth.test: Slack says: [WARN] odd [json-pointer:/blocks/1]")
    assert.equal(3, #api.lines)
  end)

  describe("that says too much", function()
    local function many(count)
      local words = {}
      for i = 1, count do
        words[i] = ("w%dx"):format(i)
      end
      return words
    end

    it("warns of the first things only", function()
      assert(call("auth.test", 200, {
        ok = true, warning = table.concat(many(1000), ","), response_metadata = {
          warnings = many(1000), messages = { ("m"):rep(100000) },
        },
      }))
      assert.equal(21, #api.lines)
      for _, line in ipairs(api.lines) do
        assert.is_true(#line < 1000)
      end
    end)

    it("is an error of a few lines, with the whole in its response", function()
      local _, err = call("auth.test", 200, {
        ok = false, error = ("e"):rep(100000), needed = ("n"):rep(100000), errors = many(1000),
        response_metadata = { messages = many(1000) },
      })
      assert.is_true(#tostring(err) < 3000)
      assert.same({ 1000, 100000 }, { #err.messages, #err.response.error })
    end)

    it("says nothing with an empty word", function()
      local _, err = call("auth.test", 200, { ok = false, error = "" })
      assert.equal("auth.test: unknown_error", tostring(err))
    end)
  end)

  for header, seconds in pairs {
    ["17"] = 17, ["1.5"] = 1.5, ["-1"] = 30, ["1e999"] = 30, ["0x10"] = 30, ["nan"] = 30,
    ["Wed, 21 Oct 2099 07:28:00 GMT"] = 30, [("9"):rep(400)] = 86400,
  } do
    it("asks for a pause of any kind: " .. header:sub(1, 30), function()
      local _, err = call("auth.test", 429, { ok = false, error = "ratelimited" },
        { "Retry-After", header }, { max_wait = 0 })
      assert.equal(seconds, err.retry_after)
    end)
  end

  describe("that is a compressed file (S245)", function()
    local TYPE <const> = { "Content-Type", "application/gzip" }

    it("is decompressed", function()
      local answer = assert(call("admin.analytics.getFile", 200, FILE, TYPE))
      assert.same({ ok = true, content = '{"user_id":"U1"}\n{"user_id":"U2"}\n' }, answer)
    end)

    it("is an error when it is damaged", function()
      local answer, err = call("admin.analytics.getFile", 200, FILE:sub(1, 30), TYPE)
      assert.is_nil(answer)
      assert.same({ "invalid_response", 200 }, { err.code, err.status })
      assert.matches("admin.analytics.getFile: a file that cannot be decompressed: ", err.message)
    end)

    it("is refused in JSON like anything else", function()
      local refusal = { ok = false, error = "file_not_found" }
      local _, err = call("admin.analytics.getFile", 200, refusal,
        { "Content-Type", "application/json" })
      assert.equal("file_not_found", err.code)
    end)
  end)

  describe("scopes of answers", function()
    local function scopes_of(scopes, accepted)
      local answer = { ok = true }
      core.add_scopes(answer, scopes, accepted)
      return answer.response_metadata
    end

    it("are each answer's own", function()
      for _ = 1, 3 do
        local metadata = scopes_of("chat:write,users:read", " chat:write")
        assert.same({
          scopes = { "chat:write", "users:read" }, accepted_scopes = { "chat:write" },
        }, metadata)
        metadata.scopes[1], metadata.scopes[3] = "changed", "more"
        metadata.accepted_scopes[1] = nil
      end
    end)

    it("are those of its head, however like the ones of others that is", function()
      for round = 1, 2 do
        for number = 100, 400 do
          local scopes = ("a%d:read,b:write"):format(number)
          assert.same({ ("a%d:read"):format(number), "b:write" }, scopes_of(scopes).scopes, round)
        end
      end
      assert.same({}, scopes_of("").scopes)
      assert.same({}, scopes_of(" , ").scopes)
      assert.is_nil(scopes_of())
    end)

    it("may be very many", function()
      for _ = 1, 2 do
        assert.equal(2000, #scopes_of(("files:read,"):rep(2000)).scopes)
      end
    end)
  end)
end)
