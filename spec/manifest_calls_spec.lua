local calls = require "slack.manifest.calls"
local tokens = require "slack.manifest.tokens"

-- What is found, as "LINE NAME", in order.
local function found(text)
  local list = {}
  for i, call in ipairs(calls.find(text, "bot.lua")) do
    list[i] = ("%d %s%s"):format(call.line, call.method or call.helper or "computed",
      call.is_user and " user" or "")
  end
  return list
end

describe("the tokens of a source", function()
  local function texts(source)
    local list = {}
    for i, token in ipairs(tokens.read(source)) do
      list[i] = token.kind:sub(1, 2) .. " " .. token.text
    end
    return list
  end

  it("are its code, without comments", function()
    assert.same({ "na a", "sy =", "nu 1" },
      texts "#!/usr/bin/lua\n--[[ b\n]] a = --c\n 1 --[==[x]]y]==]")
  end)

  it("keep texts whole, whatever is in them", function()
    assert.same({ "st a--b", "sy ..", "st it\\'s", "sy ..", "st x\ny", "na z" },
      texts [==["a--b" .. 'it\'s' .. [[x
y]] z]==])
  end)

  it("know their lines", function()
    local lines = {}
    for i, token in ipairs(tokens.read "a\n--[[\n\n]]\nb 'x\\\ny' c") do
      lines[i] = token.line
    end
    assert.same({ 1, 5, 5 }, { lines[1], lines[2], lines[3] })
  end)

  it("end where a text that is not closed ends", function()
    assert.has_no.errors(function()
      for _, source in ipairs { "'a", "[[a", "--[[a", "a.", "\\", "x = \"\\" } do
        calls.find(source, "bot.lua")
      end
    end)
  end)
end)

describe("what a source calls of Slack", function()
  it("is found by the names of methods, in whichever way they are called", function()
    assert.same({ "1 chat.postMessage", "2 users.info", "3 conversations.history", "4 pins.add",
      "5 admin.users.session.list" }, found [[
      c.client.chat.postMessage { channel = "C1", text = "x" }
      local user = assert(app.client.users.info({ user = id }))
      for page in client:pages("conversations.history", { channel = "C1" }) do end
      app:client_for({ team_id = "T1" }):call "pins.add"
      client.admin.users.session.list()
    ]])
  end)

  it("is found where a method is handed on, or has another name", function()
    assert.same({ "1 users.list", "3 reactions.add", "5 chat.update" }, found [[
      for user in c.client:each(c.client.users.list, {}) do end
      local api = c.client
      api.reactions.add { name = "eyes" }
      local chat = c.client.chat
      chat.update { ts = "1" }
    ]])
  end)

  it("is found with whose token it is called", function()
    assert.same({ "1 search.messages user", "2 users.profile.set user" }, found [[
      c.user_client.search.messages { query = "x" }
      c.user_client:call("users.profile.set", {})
    ]])
  end)

  it("is found by what contexts do, and by nobody else's methods of the name", function()
    assert.same({ "1 say", "2 open", "4 react", "5 ask" }, found [[
      app:command("/a", function(ctx) ctx:say "x" end)
      app:action("b", function(ctx) ctx:open { type = "modal" } end)
      local file = io.open("x"); file:open("y"); window:status("x")
      local sent = post(); sent:react "eyes"
      function ask_person(c) return c:ask "Which?" end
    ]])
  end)

  it("is not what stands in comments and texts", function()
    assert.same({}, found [==[
      -- client.chat.postMessage {}
      --[[ c:say "x" ]]
      print("client.chat.postMessage {}", [[c:say "x"]])
    ]==])
  end)

  it("tells which methods cannot be known before they run", function()
    assert.same({ "2 computed" }, found "local name = pick()\nclient:call(name, {})")
  end)

  it("tells the arguments that are written there", function()
    local call = calls.find([[client.conversations.list {
      types = "im,mpim", limit = 5, nested = { is_private = true } }]], "bot.lua")[1]
    assert.same({ types = "im,mpim", limit = true, nested = true }, call.given)
  end)

  it("is found in as much of a text as there is", function()
    local text = [==[
      app:command("/a", function(c) -- [[ x
        c.client:call("pins.add", { channel = c.channel_id, name = [[x]] })
        c.client.chat.postMessage { text = "x", icon_emoji = ':x:' }
        c:say { text = "y" }
      end)
    ]==]
    assert.has_no.errors(function()
      for i = 1, #text do
        calls.find(text:sub(1, i), "bot.lua")
        calls.find(text:sub(i), "bot.lua")
      end
    end)
  end)

  it("tells methods that Slack does not have", function()
    assert.same({ "1 chat.postMesage" }, found "c.client.chat.postMesage { text = 'x' }")
  end)
end)
