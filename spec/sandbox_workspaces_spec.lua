local WebServer = require "support.web_server"
local client = require "slack.client"
local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"
local logs = require "slack.log"
local sandbox = require "support.local_slack"

local log = logs.new { level = "off" }

local function decode_payload(body)
  return json.decode(form.decode(body).payload)
end

describe("sandbox of many workspaces", function()
  local here, app

  -- An app that takes whatever comes over HTTP.
  local function start(options)
    options = options or {}
    options.log = log
    here = assert(sandbox.start(options))
    app = WebServer.start(function() return 200 end)
    here:deliver_over_http(app.url .. "/slack/events")
  end

  local function api_of(token)
    return client.new {
      token = token, api_url = here.api_url, ca_file = here.ca_file, proxy = "", log = log,
      retries = 0,
    }
  end

  local function body(number)
    return json.decode(assert(here:wait(function() return app.requests[number] end)).body)
  end

  after_each(function()
    here:stop()
    app:stop()
  end)

  it("keeps people, channels and messages of each to itself", function()
    start()
    local mars = here:add_workspace {
      team_name = "Mars", users = { "linus" }, channels = { "base" }, installed = true,
    }
    mars:say { user = "linus", channel = "base", text = "from Mars" }
    here:say { user = "ada", channel = "general", text = "from the Moon" }
    assert.same({ "from Mars", 1, 1 },
      { mars:messages("base")[1].text, #mars:messages(), #here:messages() })
    assert.same({ mars.team_id, here.workspace.id }, { body(1).team_id, body(2).team_id })
    assert.error_matches(function() mars:say { user = "ada", text = "x" } end, "no user ada")
    assert.equal(mars, here.workspaces[2])
  end)

  it("answers the Web API with the workspace that the token is of", function()
    start()
    local mars = here:add_workspace { team_name = "Mars", channels = { "base" }, installed = true }
    local api = api_of(mars:token())
    local identity = assert(api.auth.test {})
    assert.same({ mars.team_id, "Mars", mars.workspace.bot.id },
      { identity.team_id, identity.team, identity.bot_id })
    assert(api.chat.postMessage { channel = "base", text = "hi" })
    assert.equal("hi", mars:wait_message({ channel = "base" }).text)
    local posted, err = api.chat.postMessage {
      channel = here.workspace.channel_list[1].id, text = "not mine",
    }
    assert.same({ nil, "channel_not_found" }, { posted, err.code })
    assert.equal("Mars", assert(api.team.info {}).team.name)
    assert.equal("Moonbase", assert(api_of(here.bot_token).auth.test {}).team)
  end)

  it("tells the app nothing of where it is not installed", function()
    start()
    local mars = here:add_workspace { team_name = "Mars" }
    assert.is_nil(mars:token())
    mars:say { text = "nobody hears" }
    here:say { text = "heard" }
    assert.same({ "heard", 1 }, { body(1).event.text, #app.requests })
  end)

  it("says whose installation an event is for", function()
    start()
    here:say { text = "x" }
    local got = body(1)
    assert.same({ json.null, here.workspace.id, here.workspace.bot.user_id, true, false }, {
      got.authorizations[1].enterprise_id, got.authorizations[1].team_id,
      got.authorizations[1].user_id, got.authorizations[1].is_bot,
      got.authorizations[1].is_enterprise_install,
    })
    assert.same({ json.null, here.workspace.id },
      { got.context_enterprise_id, got.context_team_id })
    assert.is_nil(got.enterprise_id)
  end)

  it("tells the time of an event by the same clock as the rest of the machine", function()
    start()
    local before = math.floor(core.time())
    here:say { text = "x" }
    local at = body(1).event_time
    assert.is_true(at >= before and at <= core.time(), at)
  end)

  it("delivers with other outer fields when told so, for Slack Connect say (S037)", function()
    start()
    here:deliver_event({ type = "app_mention" }, { outer = { is_ext_shared_channel = true } })
    assert.is_true(body(1).is_ext_shared_channel)
  end)

  describe("in an organization", function()
    local first, second, org

    before_each(function()
      start()
      first = here:add_workspace { team_name = "One", enterprise = { id = "E01", name = "Orbit" } }
      second = here:add_workspace { team_name = "Two", enterprise = { id = "E01" } }
      org = { id = "E01", name = "Orbit" }
    end)

    it("has the same people in each workspace", function()
      assert.same({ "E01", "E01" }, { first.enterprise_id, second.enterprise_id })
      assert.equal(first.workspace:find_user("ada").id, second.workspace:find_user("ada").id)
      assert.are_not.equal(first.team_id, second.team_id)
    end)

    it("names workspace and organization when one workspace has the app", function()
      here:grant { workspace = first }
      first:say { text = "x" }
      local got = body(1)
      assert.same({ "E01", "E01", first.team_id },
        { got.enterprise_id, got.context_enterprise_id, got.team_id })
      assert.same({ "E01", first.team_id, false }, {
        got.authorizations[1].enterprise_id, got.authorizations[1].team_id,
        got.authorizations[1].is_enterprise_install,
      })
      second:say { text = "nobody hears" }
      first:shortcut { callback_id = "go" }
      local payload = decode_payload(app.requests[2].body)
      assert.same({ org, false, "E01" },
        { payload.enterprise, payload.is_enterprise_install, payload.team.enterprise_id })
    end)

    it("delivers from all its workspaces when the organization has the app", function()
      local granted = here:grant { workspace = first, org = true }
      second:say { text = "x" }
      local got = body(1)
      assert.same({ "E01", json.null, true, granted.bot_user_id, second.team_id }, {
        got.authorizations[1].enterprise_id, got.authorizations[1].team_id,
        got.authorizations[1].is_enterprise_install, got.authorizations[1].user_id, got.team_id,
      })
      second:shortcut { callback_id = "go" }
      local payload = decode_payload(app.requests[2].body)
      assert.same({ org, true, json.null },
        { payload.enterprise, payload.is_enterprise_install, payload.team })
      second:command { command = "/go" }
      local fields = form.decode(app.requests[3].body)
      assert.same({ "true", "E01" }, { fields.is_enterprise_install, fields.enterprise_id })
    end)

    it("answers the organization's token in the workspace that the call is about", function()
      local api = api_of(here:grant({ workspace = first, org = true }).bot_token)
      local identity = assert(api.auth.test {})
      assert.same({ "E01", "E01", true },
        { identity.team_id, identity.enterprise_id, identity.is_enterprise_install })
      local channel = second.workspace.channel_list[1]
      assert(api.chat.postMessage { channel = channel.id, text = "to Two" })
      assert.equal("to Two", second:wait_message({}).text)
      assert.equal(0, #first:messages())
      local _, err = api.conversations.list {}
      assert.equal("missing_argument", err.code)
      local channels = assert(api.conversations.list { team_id = second.team_id }).channels
      assert.equal(channel.id, channels[1].id)
      _, err = api.conversations.list { team_id = here.workspace.id }
      assert.equal("team_access_not_granted", err.code)
      assert.equal(2, #assert(api:call "auth.teams.list").teams)
    end)

    it("opens a modal in the workspace of its trigger, whose app is the organization's", function()
      local api = api_of(here:grant({ workspace = first, org = true }).bot_token)
      local view = assert(api.views.open {
        trigger_id = second:new_trigger(),
        view = { type = "modal", title = { type = "plain_text", text = "x" }, blocks = {} },
      }).view
      assert.same({ view.id, "E01" }, { second:view().id, view.app_installed_team_id })
      assert.is_nil(first:view())
      local third = here:add_workspace { enterprise = { id = "E01" } }
      assert.equal("E01", third.workspace:put_view({ blocks = {} }).app_installed_team_id)
    end)
  end)

  it("takes no trigger of another workspace", function()
    start()
    local mars = here:add_workspace { team_name = "Mars", installed = true }
    local _, err = api_of(mars:token()).views.open {
      trigger_id = here:new_trigger(),
      view = { type = "modal", title = { type = "plain_text", text = "x" }, blocks = {} },
    }
    assert.equal("invalid_trigger_id", err.code)
  end)

  it("gives a person's token, with which the app acts in their name", function()
    start()
    local granted = here:grant { user = "grace", user_scopes = { "chat:write" } }
    local api = api_of(granted.user_token)
    local identity = assert(api.auth.test {})
    assert.same({ "grace", granted.user_id }, { identity.user, identity.user_id })
    assert.is_nil(identity.bot_id)
    local posted = assert(api.chat.postMessage { channel = "general", text = "hi" })
    assert.equal(granted.user_id, posted.message.user)
    assert.same({ granted.user_token, here.bot_token }, { here:token "grace", here:token() })
  end)

  it("answers interactions of each workspace through its own response URLs", function()
    start()
    local mars = here:add_workspace { team_name = "Mars", installed = true }
    local outcome = mars:command { command = "/go", user = "ada" }
    local slack = require "slack"
    assert(slack.webhook(outcome.response_url, { ca_file = here.ca_file }):send "late")
    assert.same({ "late", 0 }, { mars:ephemeral("ada")[1].text, #here:ephemeral("ada") })
  end)

  describe("taking the app away", function()
    it("kills the tokens and tells the app what is gone", function()
      start()
      local granted = here:grant { user = "grace", user_scopes = { "search:read" } }
      here:uninstall()
      local revoked, uninstalled = body(1), body(2)
      assert.same({ "tokens_revoked", { granted.user_id }, { granted.bot_user_id } }, {
        revoked.event.type, revoked.event.tokens.oauth, revoked.event.tokens.bot,
      })
      assert.same({ "app_uninstalled", {}, here.workspace.id },
        { uninstalled.event.type, uninstalled.authorizations, uninstalled.team_id })
      local _, err = api_of(granted.bot_token).auth.test {}
      assert.equal("account_inactive", err.code)
      here:say { text = "nobody hears" }
      assert.equal(2, #app.requests)
      assert.error_matches(function() here:uninstall() end, "not installed there")
    end)

    it("revokes one person's token and leaves the rest", function()
      start()
      local granted = here:grant { user = "grace", user_scopes = { "search:read" } }
      here:revoke { user = "grace" }
      local got = body(1)
      assert.same({ { granted.user_id }, {} }, { got.event.tokens.oauth, got.event.tokens.bot })
      local _, err = api_of(granted.user_token).auth.test {}
      assert.equal("token_revoked", err.code)
      assert(api_of(granted.bot_token).auth.test {})
      assert.equal(1, #app.requests)
    end)

    it("revokes the token that auth.revoke comes with", function()
      start()
      local api = api_of(here.bot_token)
      assert.is_false(assert(api.auth.revoke { test = true }).revoked)
      assert.is_true(assert(api.auth.revoke {}).revoked)
      assert.same({ here.workspace.bot.user_id }, body(1).event.tokens.bot)
      assert.equal("app_uninstalled", body(2).event.type)
    end)

    it("goes by apps.uninstall, for who knows the client's secret", function()
      start()
      local api = api_of(here.bot_token)
      local _, err = api.apps.uninstall { client_id = here.client_id, client_secret = "wrong" }
      assert.equal("bad_client_secret", err.code)
      assert(api.apps.uninstall {
        client_id = here.client_id, client_secret = here.client_secret,
      })
      assert.equal("app_uninstalled", body(2).event.type)
    end)

    it("takes an organization's installation away as one", function()
      start()
      local one = here:add_workspace { enterprise = { id = "E01" } }
      local two = here:add_workspace { enterprise = { id = "E01" } }
      here:grant { workspace = one, org = true }
      here:uninstall { workspace = two, org = true }
      assert.same({ "app_uninstalled", "E01" }, { body(2).event.type, body(2).enterprise_id })
      assert.is_nil(one:token())
    end)
  end)
end)
