local Offline = require "support.offline_app"

describe("a message to be sent", function()
  local offline, problem

  before_each(function()
    offline, problem = Offline.new(), nil
  end)

  -- What fn raises in the handler of a command.
  local function try(fn)
    offline.app:command("/go", function(c)
      c:ack()
      problem = select(2, pcall(fn, c))
    end)
    offline:command "/go"
    return problem
  end

  local function posted()
    for _, call in ipairs(offline.calls) do
      if call.method:find "^chat%." then
        return call
      end
    end
  end

  for name, case in pairs {
    ["c:say"] = { function(c) c:say { chanel = "#general", text = "y" } end, "chanel", "channel" },
    ["c:reply"] = { function(c) c:reply { txt = "y" } end, "txt", "text" },
    ["c:update"] = { function(c) c:update { block = {} } end, "block", "blocks" },
    ["c:respond"] = {
      function(c) c:respond { replace_orginal = true } end, "replace_orginal", "replace_original",
    },
    ["c:ask"] = {
      function(c) c:ask { text = "y", efemeral = true } end, "efemeral", "ephemeral",
    },
  } do
    it("raises for what is nearly one of its fields, and sends nothing: " .. name, function()
      local said = try(case[1])
      assert.matches(("^%%S*message_fields_spec%%.lua:%%d+: %s: a message has no field %q; did "
        .. "you mean %q%%?$"):format(name, case[2], case[3]), said)
      assert.is_nil(posted())
    end)
  end

  it("may have fields that are like no known one, as Slack adds them", function()
    assert.is_nil(try(function(c) c:say { text = "y", sparkle_mode = 1, fields = {} } end))
    assert.equal(1, posted().arguments.sparkle_mode)
  end)

  it("may be a message that Slack delivered", function()
    offline.app:message("again", function(c) c:say(c.payload) end)
    offline:message "say it again"
    assert.equal("say it again", posted().arguments.text)
  end)
end)
