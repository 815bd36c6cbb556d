local Recorder = require "slack.recording.recorder"
local Redaction = require "slack.recording.redaction"
local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"
local live_app = require "support.live_app"
local reader = require "slack.recording.reader"
local slack = require "slack"

local function register(app)
  app:message("hello", function(c)
    c:say("Hello, mail ada@moon.example")
    slack.sleep(0)
    c:react "wave"
  end)
  app:command("/lunch", function(c)
    c:ack { text = "At " .. c.command.text }
    c:respond "And more"
  end)
end

-- What is recorded of a bot that is greeted and gets a command over a transport.
local function record(transport, options)
  local directory <close> = files.temporary()
  local path = directory.path .. "/traffic.jsonl"
  local text
  live_app.run(function(here, new_app)
    local app = new_app { transport = transport }
    register(app)
    live_app.start(here, app)
    local recorder <close> = assert(Recorder.open(path, options))
    recorder:attach(app)
    here:say { user = "ada", text = "hello" }
    assert(here:wait_message { text = "Hello" })
    live_app.wait(function() return #here:calls "reactions.add" > 0 end)
    here:command { user = "ada", command = "/lunch", text = "Luigi's" }
    live_app.wait(function() return files.read(path):find '"method":"response_url"' end)
    text = files.read(path)
  end)
  return text, assert(reader.parse(text, path))
end

describe("a recording", function()
  for _, transport in ipairs { "socket", "http" } do
    it("has deliveries with their acks and calls, over " .. transport, function()
      local _, recording = record(transport)
      local hello, lunch = recording.deliveries[1], nil
      for _, delivery in ipairs(recording.deliveries) do
        lunch = delivery.kind == "command" and delivery or lunch
        hello = delivery.kind == "event" and delivery.body.event.text == "hello" and delivery
          or hello
      end
      assert.same({ transport, "event", true }, { hello.transport, hello.kind, hello.acked })
      assert.same({ "chat.postMessage", "reactions.add" },
        { hello.calls[1].method, hello.calls[2].method })
      assert.equal(true, hello.calls[1].answer.ok)
      assert.equal("wave", hello.calls[2].args.name)
      assert.same({ transport, "/lunch", false, "At Luigi's" },
        { lunch.transport, lunch.body.command, lunch.acked, lunch.ack.payload.text })
      assert.same({ "response_url", "And more" },
        { lunch.calls[1].method, lunch.calls[1].args.text })
      assert.is_true(math.abs(hello.at - core.time()) < 60)
    end)
  end

  it("holds no secrets, URLs that act, and addresses", function()
    local text, recording = record "socket"
    assert.falsy(text:find "xoxb" or text:find "xapp" or text:find "ada@moon"
      or text:find "hooks.slack.com/[^ah]")
    assert.matches("hidden@example.invalid", text)
    local command = recording.deliveries[#recording.deliveries].body
    assert.same({ "hidden", "hidden" }, { command.trigger_id, command.token })
    assert.matches("^https://hooks.slack.com/actions/hidden/%d$", command.response_url)
  end)

  it("holds no word that people wrote where that is asked for", function()
    local text = record("socket", { redaction = "texts" })
    assert.falsy(text:find "hello" or text:find "Luigi")
    assert.truthy(text:find '"text":"xxxxx"', text)
  end)

  it("is for its owner only, and goes on where it stopped", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/r.jsonl"
    assert(Recorder.open(path)):close()
    os.execute("chmod 644 " .. path)
    assert(Recorder.open(path)):close()
    local _, mode = files.run("stat -c %a " .. path)
    assert.equal("600\n", mode)
    assert.equal(2, select(2, files.read(path):gsub('"type":"recording"', "")))
    files.write(directory.path .. "/bot.lua", "precious")
    local _, err = Recorder.open(directory.path .. "/bot.lua")
    assert.matches("bot.lua is there and is no recording: it is not touched", err.message)
    assert.equal("precious", files.read(directory.path .. "/bot.lua"))
    _, err = Recorder.open(directory.path)
    assert.matches("is no file", err.message)
    _, err = Recorder.open(directory.path .. "/none/r")
    assert.matches("cannot write .*No such file", err.message)
  end)

  it("ends at its size or on a full disk, and the bot goes on", function()
    local directory <close> = files.temporary()
    local lines = {}
    local app = slack.app {
      token = "xoxb-1", app_token = "xapp-1",
      log = { sink = function(line) lines[#lines + 1] = line end },
    }
    local function deliver(text)
      app.dispatch:request {
        body = { type = "event_callback", event = { type = "message", text = text } },
        came_as = "event", acked = true, ack = function() return true end,
      }
    end
    local recorder = assert(Recorder.open(directory.path .. "/r", { max_bytes = 400 }))
    recorder:attach(app)
    deliver "short"
    assert.truthy(app.tap)
    deliver(("long"):rep(100))
    assert.is_false(app.tap)
    assert.matches("the recording ends here: .*/r would be larger than 400 bytes",
      table.concat(lines))
    deliver "more"
    local recording = assert(reader.read(directory.path .. "/r"))
    assert.equal(1, #recording.deliveries)
  end)

  it("is a whole number of lines whatever the disk takes", function()
    local directory <close> = files.temporary()
    local ok, output = child.run(([[
      local file = assert(require("slack.core").append_file "%s/r")
      print(file:add(("a"):rep(1000) .. "\n"))
      print((select(2, file:add(("b"):rep(1000) .. "\n"))))
      print(file:size())
    ]]):format(directory.path), "ulimit -f 3")
    assert.is_true(ok, output)
    assert.matches('^true\ncannot write ".*/r": File too large\n1001\n$', output)
  end)
end)

describe("what is not recorded", function()
  local function hidden(value, level)
    return Redaction.new(level):apply(value)
  end

  it("keeps the form of what it stands for", function()
    local url = "https://hooks.slack.com/commands/T1/2/3"
    local found = hidden {
      response_url = url, again = url, empty = json.list {}, none = json.null, n = 3,
      file = { url_private = "https://files.slack.com/files-pri/T1-F1/x.png" },
      user = { profile = { email = "ada@moon.example" } }, token = "legacy", list = { "a", "b" },
      text = "<@U1> write to ada@moon.example",
    }
    local hook = math.tointeger(found.again:match "%d$")
    assert.same({
      response_url = found.again, again = "https://hooks.slack.com/actions/hidden/" .. hook,
      file = { url_private = "https://files.slack.com/hidden/" .. 3 - hook }, empty = json.list {},
      none = json.null, user = { profile = { email = "hidden@example.invalid" } }, n = 3,
      text = "<@U1> write to hidden@example.invalid", token = "hidden", list = { "a", "b" },
    }, found)
    assert.is_true(json.is_list(hidden { a = json.list {} }.a))
  end)

  it("is any token, of whatever form", function()
    assert.same({ verification_token = "hidden", user_token = "hidden" },
      hidden { verification_token = "gIkuvaNz", user_token = "of an old form" })
  end)

  it("is where files are uploaded to, and where anybody may see them", function()
    local found = hidden {
      upload_url = "https://files.slack.com/upload/v1/ABC", text = "see https://a.example/x",
      permalink_public = "https://slack-files.com/T1-F1-0123456789",
      of_local_slack = { upload_url = "https://localhost:8765/upload/v1/ABC" },
    }
    assert.matches("^https://files.slack.com/hidden/%d$", found.of_local_slack.upload_url)
    assert.matches("^https://files.slack.com/hidden/%d$", found.upload_url)
    assert.matches("^https://files.slack.com/hidden/%d$", found.permalink_public)
    assert.equal("see https://a.example/x", found.text)
  end)

  it("is less of a raw recording, and tokens never are in one", function()
    local body = { response_url = "https://hooks.slack.com/commands/T1/2/3", email = "a@b.example",
      trigger_id = "1.2.3", text = "xoxb-123456-abcdefghijkl", access_token = "x" }
    local raw = hidden(body, "raw")
    assert.same({ body.response_url, body.email, body.trigger_id, "hidden" },
      { raw.response_url, raw.email, raw.trigger_id, raw.access_token })
    assert.falsy(raw.text:find "123456")
    assert.falsy(next(hidden { ["xoxb-123456-abcdefghijkl"] = "x" }):find "123456")
  end)

  it("is found in any text without looking through it again and again", function()
    local word, mentions = ("a"):rep(400000), ("<@"):rep(200000)
    assert.equal("@" .. word, hidden { text = "@" .. word }.text)
    assert.equal(mentions, hidden({ text = mentions }, "texts").text)
  end)

  it("is what people wrote, not what the program put there", function()
    local found = hidden({
      text = "Grüße an <@U1|ada>!", actions = { { type = "button", value = "yes" } },
      state = { values = { b = { a = { type = "plain_text_input", value = "typed" } } } },
      topic = { value = "Plans" },
    }, "texts")
    assert.same({ "xxxxx xx <@U1|ada>!", "yes", "xxxxx", "xxxxx" }, { found.text,
      found.actions[1].value, found.state.values.b.a.value, found.topic.value })
  end)

  it("is a function, and what is too deep", function()
    local deep = {}
    deep.deep = deep
    assert.truthy(json.encode(hidden { f = print, deep = deep }))
  end)
end)

describe("a recording that is read", function()
  local HEAD = '{"type":"recording","format":1}\n'

  it("is told where it is malformed", function()
    for text, expected in pairs {
      [""] = "^r.jsonl:1: it is empty, and no recording$",
      ["hello"] = "^r.jsonl:1: JSON: .*%(the file ends here: was it cut off%?%)$",
      ["{}\n"] =
        '^r.jsonl:1: "type": recording, delivery, ack, call or fetch expected, got nothing',
      ['{"type":"delivery","n":1,"at":1,"kind":"event","body":{}}\n'] =
        "^r.jsonl:1: a line .* expected first",
      ['{"type":"recording","format":2}\n'] =
        "^r.jsonl:1: format 2; this lua%-slack reads format 1$",
      [HEAD .. "\n{broken\n"] = "^r.jsonl:3: JSON: ",
      [HEAD .. "[1]\n"] = "^r.jsonl:2: a JSON object expected$",
      [HEAD .. '{"type":"delivery","n":1,"at":1,"kind":"event"}'] =
        '^r.jsonl:2: "body" of delivery: table expected, got nil$',
      [HEAD .. '{"type":"ack","delivery":7}'] = "^r.jsonl:2: there is no delivery 7 before it$",
      [HEAD .. '{"type":"ack","delivery":1.5}'] = '^r.jsonl:2: "delivery" of ack: integer',
    } do
      local recording, err = reader.parse(text, "r.jsonl")
      assert.is_nil(recording)
      assert.matches(expected, err.message)
    end
    local _, err = reader.read "/nowhere/r"
    assert.equal("missing", err.code)
  end)

  it("has the first ack of each delivery, which is what Slack took", function()
    local recording = assert(reader.parse(HEAD
      .. '{"type":"delivery","n":1,"at":1,"kind":"command","body":{}}\n'
      .. '{"type":"ack","delivery":1,"late":true,"payload":null}\n'
      .. '{"type":"ack","delivery":1,"payload":{"text":"after it"}}\n'))
    local ack = recording.deliveries[1].ack
    assert.same({ true, json.null }, { ack.late, ack.payload })
  end)

  it("may hold several runs, and several processes", function()
    local delivery = '{"type":"delivery","n":1,"at":1,"kind":"event","body":{"run":%d}%s}\n'
    local ack = '{"type":"ack","delivery":1,"payload":{"run":%d}%s}\n'
    local recording = assert(reader.parse(HEAD .. delivery:format(1, "") .. HEAD
      .. delivery:format(2, "") .. delivery:format(3, ',"worker":7') .. ack:format(3, ',"worker":7')
      .. ack:format(2, "")))
    local found = {}
    for i, one in ipairs(recording.deliveries) do
      found[i] = { one.n, one.body.run, one.ack and one.ack.payload.run }
    end
    assert.same({ { 1, 1 }, { 2, 2, 2 }, { 3, 3, 3 } }, found)
  end)
end)
