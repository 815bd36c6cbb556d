local local_api = require "support.local_api"

local function it_with(name, fn, options)
  it(name, local_api.test(fn, options))
end

-- The people and channels of a new one.
local function setup_channel(api, options)
  local channel = api:ok("conversations.create", {
    name = "landing", is_private = options and options.is_private,
  }).channel
  return channel.id
end

describe("conversations of the local Slack", function()
  it_with("are created, renamed, archived and brought back, and tell of it", function(api)
    local id = setup_channel(api)
    local named = api:ok("conversations.rename", { channel = id, name = "landings" }).channel
    assert.same({ "landings", "landing" }, { named.name, named.previous_names[1] })
    api:ok("conversations.archive", { channel = id })
    assert.equal("already_archived", (api:fails("conversations.archive", { channel = id })))
    assert.equal("is_archived", (api:fails("conversations.rename", { channel = id, name = "x" })))
    api:ok("conversations.unarchive", { channel = id })
    assert.equal("not_archived", (api:fails("conversations.unarchive", { channel = id })))
    assert.equal("channel_created channel_name channel_rename channel_archive channel_archive "
      .. "channel_unarchive channel_unarchive", api:told())
  end)

  it_with("have a topic and a purpose", function(api)
    local id = setup_channel(api)
    assert.equal("Countdown",
      api:ok("conversations.setTopic", { channel = id, topic = "Countdown" }).topic)
    api:ok("conversations.setPurpose", { channel = id, purpose = "To land" })
    local channel = api:ok("conversations.info", { channel = id }).channel
    assert.same({ "Countdown", "To land", api.here.workspace.bot.user_id },
      { channel.topic.value, channel.purpose.value, channel.topic.creator })
    assert.equal("too_long", (api:fails("conversations.setTopic", {
      channel = id, topic = ("x"):rep(251) })))
    assert.equal("channel_created channel_topic channel_purpose", api:told())
  end)

  it_with("are entered and left", function(api, here)
    local open = here:create_channel { name = "open" }
    assert.is_true(api:ok("conversations.join", { channel = open.id }).channel.is_member)
    assert.equal("already_in_channel", api:ok("conversations.join", { channel = open.id }).warning)
    local ada, grace = api:id "ada", api:id "grace"
    assert.equal("already_in_channel", (api:fails("conversations.invite", {
      channel = open.id, users = ada })))
    api:ok("conversations.invite", { channel = open.id, users = grace })
    api:ok("conversations.kick", { channel = open.id, user = grace })
    assert.is_nil(open.members[grace])
    api:ok("conversations.leave", { channel = open.id })
    assert.is_true(api:ok("conversations.leave", { channel = open.id }).not_in_channel)
    assert.equal("channel_created channel_join member_joined_channel channel_join "
      .. "member_joined_channel member_left_channel channel_leave member_left_channel "
      .. "channel_left", api:told())
    assert.equal(here.workspace.bot.user_id, api.events[5].inviter)
  end)

  it_with("take those of several people that can be invited, when told so", function(api)
    local id = setup_channel(api)
    local args = { channel = id, users = api:id "ada" .. ",U0NOBODY" }
    local word, answer = api:fails("conversations.invite", args)
    assert.same({ "user_not_found", "U0NOBODY" }, { word, answer.errors[1].user })
    args.force = true
    assert.equal(1, #api:ok("conversations.invite", args).errors)
    assert.equal(2, #api:ok("conversations.members", { channel = id }).members)
  end)

  for _, case in ipairs {
    { "conversations.create", "name_taken", { name = "general" } },
    { "conversations.create", "invalid_name_specials", { name = "Not That" } },
    { "conversations.create", "invalid_name_required", {} },
    { "conversations.rename", "name_taken", { channel = "mine", name = "general" } },
    { "conversations.rename", "not_authorized", { channel = "general", name = "x" } },
    { "conversations.archive", "cant_archive_general", { channel = "general" } },
    { "conversations.leave", "cant_leave_general", { channel = "general" } },
    { "conversations.kick", "cant_kick_from_general", { channel = "general", user = "ada" } },
    { "conversations.kick", "cant_kick_self", { channel = "mine", user = "lander" } },
    { "conversations.kick", "not_in_channel", { channel = "mine", user = "ada" } },
    { "conversations.invite", "cant_invite_self", { channel = "mine", users = "lander" } },
    { "conversations.invite", "no_user", { channel = "mine" } },
    { "conversations.invite", "not_in_channel", { channel = "open", users = "grace" } },
    { "conversations.join", "channel_not_found", { channel = "closed" } },
    { "conversations.join", "method_not_supported_for_channel_type", { channel = "direct" } },
    { "conversations.history", "not_in_channel", { channel = "open" } },
    { "conversations.history", "channel_not_found", { channel = "closed" } },
    { "conversations.history", "invalid_ts_oldest", { channel = "mine", oldest = "x" } },
    { "conversations.replies", "thread_not_found", { channel = "mine", ts = "1.000001" } },
    { "conversations.mark", "invalid_timestamp", { channel = "mine", ts = "x" } },
    { "conversations.open", "users_list_not_supplied", {} },
    { "conversations.open", "user_not_found", { users = "U0NONE" } },
    { "conversations.open", "method_not_supported_for_channel_type", { channel = "mine" } },
    { "conversations.close", "method_not_supported_for_channel_type", { channel = "mine" } },
    { "conversations.list", "invalid_types", { types = "secret" } },
    { "conversations.list", "invalid_limit", { limit = 1001 } },
    { "conversations.list", "invalid_cursor", { cursor = "x" } },
  } do
    it_with(("fail: %s with %s"):format(case[1], case[2]), function(api, here)
      local ids = {
        mine = setup_channel(api), open = here:create_channel { name = "open" }.id,
        closed = here:create_channel { name = "closed", is_private = true }.id,
        direct = here.workspace:direct_channel(api:id "ada").id,
      }
      local args = {}
      for name, value in pairs(case[3]) do
        local is_id = name == "channel" or name == "user" or name == "users"
        local known = is_id and (here.workspace:find_user(value)
          or here.workspace:find_channel(value))
        args[name] = ids[value] or known and known.id or value
      end
      assert.equal(case[2], (api:fails(case[1], args)))
    end)
  end

  it_with("are listed by type, without those one does not see", function(api, here)
    here:create_channel { name = "closed", is_private = true }
    setup_channel(api, { is_private = true })
    here.workspace:direct_channel(api:id "ada")
    here:archive_channel { channel = "random" }
    local function names(args)
      local list = {}
      for i, channel in ipairs(api:ok("conversations.list", args).channels) do
        list[i] = channel.name or channel.user
      end
      return table.concat(list, " ")
    end
    assert.equal("general random", names {})
    assert.equal("general", names { exclude_archived = true })
    assert.equal("landing", names { types = "private_channel" })
    assert.equal(api:id "ada", names { types = "im" })
  end)

  it_with("tell who looks what they may know", function(api)
    local channel = api:ok("conversations.info", {
      channel = api:id "general", include_num_members = true }).channel
    assert.equal(3, channel.num_members)
    assert.equal("general", channel.name_normalized)
    assert.is_nil(channel.members)
    assert.is_nil(api:ok("conversations.info", { channel = api:id "general" }).channel.num_members)
  end)

  it_with("of few people are opened once, and closed", function(api)
    local users = api:id "ada" .. "," .. api:id "grace"
    local opened = api:ok("conversations.open", { users = users, return_im = true })
    assert.is_true(opened.channel.is_mpim)
    assert.is_true(api:ok("conversations.open", { users = users }).already_open)
    api:ok("conversations.close", { channel = opened.channel.id })
    assert.is_true(api:ok("conversations.close", { channel = opened.channel.id }).already_closed)
  end)

  it_with("have pins, and bookmarks", function(api, here)
    local said = here:say { text = "keep" }
    local pin = { channel = said.channel, timestamp = said.ts }
    api:ok("pins.add", pin)
    assert.equal("already_pinned", (api:fails("pins.add", pin)))
    assert.equal("keep", api:ok("pins.list", pin).items[1].message.text)
    assert.equal(1, api:ok("conversations.history", { channel = said.channel }).pin_count)
    api:ok("pins.remove", pin)
    assert.equal("no_pin", (api:fails("pins.remove", pin)))
    assert.equal("no_item_specified", (api:fails("pins.add", { channel = said.channel })))
    local added = api:ok("bookmarks.add", {
      channel_id = said.channel, title = "Docs", type = "link", link = "https://example.com/",
    }).bookmark
    local place = { channel_id = said.channel, bookmark_id = added.id, title = "Docs!" }
    assert.equal("Docs!", api:ok("bookmarks.edit", place).bookmark.title)
    assert.equal(1, #api:ok("bookmarks.list", place).bookmarks)
    api:ok("bookmarks.remove", place)
    assert.equal("not_found", (api:fails("bookmarks.remove", place)))
    assert.equal("invalid_link", (api:fails("bookmarks.add", {
      channel_id = said.channel, title = "x", type = "link", link = "x" })))
  end)
end)
