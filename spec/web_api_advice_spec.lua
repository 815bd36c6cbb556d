local ApiServer = require "support.api_server"

describe("web_api.advice", function()
  local api, client

  before_each(function()
    api = ApiServer.start(function()
      return 200, { ok = true }
    end)
    client = api.client
  end)

  after_each(function()
    api:stop()
  end)

  local function warned(text)
    assert.equal(1, api:count(text), table.concat(api.lines, "\n"))
  end

  it("names an argument that is missing, once, and calls all the same", function()
    assert(client.chat.postMessage { text = "Hi" })
    assert(client.chat.postMessage { text = "Hi" })
    warned "chat.postMessage: argument 'channel' is missing, which Slack requires"
    assert.equal(1, #api.lines)
    assert.equal(2, #api.requests)
  end)

  it("tells each thing once for all clients that share a log", function()
    for _, token in ipairs { "xoxb-1", "xoxb-2" } do
      assert(client:with_token(token).chat.postMessage { text = "Hi" })
    end
    assert.equal(1, #api.lines)
  end)

  it("names the argument that was meant", function()
    assert(client.chat.postMessage { channel = "C1", text = "Hi", thread_st = "1.2" })
    warned "chat.postMessage: no argument 'thread_st' is known here; did you mean \"thread_ts\"?"
  end)

  it("knows options from arguments", function()
    assert(client.auth.test { timeout = 3 })
    warned "auth.test: no argument 'timeout' is known here; it is an option: those have a table"
    client:each("users.list", { max_items = 2 }):next()
    warned "users.list: no argument 'max_items' is known here; it is an option"
  end)

  it("says that an id is no table, and what is meant", function()
    for _ = 1, 2 do
      assert(client.chat.postMessage { channel = { id = "C1", name = "a" }, text = "Hi" })
      assert(client.chat.delete { channel = { "C1", "C2" }, ts = "1.2" })
    end
    warned "chat.postMessage: argument 'channel': an id expected, got a table; did you mean its"
    warned "chat.delete: argument 'channel': an id expected, got a table"
  end)

  it("names the method that was meant", function()
    assert(client.chat.postMesage { channel = "C1", text = "Hi" })
    assert(client.chat.postMesage { channel = "C1", text = "Hi" })
    warned "chat.postMesage: no such method is known here; did you mean \"chat.postMessage\"?"
  end)

  it("says that a method goes away or is gone, and what to call instead", function()
    assert(client.dialog.open { dialog = { a = 1 }, trigger_id = "1.2" })
    warned "dialog.open: Slack has deprecated this method; call views.open instead"
    assert(client.channels.history { channel = "C1" })
    warned "channels.history: Slack has removed this method; call conversations.history instead"
  end)

  it("names what this library has in the place of what Slack does", function()
    assert(client.files.upload { content = "a" })
    warned "files.upload: Slack has deprecated this method; call client:upload instead"
    assert(client.files.uploadV2 { content = "a" })
    warned "files.uploadV2: no such method is known here; call client:upload instead"
  end)

  it("says that a ts is text", function()
    assert(client.chat.postMessage { channel = "C1", text = "Hi", thread_ts = 1712345678.1234 })
    warned "chat.postMessage: argument 'thread_ts' is a number, which loses digits"
    assert.matches("thread_ts=1712345678.123400", api.requests[1].body, 1, true)
    assert(client.reactions.add { channel = "C1", name = "eyes", timestamp = 1712345678.5 })
    warned "reactions.add: argument 'timestamp' is a number"
    assert(client.pins.add { channel = "C1", timestamp = 1 })
    assert(client.chat.delete { channel = "C1", ts = 1 })
    warned "chat.delete: argument 'ts' is a number"
  end)

  for name, case in pairs {
    ["in a text"] = { "chat.postMessage", { channel = "C1", text = "caf\xe9" }, "text", 4 },
    ["within blocks"] = { "chat.postMessage", {
      channel = "C1", text = "Hi", blocks = { { type = "header", text = { text = "\xff" } } },
    }, "blocks[1].text.text", 1 },
    ["where a form is sent"] = { "things.turn", { name = "\xc3" }, "name", 1 },
  } do
    it("names the text that is no UTF-8, once: " .. name, function()
      for _, more in ipairs { "", " and more" } do
        local args = case[2]
        args.text = args.text and more .. args.text
        assert(client:call(case[1], args))
      end
      assert.equal(1, api:count "no UTF-8", table.concat(api.lines, "\n"))
      warned(("%s: argument '%s' is no UTF-8 (byte %d), which is all that Slack reads")
        :format(case[1], case[3], case[4]))
    end)
  end

  it("names what is no UTF-8 in a body that has to be JSON", function()
    assert(client.chat.postMessage({ channel = "C1", text = "\xff" }, { body = "json" }))
    warned "argument 'text' is no UTF-8 (byte 1)"
  end)

  describe("misses the text", function()
    local WORDS <const> = "a message with blocks and no text"

    for name, message in pairs {
      ["of blocks"] = { blocks = { { type = "divider" } } },
      ["of blocks with an empty one"] = { text = "", blocks = { { type = "divider" } } },
      ["of an attachment without a fallback"] = { attachments = { { fallback = "a" }, {} } },
    } do
      it(name, function()
        message.channel = "C1"
        assert(client.chat.postMessage(message))
        warned(WORDS)
      end)
    end

    for name, message in pairs {
      ["where there is one"] = { text = "Hi", blocks = { { type = "divider" } } },
      ["where there is Markdown"] = { markdown_text = "Hi" },
      ["of attachments with fallbacks"] = { attachments = { { fallback = "a" } } },
      ["of attachments as JSON"] = { attachments = "[]" },
    } do
      it("not " .. name, function()
        message.channel = "C1"
        assert(client.chat.postMessage(message))
        assert.same({}, api.lines)
      end)
    end
  end)

  for name, call in pairs {
    ["a whole call"] = function()
      return client.chat.postMessage { channel = "C1", text = "Hi", thread_ts = "1.2" }
    end,
    ["a time as a number"] = function()
      return client.conversations.history { channel = "C1", oldest = 1712345678, limit = 5 }
    end,
    ["an unknown method"] = function() return client.things.turnAround { a = 1 } end,
    ["text in UTF-8"] = function() return client.things.turn { a = "é", b = { "€ 𝄞" } } end,
    ["an unknown argument"] = function()
      return client.chat.postMessage { channel = "C1", text = "Hi", quantum_state = 1 }
    end,
    ["a token among the arguments"] = function()
      return client.auth.test { token = "xoxb-1" }
    end,
  } do
    it("is silent about " .. name, function()
      assert(call())
      assert.same({}, api.lines)
    end)
  end
end)
