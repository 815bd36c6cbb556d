-- One set of signed requests, sent to Bolt's receiver and to ours: both give the
-- same answers, but for differences that are wanted and listed with the requests.
local Process = require "support.process"
local bolts = require "peers.bolts"
local core = require "slack.core"
local json = require "slack.json"
local requests = require "peers.requests"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

local SECRET <const> = "0123456789abcdef0123456789abcdef"

-- The bot ---------------------------------------------------------------------------

local APPLE <const> = { text = { type = "plain_text", text = "Apple" }, value = "apple" }

local SUBMISSIONS <const> = {
  bad = { response_action = "errors", errors = { name = "Too bad." } },
  next = {
    response_action = "update",
    view = { type = "modal", title = { type = "plain_text", text = "Next" },
      blocks = slack.list {} },
  },
  clear = { response_action = "clear" },
}

local function raise()
  error "on purpose"
end

-- The same listeners as bolt_receiver.js.
local function listen(app)
  app:event("app_mention", function() end)
  app:message("hello", function() end)
  app:event("pin_added", raise)
  app:command("/echo", function(c) c:ack("Heard " .. c.command.text .. ".") end)
  app:command("/message", function(c)
    c:ack { text = "For all.", response_type = "in_channel" }
  end)
  app:command("/silent", function(c) c:ack() end)
  app:command("/raise", raise)
  app:action("press", function(c) c:ack() end)
  app:action("raise", raise)
  app:action({ callback_id = "old" }, function(c) c:ack { text = "Replaced." } end)
  app:view("form", function(c) c:ack(SUBMISSIONS[c.view.state.values.name.name.value]) end)
  app:view_closed("form", function(c) c:ack() end)
  app:options("pick", function(c) c:ack(c.options.value == "none" and {} or { APPLE }) end)
  app:options("groups", function(c)
    c:ack {
      option_groups = { { label = { type = "plain_text", text = "Fruit" }, options = { APPLE } } },
    }
  end)
  app:shortcut("new", function(c) c:ack() end)
end

-- Requests ----------------------------------------------------------------------------

local CHANGES <const> = {
  ["wrong"] = function(signature) return signature:gsub("%x$", function(last)
    return last == "0" and "1" or "0"
  end) end,
  ["upper case"] = function(signature) return signature:gsub("=.*", string.upper) end,
  ["v1"] = function(signature) return signature:gsub("^v0", "v1") end,
}

local SHIFTS <const> = { old = -301, future = 301 }

local function sign(request)
  local signed = request.signed
  if signed == "no" then
    return {}
  end
  local timestamp = ("%d"):format(core.time() // 1 + (SHIFTS[signed] or 0))
  if signed == "no number" then
    timestamp = timestamp .. "x"
  end
  local secret = signed == "other secret" and SECRET:reverse() or SECRET
  local body = signed == "other body" and request.body .. "&more=1" or request.body
  local signature = core.sign(secret, timestamp, body)
  if CHANGES[signed] then
    signature = CHANGES[signed](signature)
  end
  return { ["X-Slack-Request-Timestamp"] = timestamp, ["X-Slack-Signature"] = signature }
end

-- JSON with the members of objects in one order.
local function canonical(value)
  if type(value) ~= "table" then
    return (assert(json.encode(value)):gsub("\\/", "/"))
  end
  local parts = {}
  if json.is_list(value) or value[1] ~= nil then
    for i, item in ipairs(value) do
      parts[i] = canonical(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name, member in pairs(value) do
    parts[#parts + 1] = ("%q:%s"):format(name, canonical(member))
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- "status type body"; an answer without a body has no type.
local function describe_answer(response)
  local kind = (response.headers["content-type"] or ""):match "^[^;]*"
  local body = response.body:gsub("%s+$", "")
  if kind == "application/json" then
    body = canonical(json.decode(body))
  end
  return body == "" and ("%d"):format(response.status)
    or ("%d %s %s"):format(response.status, kind, body)
end

local function send(url, request)
  local headers = sign(request)
  headers["Content-Type"] = request.type
  for name, value in pairs(request.headers or {}) do
    headers[name] = value
  end
  local method = request.method or "POST"
  local response, err = slack.fetch(url .. (request.path or "/slack/events"), {
    method = method, headers = headers, timeout = 20,
    body = method ~= "GET" and request.body or nil,
  })
  return response and describe_answer(response) or "no answer: " .. tostring(err)
end

-- All at once: what Bolt does not answer takes it three seconds.
local function send_all(url)
  local sending, answers = {}, {}
  for i, request in ipairs(requests) do
    sending[i] = function()
      answers[request.name] = send(url, request)
    end
  end
  assert(tasks.all(sending))
  return answers
end

-- Both -----------------------------------------------------------------------------------

local function free_port()
  local reserved <close> = assert(core.reserve_port("127.0.0.1", 0))
  return reserved:port()
end

local function ask_bolt(slack_here, name)
  local port = free_port()
  local bolt <close> = Process.start("node spec/peers/bolt_receiver.js", { environment = {
    NODE_PATH = bolts.MODULES, BOLT = name, PORT = port,
    SLACK_API_URL = slack_here.api_url, SLACK_BOT_TOKEN = slack_here.bot_token,
    SLACK_SIGNING_SECRET = SECRET,
  } })
  assert(slack_here:wait(function() return bolt:output():find "started" end, 30), bolt:output())
  return send_all("http://127.0.0.1:" .. port)
end

local function ask_us(slack_here)
  local app = slack.app {
    token = slack_here.bot_token, signing_secret = SECRET, api_url = slack_here.api_url,
    transport = "http", http = { host = "127.0.0.1", port = 0 }, log = "off",
  }
  listen(app)
  assert(app:start())
  local answers = send_all(app.http_server:url())
  app:stop()
  return answers
end

describe("our receiver beside Bolt's", function()
  local ours, theirs

  setup(function()
    tasks.run(function()
      local slack_here <close> = assert(sandbox.start { tls = false })
      ours = ask_us(slack_here)
      theirs = {}
      for _, bolt in ipairs(bolts.all()) do
        theirs[bolt.name] = not bolt.lack and ask_bolt(slack_here, bolt.name) or nil
      end
    end)
  end)

  it("is asked at least 40 requests", function()
    assert.is_true(#requests >= 40)
    assert.truthy(next(theirs))
  end)

  for _, request in ipairs(requests) do
    if request.why then
      it(("differs on purpose for %s: %s"):format(request.name, request.why), function()
        assert.equal(request.ours, ours[request.name])
        for name, answers in pairs(theirs) do
          assert.equal(request.bolts, answers[request.name], name)
        end
      end)
    else
      it("gives the same answer to " .. request.name, function()
        for name, answers in pairs(theirs) do
          assert.equal(answers[request.name], ours[request.name], name)
        end
      end)
    end
  end
end)
