local sandbox = require "support.local_slack"

-- A local Slack without an app: what would be told to it is listed.
local function with_slack(name, fn, options)
  it(name, function()
    local here <close> = assert(sandbox.start(options or { tls = false }))
    local events = {}
    here.workspace.on_event = function(event) table.insert(events, event) end
    fn(here, events)
  end)
end

local function kinds(events)
  local list = {}
  for i, event in ipairs(events) do
    list[i] = event.subtype or event.type
  end
  return table.concat(list, " ")
end

describe("channels of the local Slack", function()
  with_slack("that people create are told, and the bot is not in them", function(here, events)
    local channel = here:create_channel { name = "landing", user = "grace" }
    assert.equal("channel_created", kinds(events))
    assert.equal("landing", events[1].channel.name)
    assert.is_false(events[1].channel.is_member)
    local grace = here.workspace:find_user "grace".id
    assert.same({ [grace] = true }, channel.members)
    here:say { channel = "landing", user = "grace", text = "nobody hears" }
    assert.equal(1, #events)
  end)

  with_slack("that are private are told to members only", function(here, events)
    local channel = here:create_channel { name = "secret", is_private = true }
    here:archive_channel { channel = channel.id }
    assert.equal("", kinds(events))
    here.workspace:join(channel, here.workspace.bot.user_id)
    here:unarchive_channel { channel = channel.id }
    assert.equal("channel_join member_joined_channel channel_unarchive group_unarchive",
      kinds(events))
  end)

  with_slack("tell of a new name, a topic and their end", function(here, events)
    here:rename_channel { channel = "random", name = "chatter" }
    here:set_topic { channel = "chatter", text = "Countdown" }
    here:archive_channel { channel = "chatter" }
    assert.equal("channel_name channel_rename channel_topic channel_archive channel_archive",
      kinds(events))
    assert.equal("Countdown", events[3].topic)
    assert.equal("chatter", events[2].channel.name)
    assert.equal("random", here.workspace:find_channel "chatter".previous_names[1])
  end)

  for name, problem in pairs {
    general = "name_taken", [""] = "invalid_name_required", ["Big Words"] = "invalid_name_specials",
    ["--"] = "invalid_name_punctuation", [("x"):rep(81)] = "invalid_name_maxlength",
  } do
    with_slack(("refuse a name with %s"):format(problem), function(here)
      assert.error_matches(function() here:create_channel { name = name } end, problem)
    end)
  end

  with_slack("tell the app of who goes, of its own leaving too", function(here, events)
    here:leave { user = "ada", channel = "random" }
    local channel = here.workspace:find_channel "random"
    here.workspace:leave(channel, here.workspace.bot.user_id)
    assert.equal("member_left_channel channel_leave member_left_channel channel_left",
      kinds(events))
    here:say { user = "grace", channel = "random", text = "alone" }
    assert.equal(4, #events)
  end)

  with_slack("do not take an entry for a mention of the bot", function(here, events)
    local channel = here:create_channel { name = "landing" }
    here.workspace:join(channel, here.workspace.bot.user_id)
    assert.equal("channel_created channel_join member_joined_channel", kinds(events))
  end)

  with_slack("keep pins, and tell of them", function(here, events)
    local message = here:say { text = "keep this" }
    here:pin { message = message }
    here:pin { message = message }
    assert.equal("message pinned_item pin_added", kinds(events))
    assert.equal("keep this", events[3].item.message.text)
    assert.truthy(events[3].item.message.permalink:find "/archives/")
    here:unpin { message = message }
    assert.equal("pin_removed", events[4].type)
    assert.is_false(events[4].has_pins)
  end)

  with_slack("leave a tombstone of a message with replies", function(here, events)
    local root = here:say { text = "root" }
    local reply = here:say { text = "reply", thread_ts = root.ts }
    here:delete { message = root }
    assert.equal("message_changed", events[#events].subtype)
    assert.equal("tombstone", here:messages()[1].subtype)
    assert.equal(1, here:messages()[1].reply_count)
    here:delete { message = reply }
    assert.is_nil(here:messages()[1].reply_count)
  end)

  with_slack("tell of links of the app's domains", function(here, events)
    here:say { text = "see <https://docs.example.com/a?b=c|docs>, https://example.com/x. "
      .. "and https://elsewhere.test/ https://notexample.com/" }
    assert.equal("message link_shared", kinds(events))
    assert.same({
      { domain = "example.com", url = "https://docs.example.com/a?b=c" },
      { domain = "example.com", url = "https://example.com/x" },
    }, events[2].links)
  end, { tls = false, unfurl_domains = { "example.com" } })
end)
