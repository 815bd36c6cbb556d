local core = require "slack.core"

local function redact(text)
  local redacted = core.redact(text)
  if core.redact(redacted) ~= redacted or #redacted > #text then -- asserts cost more than it does
    assert.equal(redacted, core.redact(redacted), "not the same when redacted again")
    assert.is_true(#redacted <= #text)
  end
  return redacted
end

-- Seconds of the processor; what takes the square of a text's length would take minutes.
local PATIENCE <const> = (os.getenv "SLACK_SLOW" or "") ~= "" and 10 or 1

-- Secrets here are invented.
local BODY = "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
local HEX = ("0123456789abcdef"):rep(4)

local cases = {
  ["Slack tokens"] = {
    { "xoxb-" .. BODY, "xoxb-***UvWx" },
    { "xoxp-" .. BODY, "xoxp-***UvWx" },
    { "xoxa-2-" .. BODY, "xoxa-***UvWx" },
    { "xoxr-" .. BODY, "xoxr-***UvWx" },
    { "xoxs-" .. BODY, "xoxs-***UvWx" },
    { "xoxc-" .. BODY, "xoxc-***UvWx" },
    { "xapp-1-A0123-" .. BODY, "xapp-***UvWx" },
    { "xwfp-" .. BODY, "xwfp-***UvWx" },
    { "xoxe-1-" .. BODY, "xoxe-***UvWx" },
    { "xoxe.xoxp-1-" .. BODY, "xoxe.xoxp-***UvWx" },
    { "xoxd-ab%2Bcdefghij%2Fklmnop%3D", "xoxd-***p%3D" },
    { "XOXB-" .. BODY, "XOXB-***UvWx" },
    { "xoxb-short", "xoxb-***" },
    { "xoxb-a", "xoxb-*" },
    { "in (xoxb-" .. BODY .. ") text", "in (xoxb-***UvWx) text" },
    { "two xoxb-" .. BODY .. ",xapp-" .. BODY, "two xoxb-***UvWx,xapp-***UvWx" },
    { "<xoxb-" .. BODY .. ">", "<xoxb-***UvWx>" },
    { "Bearer%20xoxb-" .. BODY, "Bearer%20xoxb-***UvWx" },
    { "\0xoxb-" .. BODY .. "\0", "\0xoxb-***UvWx\0" },
    { '"ixapp-' .. BODY .. '_secret":"e"', '"ixapp-***cret":"*"' },
    { "a token begins with xoxb- or xapp-", "a token begins with xoxb- or xapp-" },
  },
  queries = {
    {
      "wss://wss-primary.slack.com/link/?ticket=0b1c2d3e-4f5a&app_id=abc",
      "wss://wss-primary.slack.com/link/?ticket=***&app_id=abc",
    },
    { "/link/?app_id=a&ticket=0b1c2d3e", "/link/?app_id=a&ticket=***" },
    { "/oauth?code=123.456.abcdef&state=xyz", "/oauth?code=***&state=xyz" },
    { "/x?a=b&code=letters#end", "/x?a=b&code=***" },
    { "/x?TOKEN=abc", "/x?TOKEN=***" },
    { "?access_token=abc&bot_access_token=def", "?access_token=***&bot_access_token=***" },
    { '"/x?token=abc" said', '"/x?token=***" said' },
    { "<http://a/?token=abc|label>", "<http://a/?token=***>" },
    { "?token=&x=y", "?token=&x=y" },
    {
      "url=wss%3A%2F%2Fa%2Flink%3Fticket%3Dabcdef%26app_id%3D1",
      "url=wss%3A%2F%2Fa%2Flink%3Fticket%3D***%26app_id%3D1",
    },
    { [["/link/?ticket\u003dabc\u0026x\u003d1"]], [["/link/?ticket\u003d***\u0026x\u003d1"]] },
  },
  forms = {
    { "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T1", "token=***&team_id=T1" },
    { "client_id=1.2&client_secret=abc&code=1.2.3", "client_id=1.2&client_secret=***&code=***" },
    { "refresh_token=xoxe-1-" .. BODY .. "&x=y", "refresh_token=xoxe-***UvWx&x=y" },
    { "password=a%26b+c&x=y", "password=***&x=y" },
  },
  JSON = {
    { '{"token":"abc","team":"T1"}', '{"token":"***","team":"T1"}' },
    { '{ "client_secret" : "a b c" , "x" : 1 }', '{ "client_secret" : "***" , "x" : 1 }' },
    { '{"password":"with \\" quote","x":1}', '{"password":"***","x":1}' },
    { '{"access_token":"xoxb-' .. BODY .. '"}', '{"access_token":"xoxb-***UvWx"}' },
    { '{"refresh_token":"' .. BODY .. '"}', '{"refresh_token":"***"}' },
    { [["wss:\/\/a\/link\/?ticket=abc&x=1"]], [["wss:\/\/a\/link\/?ticket=***&x=1"]] },
    { '"{\\"token\\":\\"abc\\",\\"x\\":\\"y\\"}"', '"{\\"token\\":\\"***\\",\\"x\\":\\"y\\"}"' },
    { '{"signing_secret":["abc","def"],"x":1}', '{"signing_secret":[***],"x":1}' },
    { '{"token":null,"secret":false}', '{"token":null,"secret":false}' },
    { '{"password":12345678}', '{"password":***}' },
    { '{"token":{"id":1}}', '{"token":{"id":1}}' },
    { '{"code":"1234567890.123.abc"}', '{"code":"***"}' },
    { '{"token":"unfinished', '{"token":"***' },
    { '{"Authorization":"Basic dXNlcjpwYXNz","x":1}', '{"Authorization":"***","x":1}' },
    { '{"Authorization":"Bearer abc","x":1}', '{"Authorization":"Bearer ***","x":1}' },
  },
  ["tables and settings"] = {
    { 'token = "abc", x = 1', 'token = "***", x = 1' },
    { "signing_secret = 'abc'", "signing_secret = '***'" },
    { '["app_token"] = "abc"', '["app_token"] = "***"' },
    { 'signing_secret = { "abc", "def" }', "signing_secret = {***}" },
    { 'signing_secret = {"abc", "de', "signing_secret = {***" },
    { 'signing_secret = {"ab', "signing_secret = {***" },
    { "SLACK_SIGNING_SECRET=" .. HEX:sub(1, 32), "SLACK_SIGNING_SECRET=***" },
    { "export SLACK_BOT_TOKEN=xoxb-" .. BODY, "export SLACK_BOT_TOKEN=xoxb-***UvWx" },
    { "--token=abc", "--token=***" },
    { "accessToken=abc", "accessToken=***" },
    { "password: hunter", "password: ***" },
    { "passwd=x pwd=y passphrase=z", "passwd=* pwd=* passphrase=*" },
    { "private_key=abc api_key=def api-key=ghi apikey=jkl",
      "private_key=*** api_key=*** api-key=*** apikey=***" },
    { "token: a1b2c3", "token: ***" },
  },
  headers = {
    { "Authorization: Bearer abc\r\nHost: a", "Authorization: Bearer ***\r\nHost: a" },
    { "authorization: bearer xoxb-" .. BODY, "authorization: bearer xoxb-***UvWx" },
    { "Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: Basic ***" },
    { 'Authorization: Digest username="u", response="abc"', "Authorization: Digest ***" },
    { "Authorization: abc def\nnext", "Authorization: ***\nnext" },
    { "Authorization: Bearer abc\\r\\nHost: a", "Authorization: Bearer ***\\r\\nHost: a" },
    { "Cookie: d=xoxd-abc; lc=1\r\nHost: a", "Cookie: ***\r\nHost: a" },
    { "Set-Cookie: session=abc", "Set-Cookie: ***" },
    { "Bearer abcdefghijklmnopqrst", "Bearer ***" },
    { "X-Slack-Signature: v0=" .. HEX, "X-Slack-Signature: v0=***" },
    { "v0=" .. HEX .. " does not match", "v0=*** does not match" },
  },
  URLs = {
    { "http://user:pass@proxy:3128/x", "http://user:***@proxy:3128/x" },
    { "http://user:p%40ss%2Fx@proxy", "http://user:***@proxy" },
    { "http://user:p@ss:word@proxy", "http://user:***@proxy" },
    { "redis://:s3cret@host:6379/0", "redis://:***@host:6379/0" },
    { "rediss://bot:s3cr%2Fet@host?prefix=a:", "rediss://bot:***@host?prefix=a:" },
    { "redis+unix://:s3cret@/run/redis.sock", "redis+unix://:***@/run/redis.sock" },
    { "https://ghp_abc@github.com/x", "https://***@github.com/x" },
    { "https://token@host:80", "https://***@host:80" },
    { "http:\\/\\/user:pass@proxy\\/", "http:\\/\\/user:***@proxy\\/" },
    { "http%3A%2F%2Fuser:pass@proxy%2F", "http%3A%2F%2Fuser:***@proxy%2F" },
    { "https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/T0/***" },
    { "http://hooks.slack.com/workflows/abc/d?x=y", "http://hooks.slack.com/workflows/***?x=y" },
    { "http%3A%2F%2Fu%3Apass%40proxy%2F", "http%3A%2F%2Fu%3A***%40proxy%2F" },
    { "https://hooks.slack.com/triggers/T0/1/abc", "https://hooks.slack.com/triggers/T0/***" },
    { "hooks.slack-gov.com/commands/1/2", "hooks.slack-gov.com/commands/***" },
    {
      '"response_url":"https:\\/\\/hooks.slack.com\\/commands\\/T0\\/1\\/abc","x":1',
      '"response_url":"https:\\/\\/hooks.slack.com\\/commands\\/T0\\/***","x":1',
    },
    {
      "response_url=https%3A%2F%2Fhooks.slack.com%2Factions%2FT0%2F1%2Fabc&x=y",
      "response_url=https%3A%2F%2Fhooks.slack.com%2Factions%2FT0%2F***&x=y",
    },
    { "http://127.0.0.1:8080/commands/T0AB/12/abc", "http://127.0.0.1:8080/commands/T0AB/***" },
    { "POST /actions/E0AB/12/abc HTTP/1.1", "POST /actions/E0AB/*** HTTP/1.1" },
    { "https://files.slack.com/upload/v1/CwABAAAA", "https://files.slack.com/upload/v1/***" },
    { "POST 127.0.0.1:80/upload/v1/a/b: refused", "POST 127.0.0.1:80/upload/v1/*** refused" },
    {
      '"upload_url":"https:\\/\\/files.slack.com\\/upload\\/v1\\/abc","x":1',
      '"upload_url":"https:\\/\\/files.slack.com\\/upload\\/v1\\/***","x":1',
    },
    { "<http://hooks.slack.com/services/T0/B/a|b>", "<http://hooks.slack.com/services/T0/***|b>" },
  },
  ["private keys"] = {
    {
      "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc==\n-----END RSA PRIVATE KEY-----\nb",
      "a\n-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nb",
    },
    { "-----BEGIN PRIVATE KEY-----\\nMIIE", "-----BEGIN PRIVATE KEY-----***" },
  },
}

-- What tells a reader something and gives nothing away.
local harmless = {
  "", " ", "ok", "{}", "connection 2: ready after 0.12 s",
  "option 'token': string expected, got nil",
  "set SLACK_BOT_TOKEN or give option token",
  "no token given",
  '{"ok":false,"error":"invalid_auth","code":"invalid_auth"}',
  "code=timeout method=chat.postMessage status=503",
  "closed with code 1006", "code: 1006", '{"code":1006}',
  "if token == nil then", "token=nil", "bearer of good news",
  "https://slack.com/api/chat.postMessage", "https://example.com/commands/list/all",
  "mail to a@b.example or see http://a.example/@user", "-----BEGIN CERTIFICATE-----\nMIIE",
  '{"type":"events_api","envelope_id":"7e5205d1-7f4e-4bd1-9c4e-0c5a4ffb7e0a"}',
  "token_type=bot grant_type=authorization_code", "v0=1 v0=abc", "/commands/T0",
  "/upload/v1/", "/upload/it", "a/b\\c%2fd%",
  "C:\\path\\token", "ticket", "password", "the end: xox",
}

describe("redact", function()
  for kind, list in pairs(cases) do
    describe("in " .. kind, function()
      for _, case in ipairs(list) do
        it(("masks %q (S224)"):format(case[1]), function()
          assert.equal(case[2], redact(case[1]))
        end)
      end
    end)
  end

  for _, text in ipairs(harmless) do
    it(("leaves %q as it is"):format(text), function()
      assert.equal(text, redact(text))
    end)
  end

  it("lets no secret through, whatever stands around it", function()
    local secret = "SeCrEt12345678901234"
    local forms = {
      "token=%s", '"token":"%s"', "ticket=%s", "client_secret=%s", "Authorization: Bearer %s",
      "http://u:%s@h/", "https://hooks.slack.com/services/T1/B1/%s", "password=%s", "?code=%s",
      "refresh_token=%s", "/commands/T12/3/%s", "Cookie: x=%s",
      '{\\"app_token\\":\\"%s\\"}',
    }
    local befores = { "", " ", "\n", "&", "?", '"', "'", "/", "(", "{", "<", "%26", "--", "a b " }
    local afters = {
      "", " ", "\n", "x", "=", "&", "?", "%", "\\", '"', "'", "/", ":", "-", "_", "*", "***", "(",
      "{", "[", "<", "\0", "\xff", "token=", "token", "code", "xoxb-", "Bearer ", "Authorization: ",
      "http://", '"secret":', "hooks.slack.com/", "/upload/v1/", "-----BEGIN ", "v0=",
    }
    for _, form in ipairs(forms) do
      local text = form:format(secret)
      for _, before in ipairs(befores) do
        for _, after in ipairs(afters) do
          local redacted = redact(before .. text .. after)
          if redacted:find(secret:sub(1, 8), 1, true) then
            error("lets through: " .. before .. text .. after)
          end
        end
      end
    end
  end)

  it("is the same applied twice to texts made of what it looks for", function()
    math.randomseed(20251107)
    local pieces = {
      "token", "=", ":", '"', "'", "\\", "xoxb-", "xapp-", "xoxe.", "***", "*", "abc", "123456",
      " ", "&", "?", "code", "/", "%2F", "%3D", "%3A", "%40", "%26", "\\/", "hooks.slack.com", "T0",
      "services", "://", "@", "Bearer ", "Authorization", "-----BEGIN PRIVATE KEY-----", "[", "]",
      "-----END ", "{", "}", ",", "\n", "v0=", HEX, "\\u003d", "password", "-", "_", "cookie", "x",
      "\0", "\xff",
    }
    for _ = 1, 20000 do
      local parts = {}
      for i = 1, math.random(1, 14) do
        parts[i] = pieces[math.random(#pieces)]
      end
      redact(table.concat(parts))
    end
  end)

  it("comes to an end, however deep names are nested in what is hidden", function()
    for _, depth in ipairs { 15, 18, 200 } do
      assert.equal("secret:{***}',", redact(("secret:{'"):rep(depth) .. "k}',"))
    end
  end)

  it("takes time in proportion to the text, also to one made to slow it down", function()
    local slow = {
      "secret:{'",
      "token", "a-", "hooks.slack.", "/services", "://", ":%2F%2F", "%3A%2F%2F", "-----BEGIN ",
      'code="', "bearer ", "xoxb", "v0=", "token\\", '{"', "code={'", "%26", "-", "token=[", "***",
      "xoxb-*", "hooks.slack/a/", "/services/T0", "token:", "code=", "bearer:", "code=a:token:",
    }
    for _, piece in ipairs(slow) do
      local text = piece:rep(200000 // #piece)
      local began = os.clock()
      core.redact(text)
      assert.is_true(os.clock() - began < PATIENCE, piece)
    end
  end)
end)
