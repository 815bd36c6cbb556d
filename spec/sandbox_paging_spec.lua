local base64 = require "slack.base64"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("the local Slack's pages", function()
  local function with_slack(name, fn)
    it(name, function()
      tasks.run(function()
        local here <close> = assert(sandbox.start { tls = false })
        fn(here, slack.client { token = here.bot_token, api_url = here.api_url, log = "off" })
      end)
    end)
  end

  local function say_numbers(here, first, last)
    for i = first, last do
      here:say { user = "ada", channel = "general", text = tostring(i) }
    end
  end

  local function texts_of(messages)
    local texts = {}
    for i, message in ipairs(messages) do
      texts[i] = message.text
    end
    return table.concat(texts, " ")
  end

  with_slack("come one after the other, in all lists", function(here, client)
    local general = here.workspace:find_channel "general".id
    say_numbers(here, 1, 3)
    local root = here:messages "general" [1].ts
    here:say { user = "ada", channel = "general", text = "r", thread_ts = root }
    for method, case in pairs {
      ["users.list"] = { "members" },
      ["conversations.list"] = { "channels" },
      ["users.conversations"] = { "channels" },
      ["conversations.members"] = { "members", { channel = general } },
      ["conversations.history"] = { "messages", { channel = general } },
      ["conversations.replies"] = { "messages", { channel = general, ts = root } },
      ["auth.teams.list"] = { "teams" },
    } do
      local name, args = case[1], case[2] or {}
      local all = assert(client:call(method, args))[name]
      args.limit = 1
      local count = 0
      for page in client:pages(method, args) do
        count = count + 1
        assert.same({ all[count] }, page[name])
      end
      assert.equal(#all, count)
    end
  end)

  with_slack("tell of messages whether there are more", function(here, client)
    local channel = here.workspace:find_channel "general".id
    say_numbers(here, 1, 3)
    local page = assert(client.conversations.history { channel = channel, limit = 2 })
    assert.same({ true, "3 2" }, { page.has_more, texts_of(page.messages) })
    page = client.conversations.history {
      channel = channel, cursor = page.response_metadata.next_cursor,
    }
    assert.same({ false, "1" }, { page.has_more, texts_of(page.messages) })
  end)

  with_slack("stay where they are while messages come and go", function(here, client)
    local channel = here.workspace:find_channel "general"
    say_numbers(here, 1, 5)
    local page = client.conversations.history { channel = channel.id, limit = 2 }
    say_numbers(here, 6, 6)
    here.workspace:remove(channel, here:messages "general" [3].ts)
    page = client.conversations.history {
      channel = channel.id, cursor = page.response_metadata.next_cursor,
    }
    assert.equal("2 1", texts_of(page.messages))
  end)

  with_slack("have the messages of a span, with or without its ends", function(here, client)
    local channel = here.workspace:find_channel "general".id
    say_numbers(here, 1, 4)
    local said = here:messages "general"
    local args = { channel = channel, oldest = said[1].ts, latest = said[4].ts }
    assert.equal("3 2", texts_of(client.conversations.history(args).messages))
    args.inclusive = true
    assert.equal("4 3 2 1", texts_of(client.conversations.history(args).messages))
  end)

  with_slack("have the channels that somebody is in, of the types that are asked for",
    function(here, client)
      local function names(args)
        local list = {}
        for channel in client:each("users.conversations", args) do
          table.insert(list, channel.is_im and "im" or channel.name)
        end
        return table.concat(list, " ")
      end
      local random, ada = here.workspace:find_channel "random", here.workspace:find_user "ada".id
      random.members[ada] = nil
      assert(client.conversations.open { users = ada })
      assert.equal("general", names { user = ada })
      assert.equal("im", names { user = ada, types = "im" })
      assert.equal("", names { user = ada, types = "mpim" })
      local grace = here.workspace:find_user "grace".id
      local opened = assert(client.conversations.open { users = { ada, grace } }).channel.id
      assert.equal(opened, assert(client.conversations.open {
        users = { grace, ada, here.workspace.bot.user_id },
      }).channel.id)
      assert.equal("mpdm-ada--grace--lander-1", names { user = ada, types = "mpim" })
      assert(client.chat.postMessage { channel = opened, text = "Hello" })
      assert.is_true(client.conversations.open({ channel = opened, return_im = true })
        .channel.is_mpim)
      assert.equal("user_not_found",
        select(2, client.conversations.open { users = { ada, "U4" } }).code)
      assert.equal("users_list_not_supplied",
        select(2, client.conversations.open { users = {} }).code)
      assert.equal("invalid_types",
        select(2, client.conversations.list { types = "public" }).code)
      assert.equal("user_not_found", select(2, client.users.conversations { user = "U4" }).code)
    end)

  with_slack("refuse cursors and limits that are none", function(here, client)
    local channel = here.workspace:find_channel "general".id
    local users = client.users.list({ limit = 1 }).response_metadata.next_cursor
    for _, cursor in ipairs { "x", base64.encode "next_ts:x", users, base64.encode "team:C404" } do
      assert.equal("invalid_cursor", select(2, client.conversations.list { cursor = cursor }).code)
      assert.equal("invalid_cursor",
        select(2, client.conversations.history { channel = channel, cursor = cursor }).code)
    end
    for _, limit in ipairs { "x", -1, 1001, 1.5 } do
      assert.equal("invalid_limit", select(2, client.conversations.list { limit = limit }).code)
      assert.equal("invalid_arguments", select(2, client.users.list { limit = limit }).code)
    end
    assert(client.conversations.list { limit = 1000 })
    assert(client.conversations.list { limit = 0 })
  end)
end)
