local files = require "support.files"
local generate = require "generate.methods"
local methods = require "slack.web_api.methods"

local CATALOGUE = "../shared/data/methods.json"

local function names()
  local list = {}
  for name in methods.names() do
    list[#list + 1] = name
  end
  return list
end

describe("the table of Web API methods", function()
  it("says what is known of a method", function()
    local method = methods.find "chat.postMessage"
    assert.equal("chat.postMessage", method.name)
    assert.same({ "channel" }, method.required)
    assert.equal("channel_id", method.arguments.channel)
    assert.equal("string", method.arguments.text)
    assert.equal("boolean", method.arguments.unfurl_links)
    assert.equal("special", method.tier)
    assert.same({ bot = true, user = true }, method.tokens)
    assert.same({ bot = { "chat:write" }, user = { "chat:write" } }, method.scopes)
    assert.is_true(method.json)
    assert.is_true(method.needs_token)
    assert.is_false(method.cursor)
    assert.is_nil(method.status)
  end)

  it("gives the same table again", function()
    assert.equal(methods.find "users.info", methods.find "users.info")
  end)

  it("knows nothing of other names", function()
    for _, name in ipairs { "chat", "chat.post", "postMessage", "", "|", "chat.postMessage " } do
      assert.is_nil(methods.find(name))
    end
  end)

  it("says where the items of a page and its cursor stand", function()
    local method = methods.find "conversations.list"
    assert.same({ true, "channels" }, { method.cursor, method.items })
    assert.is_nil(method.page_cursor)
    assert.equal("next_cursor", methods.find "admin.conversations.search".page_cursor)
  end)

  it("says of which methods a second execution does no harm", function()
    for _, name in ipairs {
      "auth.test", "users.info", "conversations.history", "search.messages", "chat.getPermalink",
      "admin.conversations.getTeams", "views.publish", "reactions.add", "chat.update",
      "conversations.open", "users.profile.set", "assistant.threads.setStatus",
    } do
      assert.same({ name, true }, { name, methods.find(name).is_repeatable })
    end
  end)

  it("says so of none that posts, adds, or spends what it was given", function()
    for name in methods.names() do
      local method, last = methods.find(name), name:match "%w+$"
      if last:find "^post" or last:find "^create" or last:find "^invite" or last == "access"
        or last == "exchange" and name ~= "migration.exchange" or name:find "Stream$"
        or name:find "^views%.open" or name == "chat.scheduleMessage" or name == "views.push"
        or name == "files.completeUploadExternal" then
        assert.same({ name, false }, { name, method.is_repeatable })
      end
      assert.truthy(method.is_repeatable or not method.is_read, name)
    end
  end)

  it("reads only what does not write", function()
    local WRITING = { "^add", "^remove", "^delete", "^set", "^update", "^create", "^bulk[DMPS]" }
    for name in methods.names() do
      for _, pattern in ipairs(methods.find(name).is_read and WRITING or {}) do
        assert.is_nil(name:match "%w+$":find(pattern), name)
      end
    end
  end)

  it("says which methods are called before there is a token", function()
    local free = {}
    for name in methods.names() do
      free[#free + 1] = not methods.find(name).needs_token and name or nil
    end
    assert.same({
      "api.test", "oauth.access", "oauth.token", "oauth.v2.access", "oauth.v2.exchange",
      "oauth.v2.user.access", "openid.connect.token", "tooling.tokens.rotate",
    }, free)
  end)

  it("names for what has been replaced methods that stand", function()
    for name in methods.names() do
      local method = methods.find(name)
      local successor = method.instead and methods.find(method.instead)
      assert.truthy(not method.instead or successor and not successor.status, name)
      assert.truthy(not method.instead or method.status, name)
    end
  end)

  it("has each name once, in order", function()
    local list = names()
    for i = 2, #list do
      assert.truthy(list[i - 1] < list[i], list[i])
    end
  end)

  it("has words of the known kinds alone", function()
    local TYPES = {
      string = true, boolean = true, array = true, channel_id = true, integer = true,
      timestamp = true, json = true, user_id = true, file_id = true, object = true, binary = true,
    }
    local KINDS = { bot = true, user = true, app = true, configuration = true }
    for name in methods.names() do
      local method = methods.find(name)
      for argument, kind in pairs(method.arguments) do
        assert.truthy(TYPES[kind], name .. " " .. argument)
      end
      for kind in pairs(method.tokens or {}) do
        assert.truthy(KINDS[kind], name .. " " .. kind)
      end
      assert.truthy(not method.cursor or method.arguments.cursor, name)
    end
  end)

  it("takes at most 60 KB while nothing has been asked of it", function()
    local loaded = package.loaded
    local MODULES = { "slack.web_api.methods", "slack.web_api.method_table" }
    local kept = { loaded[MODULES[1]], loaded[MODULES[2]] }
    loaded[MODULES[1]], loaded[MODULES[2]] = nil, nil
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    local fresh = require(MODULES[1])
    collectgarbage()
    collectgarbage()
    local taken = collectgarbage "count" - before
    loaded[MODULES[1]], loaded[MODULES[2]] = kept[1], kept[2]
    assert.truthy(fresh ~= methods and taken > 30 and taken <= 60, taken)
  end)

  it("is what the generator makes of the catalogue", function()
    local catalogue = io.open(CATALOGUE)
    if not catalogue then
      return pending("needs the catalogue at " .. CATALOGUE)
    end
    catalogue:close()
    assert.equal(generate.table_text(generate.read_catalogue(CATALOGUE)),
      files.read(generate.PATH))
  end)
end)

describe("advice about the name of a method", function()
  it("names the nearest", function()
    assert.equal('; did you mean "chat.postMessage"?', methods.near "chat.postMesage")
    assert.equal('; did you mean "users.lookupByEmail"?', methods.near "users.lookup_by_email")
  end)

  it("names what took the place of one that is gone", function()
    assert.equal("; call conversations.history instead", methods.near "channels.history")
  end)

  it("looks in the family that is nearest", function()
    assert.equal('; did you mean "chat.postMessage"?', methods.near "chats.postMesage")
    assert.equal('; did you mean "users.list"?', methods.near "user.list")
  end)

  it("names what this library has for names of other libraries", function()
    for _, name in ipairs { "files_upload_v2", "filesUploadV2", "files.uploadV2" } do
      assert.equal("; call client:upload instead", methods.near(name))
    end
    assert.equal("; call client:each instead", methods.near "paginate")
  end)

  it("is empty when nothing comes near", function()
    assert.equal("", methods.near "flowers.water")
    assert.equal("", methods.near "shiny.list")
  end)
end)
