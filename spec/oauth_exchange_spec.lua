local exchange = require "slack.oauth.exchange"
local errors = require "slack.errors"
local json = require "slack.json"
local urls = require "slack.oauth.urls"

local SETTINGS = {
  client_id = "1.2", client_secret = "hush", redirect_uri = "https://bot.example/back",
  scopes = { "chat:write" }, user_scopes = {},
}

local function now() return 1000 end

-- A client whose methods answer what `answers` has for them.
local function new_client(answers)
  local client = { calls = {} }
  function client:call(method, args, options)
    table.insert(self.calls, { method = method, args = args, options = options })
    local answer = answers[method]
    if answer.code then
      return nil, errors.new(answer)
    end
    return answer
  end
  return client
end

local BOT = {
  ok = true, access_token = "xoxb-1", token_type = "bot", scope = "chat:write,commands",
  bot_user_id = "UB", app_id = "A1", team = { id = "T1", name = "Moon" }, enterprise = json.null,
  is_enterprise_install = false, authed_user = { id = "U1" },
}

describe("the exchange of a code", function()
  it("sends the redirect URL again, and the secret in the body alone", function()
    local client = new_client {
      ["oauth.v2.access"] = BOT, ["auth.test"] = { bot_id = "B1", user_id = "UB" },
    }
    local record = assert(exchange.install(client, SETTINGS, "c0de", "verifier", now))
    assert.same({
      client_id = "1.2", client_secret = "hush", redirect_uri = "https://bot.example/back",
      code = "c0de", code_verifier = "verifier",
    }, client.calls[1].args)
    assert.equal("xoxb-1", client.calls[2].options.token)
    assert.same({
      app_id = "A1", team_id = "T1", team_name = "Moon", bot_token = "xoxb-1", bot_id = "B1",
      bot_user_id = "UB", bot_scopes = { "chat:write", "commands" }, user_id = "U1",
      token_type = "bot", is_enterprise_install = false, installed_at = 1000,
    }, record)
  end)

  it("keeps when tokens expire, of each half", function()
    local answer = setmetatable({
      expires_in = 43200, refresh_token = "xoxe-1-b",
      authed_user = {
        id = "U1", access_token = "xoxp-1", scope = "search:read", token_type = "user",
        expires_in = 3600, refresh_token = "xoxe-1-u",
      },
    }, { __index = BOT })
    local record = exchange.record(answer, 1000.7)
    assert.same({ "xoxe-1-b", 44200, "xoxp-1", { "search:read" }, "xoxe-1-u", 4600 }, {
      record.bot_refresh_token, record.bot_token_expires_at, record.user_token,
      record.user_scopes, record.user_refresh_token, record.user_token_expires_at,
    })
  end)

  it("takes a person's token from wherever Slack puts it", function()
    local flat = exchange.record({
      access_token = "xoxp-1", token_type = "user", scope = "search:read", user_id = "U1",
      team = { id = "T1" },
    }, 1000)
    assert.same({ "xoxp-1", "U1", nil }, { flat.user_token, flat.user_id, flat.bot_token })
    local nested = exchange.record({
      team = { id = "T1" },
      authed_user = { id = "U1", access_token = "xoxp-1", token_type = "user" },
    }, 1000)
    assert.same({ "xoxp-1", "U1", nil, "user" },
      { nested.user_token, nested.user_id, nested.bot_token, nested.token_type })
  end)

  it("refuses an answer that no installation can be made of", function()
    for _, answer in ipairs {
      { ok = true }, { ok = true, access_token = "xoxb-1" },
      { ok = true, access_token = 5, team = { id = "T1" } },
      { ok = true, access_token = "xoxb-1", team = json.null, authed_user = "U1" },
    } do
      local client = new_client { ["oauth.v2.access"] = answer }
      local record, err = exchange.install(client, SETTINGS, "c", nil, now)
      assert.same({ nil, "invalid_response" }, { record, err.code })
    end
  end)

  it("fails when Slack does not know the token it has just given", function()
    local client = new_client {
      ["oauth.v2.access"] = BOT, ["auth.test"] = { code = "invalid_auth" },
    }
    local record, err = exchange.install(client, SETTINGS, "c", nil, now)
    assert.same({ nil, "invalid_auth" }, { record, err.code })
  end)
end)

describe("URLs of Slack", function()
  it("stand beside the Web API, on GovSlack too", function()
    for api_url, origin in pairs {
      ["https://slack.com/api/"] = "https://slack.com/",
      ["https://slack-gov.com/api/"] = "https://slack-gov.com/",
      ["https://localhost:8443/api/"] = "https://localhost:8443/",
    } do
      assert.matches("^" .. origin:gsub("[-.]", "%%%0") .. "oauth/v2/authorize%?",
        urls.authorize(SETTINGS, api_url, "s"))
    end
    local settings = { client_id = "1", user_only = true, scopes = {}, user_scopes = { "a", "b" } }
    local url = urls.authorize(settings, "https://slack.com/api/", "s")
    assert.equal("https://slack.com/oauth/v2_user/authorize?client_id=1&scope=a%2Cb&state=s", url)
  end)

  it("of an organization's answer are put into a page only as addresses", function()
    local record = { is_enterprise_install = true, enterprise_id = "E1", app_id = "A1" }
    for _, url in ipairs { "javascript:alert(1)", "https://x\"onload=", "//x" } do
      record.enterprise_url = url
      assert.equal("slack://app?team=E1&id=A1", (urls.after_install(record, "https://slack.com/")))
    end
    record.enterprise_url = "https://planets.enterprise.slack.com/"
    assert.equal("https://planets.enterprise.slack.com/manage/organization/apps/profile/A1/"
      .. "workspaces/add", (urls.after_install(record, "https://slack.com/")))
    assert.equal("slack://app?team=T%261&id=A%221",
      (urls.after_install({ team_id = "T&1", app_id = 'A"1' }, "https://slack.com/")))
  end)

  it("of ours have the prefix that a proxy takes off", function()
    assert.equal("/bot/slack/install", urls.of_ours("/slack/install",
      "https://x.example/bot/slack/back", "/slack/back"))
    assert.equal("/slack/install", urls.of_ours("/slack/install", nil, "/slack/back"))
  end)
end)
