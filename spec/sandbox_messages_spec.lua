local json = require "slack.json"
local local_api = require "support.local_api"

local function it_with(name, fn, options)
  it(name, local_api.test(fn, options))
end

local function section(text)
  return { type = "section", text = { type = "mrkdwn", text = text } }
end

local function many(count, item)
  local list = {}
  for i = 1, count do
    list[i] = item
  end
  return list
end

describe("messages of the local Slack", function()
  for problem, case in pairs {
    no_text = { "chat.postMessage", { text = "" } },
    channel_not_found = { "chat.postMessage", { channel = "C0NONE", text = "x" } },
    thread_not_found = { "chat.postMessage", { text = "x", thread_ts = "1.000001" } },
    markdown_text_conflict = { "chat.postMessage", { text = "x", markdown_text = "x" } },
    too_many_attachments =
      { "chat.postMessage", { attachments = many(101, { text = "x" }) } },
    invalid_attachments = { "chat.postMessage", { attachments = { text = "x" } } },
    invalid_blocks = { "chat.postMessage", { blocks = many(51, section "x") } },
    invalid_blocks_format = { "chat.postMessage", { blocks = "[" } },
    invalid_metadata_schema = { "chat.postMessage", { text = "x", metadata = { event_type = 1 } } },
    invalid_metadata_format = { "chat.postMessage", { text = "x", metadata = "{" } },
    metadata_too_large = { "chat.postMessage", { text = "x", metadata = {
      event_type = "e", event_payload = { x = ("y"):rep(9000) } } } },
    invalid_arguments = { "chat.update", { text = "x" } },
    message_not_found = { "chat.update", { ts = "1.000001", text = "x" } },
    msg_too_long = { "chat.meMessage", { text = ("x"):rep(40001) } },
    user_not_in_channel = { "chat.postEphemeral", { user = "U0NONE", text = "x" } },
  } do
    it_with("fail with " .. problem, function(api)
      case[2].channel = case[2].channel or api:id "general"
      assert.equal(problem, (api:fails(case[1], case[2])))
    end)
  end

  it_with("name the argument that is missing", function(api)
    local answer = api:call("chat.postMessage", { text = "x" })
    assert.equal("invalid_arguments", answer.error)
    assert.same({ "[ERROR] missing required field: channel" }, answer.response_metadata.messages)
  end)

  it_with("are cut at 40,000 characters, not bytes", function(api)
    local posted = api:ok("chat.postMessage", {
      channel = "general", text = ("ü"):rep(40001),
    })
    assert.equal(("ü"):rep(40000), posted.message.text)
  end)

  it_with("are changed and deleted only by who wrote them", function(api, here)
    local said = here:say { text = "ada's" }
    local place = { channel = said.channel, ts = said.ts, text = "mine" }
    assert.equal("cant_update_message", (api:fails("chat.update", place)))
    assert.equal("cant_delete_message", (api:fails("chat.delete", place)))
    local posted = api:ok("chat.postMessage", { channel = said.channel, text = "bot's" })
    place.ts = posted.ts
    assert.equal("mine", api:ok("chat.update", place).text)
    api:ok("chat.delete", place)
    assert.equal("message_not_found", (api:fails("chat.delete", place)))
    assert.equal("message message message_changed message_deleted", api:told())
  end)

  it_with("are not posted where the bot is not, or the channel is archived", function(api, here)
    local open = here:create_channel { name = "open" }
    local closed = here:create_channel { name = "closed", is_private = true }
    local args = { channel = open.id, text = "x" }
    assert.equal("not_in_channel", (api:fails("chat.postMessage", args)))
    assert.equal("not_in_channel", (api:fails("chat.scheduleMessage", {
      channel = open.id, text = "x", post_at = 1 })))
    args.channel = closed.id
    assert.equal("channel_not_found", (api:fails("chat.postMessage", args)))
    here:archive_channel { channel = "random" }
    args.channel = api:id "random"
    assert.equal("is_archived", (api:fails("chat.postMessage", args)))
  end)

  it_with("go into public channels without the bot by a scope", function(api, here)
    local open = here:create_channel { name = "open" }
    api:ok("chat.postMessage", { channel = open.id, text = "x" })
    assert.equal("x", here:messages "open"[1].text)
  end, { scopes = { "chat:write", "chat:write.public" } })

  it_with("of a reply's reply go into its thread", function(api, here)
    local root = here:say { text = "root" }
    local reply = here:say { text = "reply", thread_ts = root.ts }
    local posted = api:ok("chat.postMessage", {
      channel = "general", text = "x", thread_ts = reply.ts, reply_broadcast = true,
    })
    assert.equal(root.ts, posted.message.thread_ts)
    assert.equal("thread_broadcast", posted.message.subtype)
    assert.equal("root", posted.message.root.text)
  end)

  it_with("take another name and picture, and then have no user", function(api)
    local message = api:ok("chat.postMessage", {
      channel = "general", text = "x", username = "CI", icon_emoji = ":robot_face:",
    }).message
    assert.equal("bot_message", message.subtype)
    assert.equal("CI", message.username)
    assert.equal(":robot_face:", message.icons.emoji)
    assert.is_nil(message.user)
    api:ok("chat.update", { channel = api:id "general", ts = message.ts, text = "y" })
  end)

  it_with("tell of what the app does, too", function(api, here)
    api:ok("chat.meMessage", { channel = api:id "general", text = "is thinking" })
    assert.equal("me_message", here:messages()[1].subtype)
  end)

  it_with("have metadata, of which the app is told where it wants to be", function(api)
    local metadata = { event_type = "task", event_payload = { id = 1 } }
    local posted = api:ok("chat.postMessage", {
      channel = "general", text = "x", metadata = metadata })
    api:ok("chat.postMessage", { channel = "general", text = "y", metadata = {
      event_type = "other", event_payload = { id = 1 } } })
    assert.equal("message message_metadata_posted message", api:told())
    assert.same(metadata, api.events[2].metadata)
    local history = api:ok("conversations.history", { channel = posted.channel })
    assert.is_nil(history.messages[2].metadata)
    history = api:ok("conversations.history", {
      channel = posted.channel, include_all_metadata = true })
    assert.same(metadata, history.messages[2].metadata)
    api:ok("chat.update", { channel = posted.channel, ts = posted.ts, metadata = {
      event_type = "task", event_payload = { id = 2 } } })
    assert.equal("message_metadata_updated", api.events[#api.events].type)
    assert.equal(1, api.events[#api.events].previous_metadata.event_payload.id)
  end, { metadata_events = { "task" } })

  it_with("have links", function(api, here)
    local root = here:say { text = "root" }
    local reply = here:say { text = "reply", thread_ts = root.ts }
    local link = api:ok("chat.getPermalink", { channel = root.channel, message_ts = root.ts })
    assert.equal(("https://moonbase.slack.com/archives/%s/p%s"):format(root.channel,
      (root.ts:gsub("%.", ""))), link.permalink)
    link = api:ok("chat.getPermalink", { channel = root.channel, message_ts = reply.ts })
    assert.truthy(link.permalink:find("?thread_ts=" .. root.ts, 1, true))
  end)
end)

describe("scheduled messages of the local Slack", function()
  local now = 1767610800
  local function clock()
    return now
  end

  it_with("are listed, taken back, and posted by its clock", function(api, here)
    now = 1767610800
    local general = api:id "general"
    local first = api:ok("chat.scheduleMessage", {
      channel = general, text = "first", post_at = now + 100 })
    local second = api:ok("chat.scheduleMessage", {
      channel = general, text = "second", post_at = now + 200 })
    assert.equal("delayed_message", first.message.type)
    local listed = api:ok("chat.scheduledMessages.list", { channel = general })
    assert.same({ "first", "second" }, {
      listed.scheduled_messages[1].text, listed.scheduled_messages[2].text })
    local place = { channel = general, scheduled_message_id = second.scheduled_message_id }
    api:ok("chat.deleteScheduledMessage", place)
    assert.equal("invalid_scheduled_message_id", (api:fails("chat.deleteScheduledMessage", place)))
    now = now + 99
    assert.equal(0, here.scheduled:post_due())
    now = now + 1
    assert.equal(1, here.scheduled:post_due())
    assert.equal("first", here:messages()[1].text)
    assert.same({}, api:ok("chat.scheduledMessages.list").scheduled_messages)
  end, { clock = clock })

  for problem, at in pairs {
    time_in_past = -1, time_too_far = 121 * 24 * 3600, invalid_time = "soon",
  } do
    it_with("are refused with " .. problem, function(api)
      now = 1767610800
      assert.equal(problem, (api:fails("chat.scheduleMessage", {
        channel = "general", text = "x", post_at = type(at) == "number" and now + at or at })))
    end, { clock = clock })
  end

  it_with("are at most thirty in five minutes", function(api)
    now = 1767610800
    local args = { channel = "general", text = "x", post_at = now + 1000 }
    for _ = 1, 30 do
      api:ok("chat.scheduleMessage", args)
    end
    assert.equal("restricted_too_many", (api:fails("chat.scheduleMessage", args)))
    args.post_at = now + 2000
    api:ok("chat.scheduleMessage", args)
  end, { clock = clock })
end)

describe("unfurls of the local Slack", function()
  local DOMAINS = { unfurl_domains = { "example.com" } }
  local URL <const> = "https://example.com/deploys/17"

  it_with("show what the app says of its links, by either name of the place", function(api, here)
    local message = here:say { text = "see " .. URL }
    local shared = api.events[2]
    assert.equal("link_shared", shared.type)
    api:ok("chat.unfurl", {
      channel = shared.channel, ts = shared.message_ts, unfurls = { [URL] = { text = "one" } },
    })
    assert.equal("one", message.attachments[1].text)
    api:ok("chat.unfurl", {
      unfurl_id = shared.unfurl_id, source = shared.source,
      unfurls = { [URL] = { blocks = { section "two" } } },
    })
    assert.equal(1, #message.attachments)
    assert.equal("two", message.attachments[1].blocks[1].text.text)
    assert.equal(URL, message.attachments[1].from_url)
    assert.equal("message link_shared message_changed message_changed", api:told())
  end, DOMAINS)

  it_with("are of what 40,000 characters link to, in a moment", function(api, here)
    local began = os.clock()
    here:say { text = URL .. ("."):rep(39000) .. "? " .. URL .. "..., " .. URL .. ")!" }
    assert.is_true(os.clock() - began < 1)
    local links = {}
    for i, link in ipairs(api.events[2].links) do
      links[i] = link.url
    end
    assert.same({ URL }, links)
    began = os.clock()
    here:say { text = URL .. ("."):rep(39000) .. "x" }
    assert.is_true(os.clock() - began < 1)
    assert.equal(#URL + 39001, #api.events[4].links[1].url)
  end, DOMAINS)

  it_with("are refused for other links, places and forms", function(api, here)
    local message = here:say { text = "see " .. URL }
    local args = { channel = message.channel, ts = message.ts,
      unfurls = { ["https://example.com/"] = { text = "x" } } }
    assert.equal("cannot_unfurl_message", (api:fails("chat.unfurl", args)))
    args.unfurls = nil
    assert.equal("missing_unfurls", (api:fails("chat.unfurl", args)))
    args.unfurls, args.ts = { [URL] = { text = "x" } }, "1.000001"
    assert.equal("cannot_find_message", (api:fails("chat.unfurl", args)))
    assert.equal("missing_source", (api:fails("chat.unfurl", {
      unfurl_id = "x", unfurls = args.unfurls })))
  end, DOMAINS)

  it_with("ask a person to sign in", function(api, here)
    local message = here:say { text = "see " .. URL }
    api:ok("chat.unfurl", { channel = message.channel, ts = message.ts, user_auth_required = true,
      unfurls = json.null })
    assert.equal(1, #here:ephemeral("ada", "general"))
  end, DOMAINS)
end)

describe("reactions of the local Slack", function()
  it_with("are added, listed and taken back, each once", function(api, here)
    local said = here:say { text = "x" }
    local args = { channel = said.channel, timestamp = said.ts, name = ":tada:" }
    api:ok("reactions.add", args)
    assert.equal("already_reacted", (api:fails("reactions.add", args)))
    local listed = api:ok("reactions.list")
    assert.equal(said.ts, listed.items[1].message.ts)
    assert.equal("tada", api:ok("reactions.get", args).message.reactions[1].name)
    api:ok("reactions.remove", args)
    assert.equal("no_reaction", (api:fails("reactions.remove", args)))
    assert.same({}, api:ok("reactions.list").items)
    assert.equal("message reaction_added reaction_removed", api:told())
  end)

  for problem, change in pairs {
    invalid_name = { name = "not a name" }, bad_timestamp = { timestamp = "yesterday" },
    message_not_found = { timestamp = "1.000001" }, channel_not_found = { channel = "C0NONE" },
  } do
    it_with("fail with " .. problem, function(api, here)
      local said = here:say { text = "x" }
      local args = { channel = said.channel, timestamp = said.ts, name = "tada" }
      for name, value in pairs(change) do
        args[name] = value
      end
      assert.equal(problem, (api:fails("reactions.add", args)))
    end)
  end
end)
