local blocks = require "slack.blocks"
local client = require "slack.client"
local mrkdwn = require "slack.mrkdwn"
local offline_app = require "support.offline_app"
local raised = require "slack.raised"
local store = require "slack.storage.store"

describe("misuse", function()
  local function button() return (blocks.button(("x"):rep(76))) end
  local function user() return (mrkdwn.user "ada") end
  local function sorted() return table.concat { mrkdwn.list { 1, true } } end

  for name, fn in pairs { blocks = button, mrkdwn = user, ["a list"] = sorted } do
    it("noticed deep inside is raised at the program's own line: " .. name, function()
      local traceback
      local ok, err = xpcall(fn, function(message)
        traceback = debug.traceback("", 2)
        return message
      end)
      assert.is_false(ok)
      assert.matches("misuse_spec%.lua:%d+: ", err)
      assert.is_true(raised.is_misuse(traceback))
    end)
  end

  it("is raised at the line where a function of C was called with ours", function()
    local ok, err = pcall(function() return (string.gsub("ada", "%w+", mrkdwn.user)) end)
    assert.is_false(ok)
    assert.matches("misuse_spec%.lua:%d+: mrkdwn%.user: an id", err)
  end)

  it("is raised at the handler's line where a method of its context makes the call", function()
    local offline, problems = offline_app.new(), {}
    offline.app.client = client.new { token = "xoxb-1-offline", api_url = "http://127.0.0.1:9/" }
    offline.app:message("go", function(c)
      for _, misuse in ipairs {
        function() c:say { blocks = { print } } end,
        function() c:reply { attachments = { print } } end,
        function() c:prompts { "Hello", title = print } end,
      } do
        table.insert(problems, (select(2, pcall(misuse))))
      end
    end)
    offline:message "go"
    assert.equal(3, #problems)
    for _, problem in ipairs(problems) do
      assert.matches("^%S*misuse_spec%.lua:%d+: %a+[.%a]+: argument", problem)
    end
  end)
end)

describe("a dot or a colon in the wrong place", function()
  local slack = require "slack"

  for name, case in pairs {
    ["slack:app"] = {
      function() slack:app { token = "xoxb-1" } end, "slack.app: call it with a dot",
    },
    ["slack:rtm"] = { function() slack:rtm {} end, "slack.rtm: call it with a dot" },
    ["slack:limit"] = {
      function() slack:limit { per = "user" } end, "slack.limit: call it with a dot",
    },
    ["store.set"] = {
      function() store.new({}).set("x", 1) end,
      "store.set: call it with a colon: store:set(…)",
    },
    ["store.keys"] = {
      function() store.new({}).keys "x" end,
      "store.keys: call it with a colon: store:keys(…)",
    },
    ["client.call"] = {
      function() client.new({}).call "users.list" end,
      "client.call: call it with a colon: client:call(…)",
    },
    ["client.upload"] = {
      function() client.new({}).upload { content = "x", filename = "a" } end,
      "client.upload: call it with a colon: client:upload(…)",
    },
    ["client.download"] = {
      function() client.new({}).download "F1" end,
      "client.download: call it with a colon: client:download(…)",
    },
    ["client.stats"] = {
      function() client.new({}).stats() end, "client.stats: call it with a colon: client:stats(…)",
    },
    ["client.with_token"] = {
      function() client.new({}).with_token "xoxb-1" end,
      "client.with_token: call it with a colon: client:with_token(…)",
    },
    ["audit_logs.logs"] = {
      function() slack.audit_logs { token = "xoxp-1" }.logs {} end,
      "audit_logs.logs: call it with a colon: audit_logs:logs(…)",
    },
    ["scim.users.list"] = {
      function() slack.scim { token = "xoxp-1" }.users.list {} end,
      "scim.users.list: call it with a colon: scim.users:list(…)",
    },
    ["client.chat:postMessage"] = {
      function() client.new({}).chat:postMessage { text = "x" } end,
      "chat.postMessage: call it with a dot, not with a colon",
    },
    ["client:uplaod"] = {
      function() client.new({}):uplaod { content = "x" } end,
      'client:uplaod: a client has no such method; did you mean "upload"?',
    },
    ["client:paginate"] = {
      function() client.new({}):paginate "users.list" end,
      "client:paginate: a client has no such method; use client:each",
    },
    ["client:postMessage"] = {
      function() client.new({}):postMessage {} end,
      "those of the Web API are called with a dot, as client.chat.postMessage",
    },
    ["rtm.send"] = {
      function() require("slack.rtm_sender").new({}).send { channel = "C1", text = "x" } end,
      "app.rtm.send: call it with a colon: app.rtm:send(…)",
    },
  } do
    it("is said at the line where it stands: " .. name, function()
      local ok, err = pcall(case[1])
      assert.is_false(ok)
      assert.matches("misuse_spec%.lua:%d+: ", err)
      assert.truthy(err:find(case[2], 1, true), err)
    end)
  end

  it("is told from a name that is nearly one of slack's, which raises too", function()
    local ok, err = pcall(function() return slack.App {} end)
    assert.is_false(ok)
    assert.matches('misuse_spec%.lua:%d+: slack%.App: .*did you mean "app"', err)
    ok, err = pcall(function() return slack.WebClient {} end)
    assert.is_false(ok)
    assert.matches("misuse_spec%.lua:%d+: slack%.WebClient: .*use slack.client", err)
    assert.is_nil(slack.something_else)
    assert.is_nil(slack._private)
  end)
end)

it("a misuse keeps a token to itself that was given in the place of something else", function()
  local ok, err = pcall(function()
    return (client.new({}):call("xoxb-111111111111-abcdef", "auth.test"))
  end)
  assert.is_false(ok)
  assert.matches("misuse_spec%.lua:%d+: the name of a Web API method expected, got ", err)
  assert.not_matches("abcdef", err)
end)

it("another Lua is told which one is needed", function()
  local path = assert(package.searchpath("slack", package.path))
  local old = setmetatable({ _VERSION = "Lua 5.1" }, { __index = _G })
  local ok, err = pcall(assert(loadfile(path, "t", old)))
  assert.is_false(ok)
  assert.equal("lua-slack needs Lua 5.4, this is Lua 5.1", err)
end)
