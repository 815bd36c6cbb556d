local local_api = require "support.local_api"
local permissions = require "slack.sandbox.permissions"

local function it_with(name, fn, options)
  it(name, local_api.test(fn, options))
end

-- The token of a person.
local function token_of(here, name, ...)
  return here:grant({ user = name, scopes = {}, user_scopes = { ... } }).user_token
end

describe("people of the local Slack", function()
  it_with("are found by id and by address, with all that Slack tells of them", function(api)
    local user = api:ok("users.info", { user = api:id "ada", include_locale = true }).user
    assert.same({ "ada", "Ada", "en-US", "ada@example.com" },
      { user.name, user.real_name, user.locale, user.profile.email })
    assert.is_nil(user.home)
    assert.equal(user.id,
      api:ok("users.lookupByEmail", { email = "ADA@example.com" }).user.id)
    assert.equal("users_not_found", (api:fails("users.lookupByEmail", { email = "x@y.z" })))
    local bot = api:ok("users.info", { user = api:id "lander" }).user
    assert.same({ true, api.here.workspace.bot.id }, { bot.is_bot, bot.profile.bot_id })
  end)

  it_with("who are new are told", function(api, here)
    here:join { user = "linus", channel = "general" }
    assert.equal("team_join channel_join member_joined_channel", api:told())
    assert.equal("linus", api.events[1].user.name)
  end)

  it_with("are there or away", function(api)
    assert.equal("active", api:ok("users.getPresence", { user = api:id "ada" }).presence)
    api:ok("users.setPresence", { presence = "away" })
    assert.is_true(api:ok("users.getPresence").manual_away)
    assert.equal("invalid_presence", (api:fails("users.setPresence", { presence = "here" })))
  end)

  it_with("change their profile, each their own", function(api, here)
    local token = token_of(here, "ada", "users.profile:write", "users.profile:read")
    api:ok("users.profile.set", { profile = { status_text = "Lunch" } }, token)
    assert.equal("Lunch",
      api:ok("users.profile.get", { user = api:id "ada" }).profile.status_text)
    assert.equal("user_change user_profile_changed user_status_changed", api:told())
    assert.equal("not_admin", (api:fails("users.profile.set", {
      user = api:id "grace", name = "title", value = "x" }, token)))
    assert.equal("too_long", (api:fails("users.profile.set", {
      name = "status_text", value = ("x"):rep(101) }, token)))
    assert.equal("not_allowed_token_type", (api:fails("users.profile.set", {
      name = "title", value = "x" })))
  end)

  it_with("are not to be disturbed for a while", function(api, here)
    local token = token_of(here, "ada", "dnd:write", "dnd:read")
    assert.equal("snooze_end_failed", (api:fails("dnd.endSnooze", {}, token)))
    api:ok("dnd.setSnooze", { num_minutes = 20 }, token)
    assert.is_true(api:ok("dnd.info", { user = api:id "ada" }).snooze_enabled)
    api:ok("dnd.endSnooze", {}, token)
    assert.is_false(api:ok("dnd.info", { user = api:id "ada" }).snooze_enabled)
    assert.equal("missing_duration", (api:fails("dnd.setSnooze", {}, token)))
    assert.is_table(api:ok("dnd.teamInfo", { users = api:id "ada" }).users[api:id "ada"])
  end)

  it_with("are in groups that can be mentioned", function(api)
    local group = api:ok("usergroups.create", { name = "Pilots" }).usergroup
    assert.equal("pilots", group.handle)
    assert.equal("name_already_exists", (api:fails("usergroups.create", { name = "Pilots" })))
    api:ok("usergroups.users.update", { usergroup = group.id, users = api:id "ada" })
    assert.same({ api:id "ada" },
      api:ok("usergroups.users.list", { usergroup = group.id }).users)
    api:ok("usergroups.update", { usergroup = group.id, description = "Who flies" })
    api:ok("usergroups.disable", { usergroup = group.id })
    assert.same({}, api:ok("usergroups.list").usergroups)
    assert.equal(1, #api:ok("usergroups.list", { include_disabled = true }).usergroups)
    assert.equal("subteam_created subteam_members_changed subteam_updated subteam_updated",
      api:told())
    assert.equal("no_such_subteam", (api:fails("usergroups.enable", { usergroup = "S0" })))
    assert.equal("invalid_users", (api:fails("usergroups.users.update", {
      usergroup = group.id, users = "U0NONE" })))
  end)

  it_with("have reminders", function(api, here)
    local token = token_of(here, "ada", "reminders:write", "reminders:read")
    local added = api:ok("reminders.add", { text = "land", time = "in 20 minutes" }, token).reminder
    assert.equal(1, #api:ok("reminders.list", {}, token).reminders)
    api:ok("reminders.complete", { reminder = added.id }, token)
    assert.truthy(api:ok("reminders.info", { reminder = added.id }, token).reminder.complete_ts > 0)
    api:ok("reminders.delete", { reminder = added.id }, token)
    assert.equal("not_found", (api:fails("reminders.info", { reminder = added.id }, token)))
    assert.equal("cannot_parse", (api:fails("reminders.add", { text = "x", time = "soon" }, token)))
  end)

  it_with("search what they can see", function(api, here)
    local token = token_of(here, "ada", "search:read")
    here:say { user = "grace", text = "the Eagle has landed" }
    here:say { user = "ada", channel = "random", text = "the eagle owl" }
    here:create_channel { name = "closed", user = "grace", is_private = true }
    here:say { user = "grace", channel = "closed", text = "secret eagle" }
    local function found(query)
      return api:ok("search.messages", { query = query }, token).messages.total
    end
    assert.equal(2, found "eagle")
    assert.equal(1, found '"has landed"')
    assert.equal(1, found "eagle in:#random")
    assert.equal(1, found "from:@grace eagle")
    assert.equal("not_allowed_token_type", (api:fails("search.messages", { query = "x" })))
    assert.equal("no_query", (api:fails("search.messages", {}, token)))
  end)

  it_with("post in their own name with their own token", function(api, here)
    local token = token_of(here, "ada", "chat:write")
    local posted = api:ok("chat.postMessage", { channel = "general", text = "me" }, token)
    assert.equal(api:id "ada", posted.message.user)
    local place = { channel = posted.channel, ts = posted.ts, text = "x" }
    assert.equal("cant_update_message", (api:fails("chat.update", place)))
    api:ok("chat.update", place, token)
  end)

  it_with("share files with all by a link", function(api, here)
    local token = token_of(here, "ada", "files:write", "files:read")
    local file = here:share({ filename = "a.txt", content = "abc" }).files[1]
    assert.equal("file_created message file_shared",
      (api:told():gsub("file_share ", "message ")))
    local shared = api:ok("files.sharedPublicURL", { file = file.id }, token).file
    local path = shared.permalink_public:match "^https?://[^/]+(/.*)$"
    local function fetch()
      return here:answer { method = "GET", path = path, headers = {}, body = "" }
    end
    assert.equal("abc", (select(3, fetch())))
    api:ok("files.revokePublicURL", { file = file.id }, token)
    assert.equal(404, (fetch()))
  end)
end)

describe("what the local Slack lets a token do", function()
  local SCOPES = { scopes = { "chat:write", "channels:history", "groups:read" } }

  it_with("is what its scopes say", function(api)
    local answer = api:call("reactions.add", {
      channel = api:id "general", timestamp = "1.000001", name = "tada" })
    assert.same({ "missing_scope", "reactions:write", "chat:write,channels:history,groups:read" },
      { answer.error, answer.needed, answer.provided })
    assert.equal("channels:read", (select(2, api:fails "conversations.list").needed))
    api:ok("conversations.list", { types = "private_channel" })
    api:ok("conversations.history", { channel = api:id "general" })
    local direct = api.here.workspace:direct_channel(api:id "ada")
    assert.equal("im:history",
      (select(2, api:fails("conversations.history", { channel = direct.id })).needed))
    assert.equal("chat:write.customize", (select(2, api:fails("chat.postMessage", {
      channel = "general", text = "x", username = "CI" })).needed))
  end, SCOPES)

  it_with("decides which events come", function(api, here)
    local message = here:say { text = "x" }
    here:react { message = message, name = "tada" }
    here:create_channel { name = "open" }
    local direct = here.workspace:direct_channel(api:id "ada")
    here:say { channel = direct.id, text = "x" }
    assert.equal("message", api:told())
  end, SCOPES)

  it_with("comes with the events that it subscribes to", function(api, here)
    local message = here:say { text = "x" }
    here:react { message = message, name = "tada" }
    assert.equal("reaction_added", api:told())
  end, { events = { "reaction_added", "message.im" } })

  it_with("stands in headers", function(api)
    local _, headers = api:call("conversations.info", { channel = api:id "general" })
    assert.truthy(headers["X-OAuth-Scopes"]:find "chat:write")
    assert.truthy(headers["X-Accepted-OAuth-Scopes"]:find "channels:read")
  end)

  it("takes part in every event by a subscription's name", function()
    assert.equal("message.groups", permissions.subscription {
      type = "message", channel_type = "group" })
    assert.equal("pin_added", permissions.subscription { type = "pin_added" })
  end)

  it_with("does not go beyond what is played, and says so once", function(api, here)
    local lines = {}
    here.api.log = { warn = function(_, format, ...) table.insert(lines, format:format(...)) end }
    for _ = 1, 2 do
      local word, answer = api:fails("calls.add", { external_unique_id = "1", join_url = "x" })
      assert.equal("not_played", word)
      assert.same({ "[ERROR] the local Slack does not play calls.add" },
        answer.response_metadata.messages)
    end
    assert.same({ "the local Slack does not play calls.add" }, lines)
    assert.equal("unknown_method", (api:fails "chat.post"))
    assert.equal("method_deprecated", (api:fails "channels.list"))
    assert.equal("method_deprecated", (api:fails("dialog.open", {
      dialog = {}, trigger_id = "1" })))
    assert.equal("method_deprecated", (api:fails "files.upload"))
  end)

  it_with("is remarked on where the content type is not right", function(api)
    local answer = api:post("api.test", '{"a":1}', "application/json")
    assert.same({ "missing_charset", { "missing_charset" } },
      { answer.warning, answer.response_metadata.warnings })
    answer = api:post("api.test", "a=1", "application/x-www-form-urlencoded; charset=utf-8")
    assert.equal("superfluous_charset", answer.warning)
    assert.is_nil(api:post("api.test", "a=1", "application/x-www-form-urlencoded").warning)
  end)
end)

describe("the workspace of the local Slack", function()
  it_with("is told of", function(api, here)
    assert.equal("moonbase", api:ok("team.info").team.domain)
    assert.equal(here.workspace.bot.user_id,
      api:ok("bots.info", { bot = here.workspace.bot.id }).bot.user_id)
    assert.equal("bot_not_found", (api:fails("bots.info", { bot = "B0NONE" })))
    here.workspace.emoji.lander = "https://example.com/lander.png"
    assert.equal("https://example.com/lander.png", api:ok("emoji.list").emoji.lander)
  end)

  it_with("says by which installation an event may be seen", function(api, here)
    local answer = api:ok("apps.event.authorizations.list", { event_context = "4-x" },
      here.app_token)
    assert.equal(here.workspace.bot.user_id, answer.authorizations[1].user_id)
  end)
end)
