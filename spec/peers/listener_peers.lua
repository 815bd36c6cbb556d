-- What bots in the field are told and call: a listener of every kind in Bolt for JavaScript
-- before the local Slack, over Socket Mode and over signed HTTP.
local bolts = require "peers.bolts"
local json = require "slack.json"
local sandbox = require "support.local_slack"

local function listens(name, over_http)
  local here, bolt, ids

  setup(function()
    here = assert(sandbox.start {
      tls = false, channels = { "general", "random", "log" },
      unfurl_domains = { "example.com" }, metadata_events = { "task" },
    })
    bolt = bolts.start("bolt_listeners.js", here, name, over_http)
    ids = setmetatable({}, { __index = function(_, key)
      return (here.workspace:find_user(key) or here.workspace:find_channel(key)).id
    end })
  end)

  teardown(function()
    if bolt then
      getmetatable(bolt).__close(bolt)
    end
    here:stop()
  end)

  local function expect(what)
    what.timeout = what.timeout or 10
    return assert(here:wait_message(what),
      ("no message with %q; Bolt says:\n%s"):format(what.text, bolt:output()))
  end

  -- What the bot writes of what it is told, from now on.
  local function logs()
    local after = here.workspace:new_ts()
    return function(text)
      return expect { channel = "log", text = text, after = after }.text
    end
  end

  -- Has the bot call a method; its answer, or Slack's word.
  local function call(method, args)
    local after = here.workspace:new_ts()
    here:say { channel = "random", text = ("call %s %s"):format(method, json.encode(args)) }
    local message = assert(here:wait(function()
      for _, one in ipairs(here:messages "log") do
        if one.ts > after and (one.text:find "^answer" or one.text:find "^refused") then
          return one
        end
      end
    end, 10), bolt:output())
    local kind, rest = message.text:match "^(%a+) (.*)$"
    return kind == "answer" and json.decode(rest) or rest
  end

  describe("is told", function()
    it("of channels: how they come, change, go, and who is in them", function()
      local logged = logs()
      local channel = here:create_channel { name = "landing" }
      logged '"name":"landing"'
      here:rename_channel { channel = "landing", name = "landings" }
      logged "event channel_rename"
      here.workspace:join(channel, ids.lander)
      logged "event member_joined_channel"
      here:set_topic { channel = "landings", text = "Countdown" }
      logged "event channel_topic"
      here:join { user = "grace", channel = "landings", inviter = "ada" }
      logged(('"inviter":"%s"'):format(ids.ada))
      here:leave { user = "grace", channel = "landings" }
      logged "event member_left_channel"
      here:archive_channel { channel = "landings" }
      logged "event channel_archive"
      here:unarchive_channel { channel = "landings" }
      logged "event channel_unarchive"
      here.workspace:leave(channel, ids.lander)
      logged "event channel_left"
    end)

    it("of messages: mentions, edits, deletions, replies for all, pins, reactions", function()
      local logged = logs()
      local message = here:say { text = ("<@%s> hi"):format(ids.lander) }
      logged "event app_mention"
      here:edit { message = message, text = "changed" }
      logged "event message_changed changed"
      here:say { text = "for all", thread_ts = message.ts, reply_broadcast = true }
      logged "event thread_broadcast for all"
      here:pin { message = message }
      logged "event pin_added"
      here:unpin { message = message }
      logged "event pin_removed"
      here:react { message = message, name = "tada" }
      logged "event reaction_added"
      here:unreact { message = message, name = "tada" }
      logged "event reaction_removed"
      message = here:say { text = "gone" }
      here:delete { message = message }
      logged "event message_deleted gone"
    end)

    it("of people and files", function()
      local logged = logs()
      here:join { user = "linus", channel = "general" }
      logged "event team_join"
      here.workspace:set_profile(here.workspace:find_user "linus", { title = "Pilot" })
      logged "event user_change"
      here:share { filename = "a.txt", content = "abc" }
      logged "event file_shared"
    end)

    it("of links of its domains, which it unfurls", function()
      local message = here:say { text = "see https://example.com/17" }
      assert(here:wait(function() return message.attachments end, 10), bolt:output())
      assert.equal("Preview of https://example.com/17", message.attachments[1].text)
    end)
  end)

  describe("calls", function()
    it("what makes, changes and ends channels", function()
      local channel = call("conversations.create", { name = "made" }).channel
      assert.equal("made", channel.name)
      assert.equal("name_taken", call("conversations.create", { name = "made" }))
      assert.equal("Up", call("conversations.setTopic", { channel = channel.id, topic = "Up" })
        .topic)
      call("conversations.invite", { channel = channel.id, users = ids.ada .. "," .. ids.grace })
      assert.equal(3, #call("conversations.members", { channel = channel.id }).members)
      assert.equal("cant_kick_self", call("conversations.kick", {
        channel = channel.id, user = ids.lander }))
      call("conversations.archive", { channel = channel.id })
      assert.equal("is_archived", call("chat.postMessage", { channel = channel.id, text = "x" }))
    end)

    it("what posts, schedules, changes and deletes", function()
      local posted = call("chat.postMessage", { channel = ids.general, text = "posted",
        metadata = { event_type = "task", event_payload = { id = 1 } } })
      expect { channel = "log", text = "event message_metadata_posted" }
      assert.equal("updated", call("chat.update", {
        channel = ids.general, ts = posted.ts, text = "updated" }).text)
      assert.truthy(call("chat.getPermalink", { channel = ids.general, message_ts = posted.ts })
        .permalink)
      call("pins.add", { channel = ids.general, timestamp = posted.ts })
      call("reactions.add", { channel = ids.general, timestamp = posted.ts, name = "eyes" })
      assert.equal("already_reacted", call("reactions.add", {
        channel = ids.general, timestamp = posted.ts, name = "eyes" }))
      call("chat.delete", { channel = ids.general, ts = posted.ts })
      assert.equal("message_not_found", call("chat.delete", {
        channel = ids.general, ts = posted.ts }))
      call("chat.postEphemeral", { channel = ids.general, user = ids.ada, text = "only you" })
      expect { text = "only you", ephemeral = true, user = "ada" }
      local scheduled = call("chat.scheduleMessage", {
        channel = ids.general, text = "later", post_at = math.floor(here.clock()) + 3600 })
      assert.equal(1, #call("chat.scheduledMessages.list", {}).scheduled_messages)
      call("chat.deleteScheduledMessage", {
        channel = ids.general, scheduled_message_id = scheduled.scheduled_message_id })
    end)

    it("what looks at people and groups, and gets Slack's words for what is wrong", function()
      assert.equal("ada", call("users.info", { user = ids.ada }).user.name)
      assert.equal("user_not_found", call("users.info", { user = "U0NONE" }))
      assert.equal(ids.grace,
        call("users.lookupByEmail", { email = "grace@example.com" }).user.id)
      local group = call("usergroups.create", { name = "Crew " .. ids.ada }).usergroup
      assert.same({ ids.ada }, call("usergroups.users.update", {
        usergroup = group.id, users = ids.ada }).usergroup.users)
      assert.equal("not_allowed_token_type", call("search.messages", { query = "x" }))
      assert.equal("unknown_method", call("chat.post", {}))
      assert.equal("invalid_arguments", call("chat.postMessage", { text = "x" }))
    end)

    it("page by page", function()
      here:say { channel = "random", text = "pages" }
      expect { channel = "log", text = "pages general random log" }
    end)

    it("again after a failure of the server, and after the time of a rate limit", function()
      here:fail("conversations.info", { status = 502, body = "Bad", times = 2 })
      assert.equal("general", call("conversations.info", { channel = ids.general }).channel.name)
      here:fail("conversations.info", { error = "ratelimited", retry_after = 1, times = 1 })
      assert.equal("random", call("conversations.info", { channel = ids.random }).channel.name)
    end)
  end)

  it("says in each way", function()
    here:say { user = "ada", text = "say text" }
    expect { text = "As text." }
    here:say { user = "ada", text = "say blocks" }
    assert(here:wait(function()
      for _, message in ipairs(here:messages "general") do
        local block = (message.blocks or {})[1]
        if block and block.text and block.text.text == "As blocks." then
          return true
        end
      end
    end, 10), bolt:output())
    local root = here:say { user = "ada", text = "say thread" }
    assert.equal(root.ts, expect({ text = "In the thread." }).thread_ts)
    here:say { user = "ada", text = "say everywhere" }
    assert.equal("thread_broadcast", expect({ text = "In both." }).subtype)
  end)

  it("acks commands in each way, and responds five times", function()
    local function outcome(text)
      return here:command { command = "/ack", text = text, user = "ada" }
    end
    assert.equal("Text.", outcome "text".message.text)
    assert.equal("Blocks.", outcome "message".message.blocks[1].text.text)
    local before = #here:messages "general"
    assert.equal("For all.", outcome "all".message.text)
    assert.truthy(#here:messages "general" > before)
    assert.is_nil(outcome "nothing".message)
    local logged = logs()
    outcome "responses"
    expect { text = "Response 5.", ephemeral = true, user = "ada" }
    logged "refused"
  end)

  it("uses each element of a message, and gets the state of all", function()
    here:say { user = "ada", text = "elements" }
    local message = expect { text = "Elements." }
    for action_id, case in pairs {
      use_button = { nil, '"value":"pressed"' }, use_link = { nil, '"url":"https://example.com/"' },
      use_overflow = { "two", '"value":"two"' }, use_select = { "three", '"value":"three"' },
      use_day = { "2026-12-24", '"selected_date":"2026-12-24"' },
      use_time = { "09:30", '"selected_time":"09:30"' },
      use_boxes = { { "one", "two" }, '"selected_options":[{' },
      use_radio = { "one", '"selected_option":{' },
      use_user = { ids.ada, ('"selected_user":"%s"'):format(ids.ada) },
      use_users = { { ids.ada }, ('"selected_users":["%s"]'):format(ids.ada) },
      use_channel = { ids.random, ('"selected_channel":"%s"'):format(ids.random) },
      use_conversation = { ids.random, '"selected_conversation":' },
    } do
      local logged = logs()
      local outcome = here:click {
        message = message, action_id = action_id, user = "ada", value = case[1],
      }
      assert.is_nil(outcome.failure, outcome.detail)
      logged(case[2])
    end
    local logged = logs()
    here:click { message = message, action_id = "use_radio", user = "ada", value = "two" }
    local text = logged "action radio_buttons"
    assert.truthy(text:find('"selected_time":"09:30"', 1, true), text)
  end)

  it("responds to buttons in each way", function()
    local function asked()
      local said = here:say { user = "ada", text = "answer me" }
      return expect { text = "How?", after = said.ts }
    end
    local question = asked()
    here:click { message = question, action_id = "beside", user = "ada" }
    expect { text = "Beside.", ephemeral = true, user = "ada" }
    here:click { message = question, action_id = "thread", user = "ada" }
    assert.equal(question.ts, expect({ text = "Below." }).thread_ts)
    here:click { message = question, action_id = "replace", user = "ada" }
    assert.equal(question.ts, expect({ text = "Replaced." }).ts)
    question = asked()
    here:click { message = question, action_id = "remove", user = "ada" }
    assert(here:wait(function()
      local channel = here.workspace:find_channel "general"
      return not here.workspace.find_message(channel, question.ts)
    end, 10), bolt:output())
  end)

  it("has shortcuts, of the workspace and of messages", function()
    local logged = logs()
    assert.is_nil(here:shortcut({ callback_id = "new", user = "ada" }).failure)
    logged("used shortcut by " .. ids.ada)
    local message = here:say { user = "grace", text = "this" }
    assert.is_nil(here:shortcut({ callback_id = "about", message = message, user = "ada" }).failure)
    logged "used message_action on this"
    expect { text = "Only for you.", ephemeral = true, user = "ada" }
    expect { text = "About it." }
  end)

  it("has nothing to complain about", function()
    assert.is_nil(bolt:output():find "error", bolt:output())
  end)
end

for _, bolt in ipairs(bolts.all()) do
  describe("before the local Slack, " .. bolt.name, function()
    if bolt.lack then
      pending(bolt.lack)
      return
    end
    for way, over_http in pairs { ["over Socket Mode"] = false, ["over signed HTTP"] = true } do
      describe(way, function() listens(bolt.name, over_http) end)
    end
  end)
end
