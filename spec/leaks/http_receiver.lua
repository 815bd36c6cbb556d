-- Starts and ends receivers with deliveries in every state: taken and answered,
-- taken and not answered, not taken, refused, past their deadline.
local MailboxReader = require "support.mailbox_reader"
local RawClient = require "support.raw_client"
local core = require "slack.core"
local footprint = require "support.footprint"

local PATIENCE <const> = 60
local SECRET <const> = "0123456789abcdef0123456789abcdef"
local FORM <const> = "application/x-www-form-urlencoded"

local function request(kind, body, secret)
  local timestamp = tostring(os.time())
  return table.concat({
    "POST /slack/events HTTP/1.1", "Host: bot", "Content-Type: " .. kind,
    "Content-Length: " .. #body, "X-Slack-Request-Timestamp: " .. timestamp,
    "X-Slack-Signature: " .. core.sign(secret or SECRET, timestamp, body), "", body,
  }, "\r\n")
end

local COMMAND <const> = "command=%2Fdeploy&text=" .. ("x"):rep(50000)

local function wait_for_text(client, text)
  local poller <close> = core.poller()
  local deadline = core.monotonic() + PATIENCE
  while not client:received():find(text, 1, true) do
    assert(core.monotonic() < deadline, "waited in vain")
    poller:wait(0.005, {})
  end
end

local function one_round()
  local mailbox <close> = core.mailbox()
  local log = core.log(mailbox, 0, "debug")
  local receiver <close> = assert(core.http_receiver {
    secrets = { SECRET, "another" }, ack_deadline = 1,
    paths = { { path = "/slack/events", kinds = { "event", "command", "interaction" } } },
    deliveries = mailbox, notices = mailbox, source = 1, log = log,
  })
  local server <close> = assert(core.http_server {
    mailbox = mailbox, source = 2, log = log, gate = receiver,
  })
  local client <close> = RawClient.connect(server:port())
  local other <close> = RawClient.connect(server:port())
  client:send(request(FORM, COMMAND))
  MailboxReader.take_until(mailbox, function(kind, number)
    return kind == "delivery" and server:respond(number, 200, nil, ("y"):rep(50000))
  end)
  client:send(request(FORM, COMMAND, "wrong") .. request(FORM, "text=%zz"))
  client:send(request("application/json", '{"type":"url_verification","challenge":"abc"}'))
  wait_for_text(client, "abc")
  client:send(request(FORM, COMMAND)) -- to be answered at its deadline
  MailboxReader.take_until(mailbox, function(kind, _, fate)
    return kind == "ack" and fate == "deadline"
  end)
  client:send(request("application/json", '{"event":{}}'):rep(3) .. request(FORM, COMMAND))
  other:send(request(FORM, "payload={}"))
  MailboxReader.take_until(mailbox, function(kind, _, what)
    return kind == "delivery" and what == "interaction"
  end)
end

footprint.rounds(6, one_round)
