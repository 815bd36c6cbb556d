local blocks = require "slack.blocks"
local clients = require "slack.client"
local json = require "slack.json"
local log = require "slack.log"
local WebServer = require "support.web_server"
local webhook = require "slack.webhook"

describe("blocks that Slack refuses", function()
  local server

  after_each(function()
    server:stop()
  end)

  -- What a call gives when Slack answers with this word and message.
  local function refused(method, args, word, message)
    server = WebServer.start(function()
      return 200, json.encode {
        ok = false, error = word,
        response_metadata = message and { messages = { message } } or nil,
      }
    end)
    local client = clients.new {
      token = "xoxb-1", api_url = server.url .. "/api/", proxy = "",
      log = log.new { level = "off" },
    }
    local answer, err = client:call(method, args)
    assert.is_nil(answer)
    return err
  end

  local menu = { type = "static_select", options = {} }
  for i = 1, 101 do
    menu.options[i] = { text = { type = "plain_text", text = "o" .. i }, value = "v" .. i }
  end
  local list = {
    blocks.header "News", blocks.divider(),
    { type = "section", text = { type = "mrkdwn", text = "x" }, accessory = menu },
  }

  for method, args in pairs {
    ["chat.postMessage"] = { channel = "C1", blocks = list },
    ["chat.update"] = { channel = "C1", ts = "1.2", blocks = json.encode(list) },
    ["chat.postEphemeral"] = { channel = "C1", user = "U1", text = "x", blocks = list },
  } do
    it("are named by their path in the error of " .. method, function()
      local err = refused(method, args, "invalid_blocks", "[ERROR] too many [json-pointer:/blocks]")
      assert.equal("invalid_blocks", err.code)
      assert.equal("blocks[3].accessory.options[101]", err.path)
      assert.equal("too_many", err.problems[1].code)
      assert.equal(method .. ": invalid_blocks: [ERROR] too many [json-pointer:/blocks]; "
        .. "blocks[3].accessory.options[101]: at most 100 options, got 101", tostring(err))
    end)
  end

  for _, method in ipairs { "views.open", "views.update", "views.publish", "views.push" } do
    it("are named by their path in the view of " .. method, function()
      local err = refused(method, { view = { type = "home", blocks = list } }, "invalid_arguments")
      assert.equal("view.blocks[3].accessory.options[101]", err.path)
      assert.matches(": invalid_arguments; view.blocks%[3%]", tostring(err))
    end)
  end

  it("have the path that Slack names where our rules find nothing", function()
    local err = refused("chat.postMessage", { channel = "C1", blocks = { blocks.divider() } },
      "invalid_blocks", "[ERROR] no [json-pointer:/blocks/0/text/text]")
    assert.equal("blocks[1].text.text", err.path)
    assert.is_nil(err.problems)
    assert.equal("chat.postMessage: invalid_blocks: [ERROR] no [json-pointer:/blocks/0/text/text]",
      tostring(err))
  end)

  it("have none when nobody knows it, also not when what was sent is no JSON", function()
    assert.is_nil(refused("chat.postMessage", { channel = "C1", blocks = "[{" },
      "invalid_blocks_format").path)
    server:stop()
    assert.is_nil(refused("users.info", { user = "x" }, "invalid_arguments", "[ERROR] x").path)
  end)

  it("have the path of what looks misspelled where nothing else is found", function()
    local err = refused("chat.postMessage", {
      channel = "C1", blocks = { { type = "section", text = blocks.mrkdwn "x", acessory = {} } },
    }, "invalid_blocks", "[ERROR] invalid additional property: acessory [json-pointer:/blocks/0]")
    assert.equal("blocks[1].acessory", err.path)
    assert.matches("did you mean \"accessory\"%?$", tostring(err))
  end)

  it("are named in the error of a webhook", function()
    server = WebServer.start(function()
      return 400, "invalid_blocks"
    end)
    local ok, err = webhook.new(server.url, { proxy = "" }):send { blocks = list }
    assert.is_nil(ok)
    assert.equal("blocks[3].accessory.options[101]", err.path)
  end)

  it("are not looked for when Slack complains of something else", function()
    assert.is_nil(refused("chat.postMessage", { channel = "C1", blocks = list },
      "channel_not_found").path)
  end)
end)
