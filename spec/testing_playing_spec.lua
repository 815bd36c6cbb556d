-- The test kit: recorded traffic.
local files = require "support.files"
local slack = require "slack"
local testing = require "slack.testing"

-- A recording's lines, from tables.
local function lines(list)
  local texts = {}
  for i, fields in ipairs(list) do
    texts[i] = slack.json.encode(fields) .. "\n"
  end
  return table.concat(texts)
end

local RECORDING = lines {
  { type = "recording", format = 1, lua_slack = "1", at = 1700000000, redaction = "default" },
  { type = "delivery", n = 1, at = 1700000000, transport = "socket", kind = "event",
    acked = true, body = { type = "event_callback", team_id = "T1", event_id = "Ev1", event = {
      type = "message", text = "hello", user = "U0LINUS", channel = "C0OPS",
      ts = "1700000000.000100", channel_type = "channel",
    } } },
  { type = "call", delivery = 1, method = "users.info", args = { user = "U0LINUS" },
    seconds = 0.1, answer = { ok = true, user = { id = "U0LINUS", real_name = "Linus" } } },
  { type = "delivery", n = 2, at = 1700000060, transport = "socket", kind = "command",
    acked = false, body = {
      command = "/deploy", text = "x", user_id = "U0LINUS", user_name = "linus",
      channel_id = "C0OPS", channel_name = "ops", team_id = "T1", trigger_id = "1.2.x",
      response_url = "https://hooks.slack.com/commands/x",
    } },
  { type = "ack", delivery = 2, seconds = 0.1, payload = { text = "then" } },
}

describe("t:play", function()
  local t, directory, path

  before_each(function()
    directory, t = files.temporary(), testing.new {}
    path = directory.path .. "/traffic.jsonl"
    files.write(path, RECORDING)
    t.app:message("hello", function(c)
      c:say("Hello " .. assert(c.client.users.info { user = c.user_id }).user.real_name)
      slack.sleep(30)
      c:say "Still there?"
    end)
    t.app:command("/deploy", function(c)
      c:ack "now"
      c:respond "Deployed."
    end)
  end)

  after_each(function()
    t:close()
    getmetatable(directory).__close(directory)
  end)

  it("delivers what came then, with the time between", function()
    local results = t:play(path)
    assert.equal(2, #results)
    assert.same({ "Hello Linus", "Still there?" },
      { results[1].said[1].text, results[1].said[2].text })
    assert.same({ "now", "Deployed." }, { results[2].said[1].text, results[2].said[2].text })
    assert.same({ { text = "now" }, { text = "then" } },
      { results[2].ack, results[2].recorded.ack.payload })
  end)

  it("plays only what is named", function()
    local results = t:play(path, { only = "/deploy" })
    assert.equal(1, #results)
    assert.matches("/deploy", tostring(results[1]))
  end)

  -- A recording of somebody who submits a modal.
  local function submission(id, below)
    return lines {
      { type = "recording", format = 1, lua_slack = "1", at = 1700000000, redaction = "default" },
      { type = "delivery", n = 1, at = 1700000000, transport = "socket", kind = "interaction",
        acked = false, body = {
          type = "view_submission", team = { id = "T1" }, trigger_id = "1.2.x",
          user = { id = "U0LINUS", name = "linus" },
          view = {
            id = id, previous_view_id = below, type = "modal", callback_id = "order",
            state = { values = {} },
            title = { type = "plain_text", text = "Order" }, root_view_id = id, blocks = {
              { type = "input", block_id = "b", label = { type = "plain_text", text = "What" },
                element = { type = "plain_text_input", action_id = "a" } },
            },
          },
        } },
    }
  end

  it("does what the ack of a submission says", function()
    local answer
    t.app:view("order", function(c) c:ack(answer) end)
    local function play(id, now, below)
      answer = now
      files.write(path, submission(id, below))
      local result = t:play(path)[1]
      local top = t.slack:view "linus"
      return top and top.id, top and top.title.text, result
    end
    local next_view = {
      type = "modal", title = { type = "plain_text", text = "Next" }, blocks = {},
    }
    local function shown(id, now)
      local top, title = play(id, now)
      return ("%s %s"):format(top, title)
    end
    assert.equal("V1 Order", shown("V1", { response_action = "errors", errors = { b = "No" } }))
    assert.equal("V1 Next", shown("V1", { response_action = "update", view = next_view }))
    local pushed = shown("V1", { response_action = "push", view = next_view })
    assert.matches("^V%w+ Next$", pushed)
    assert.are_not.equal("V1 Next", pushed)
    assert.equal("nil nil", shown("V1", { response_action = "clear" }))
    assert.equal("nil nil", shown("V2", nil))
    local errors = { response_action = "errors", errors = { b = "No" } }
    play("V3", errors)
    play("V4", errors, "V3")
    local top, _, result = play("V5", { response_action = "push", view = next_view }, "V4")
    assert.same({ "V5", "connection_error", "there are three views already" },
      { top, result.failure, result.detail })
  end)

  it("names the line of what it cannot read", function()
    files.write(path, RECORDING .. "{\n")
    local ok, message = pcall(t.play, t, path)
    assert.is_false(ok)
    assert.matches("t:play: %S+traffic.jsonl:6: ", message)
  end)
end)
