-- Slack's end of Socket Mode at wire level, for specs of the socket thread: a
-- server whose every frame the spec sends itself, and bots that are nothing but
-- the C object under test. All of it is driven by wait(), which runs until a
-- condition holds and fails the spec when it never does.
local core = require "slack.core"
local MailboxReader = require "support.mailbox_reader"
local files = require "support.files"

local PATIENCE <const> = 60 -- seconds; a condition that takes so long never comes

local Wire = {}
Wire.__index = Wire

local Bot = {}
Bot.__index = Bot

local SERVER_SOURCE <const> = 1

local function has_prefix(text, prefix)
  return text:sub(1, #prefix) == prefix
end

---@param options? { tls: table?, no_hello: boolean? } tls: what core.certificate takes
function Wire.start(options)
  options = options or {}
  local self = setmetatable({
    no_hello = options.no_hello,
    poller = core.poller(),
    mailbox = core.mailbox(),
    log_mailbox = core.mailbox(),
    bots = {},
    opens = {}, -- calls of apps.connections.open: { headers, body, at }
    answers = {}, -- for the next of them: { status, headers, body } or false for none yet
    sockets = {}, -- upgraded connections, in order
    by_number = {},
    log_lines = {},
    tickets = 0,
  }, Wire)
  self.log = core.log(self.log_mailbox, 0, "debug")
  local settings = {
    mailbox = self.mailbox,
    source = SERVER_SOURCE,
    log = self.log,
    port = 0,
    websocket_port = 0,
    max_message = 1024 * 1024,
  }
  if options.tls then
    self:make_certificate(settings, options.tls)
  end
  self.net = assert(core.net { ca_file = self.ca_file, proxy = "" })
  self.server = assert(core.http_server(settings))
  self.client_mailbox = core.mailbox()
  self.client = assert(core.http_client(self.client_mailbox, 0, self.log))
  self.secure = options.tls and "s" or ""
  self.api_url = ("http%s://127.0.0.1:%d/api/"):format(self.secure, self.server:port())
  for _, mailbox in ipairs { self.mailbox, self.log_mailbox } do
    self.poller:add(mailbox:fd())
  end
  return self
end

function Wire:make_certificate(settings, tls)
  self.directory = files.temporary()
  local pem = assert(core.certificate(tls))
  for name, text in pairs(pem) do
    files.write(self.directory.path .. "/" .. name .. ".pem", text)
  end
  settings.cert_file = self.directory.path .. "/certificate.pem"
  settings.key_file = self.directory.path .. "/key.pem"
  self.ca_file = self.directory.path .. "/authority.pem"
end

function Wire:close()
  for _, bot in ipairs(self.bots) do
    bot.mode:close()
  end
  self.client:close()
  self.server:close()
  self.poller:close()
  if self.directory then
    getmetatable(self.directory).__close()
    os.execute("rm -rf '" .. self.directory.path .. "'")
  end
end

Wire.__close = Wire.close

-- Slack's side -----------------------------------------------------------------

---A WebSocket URL that may be used once.
function Wire:ticket_url()
  self.tickets = self.tickets + 1
  local target = ("/link/?ticket=secret-%d&app_id=A1"):format(self.tickets)
  self.server:admit(target)
  return ("ws%s://127.0.0.1:%d%s"):format(self.secure, self.server:websocket_port(), target)
end

---What apps.connections.open answers next; later calls succeed again.
function Wire:answer_next(status, body, headers)
  self.answers[#self.answers + 1] = { status = status, body = body, headers = headers }
end

function Wire:answer_open(request)
  local answer = table.remove(self.answers, 1)
  if not answer then
    -- Slack escapes the slashes.
    local url = self:ticket_url():gsub("/", "\\/")
    answer = { status = 200, body = ('{"ok":true,"url":"%s"}'):format(url) }
  end
  local headers = answer.headers or { "Content-Type", "application/json" }
  self.server:respond(request, answer.status, headers, answer.body)
end

function Wire:on_request(request, method, target, headers, body)
  if target == "/silence" then
    return -- for whoever connects to the wrong place
  end
  self.opens[#self.opens + 1] =
    { method = method, target = target, headers = headers, body = body, at = core.monotonic() }
  if self.hold_opens then
    self.held = request
  else
    self:answer_open(request)
  end
end

function Wire:on_websocket(number, happening, data, close_code, at)
  if happening == "open" then
    local socket = { number = number, target = data, texts = {}, pings = {}, pongs = {}, at = at }
    self.by_number[number] = socket
    self.sockets[#self.sockets + 1] = socket
    if not self.no_hello then
      self:hello(socket)
    end
    return
  end
  local socket = self.by_number[number]
  if happening == "text" then
    socket.texts[#socket.texts + 1] = { text = data, at = at }
  elseif happening == "ping" or happening == "pong" then
    local list = socket[happening .. "s"]
    list[#list + 1] = { payload = data, at = at }
  elseif happening == "closed" then
    socket.closed, socket.close_code, socket.closed_at = true, close_code, at
  end
end

function Wire:act(socket, act, data, number)
  self.server:act(socket.number, act, data, number)
end

function Wire:hello(socket)
  self:act(socket, "text", ('{"type":"hello","num_connections":%d}'):format(self:count_live()))
end

function Wire:disconnect(socket, reason)
  self:act(socket, "text", ('{"type":"disconnect","reason":"%s"}'):format(reason))
end

---Delivers an events_api envelope.
function Wire:event(socket, id, padding)
  self:act(
    socket,
    "text",
    ('{"type":"events_api","envelope_id":"%s","accepts_response_payload":false,'
      .. '"retry_attempt":0,"retry_reason":"","payload":{"event_id":"Ev-%s","pad":"%s"}}'):format(
      id,
      id,
      padding or ""
    )
  )
end

---Delivers an envelope that a handler answers.
function Wire:command(socket, id)
  self:act(
    socket,
    "text",
    ('{"payload":{"command":"/x"},"envelope_id":"%s","type":"slash_commands",'
      .. '"accepts_response_payload":true}'):format(id)
  )
end

function Wire:count_live()
  local count = 0
  for _, socket in ipairs(self.sockets) do
    count = count + (socket.closed and 0 or 1)
  end
  return count
end

---The ack for an envelope on any socket: its text, the socket, when it came.
function Wire:ack_of(id)
  local wanted = ('{"envelope_id":"%s"'):format(id)
  for _, socket in ipairs(self.sockets) do
    for _, text in ipairs(socket.texts) do
      if has_prefix(text.text, wanted) then
        return text.text, socket, text.at
      end
    end
  end
end

function Wire:count_acks()
  local count, by_id = 0, {}
  for _, socket in ipairs(self.sockets) do
    for _, text in ipairs(socket.texts) do
      local id = text.text:match '^{"envelope_id":"([^"]*)"'
      if id then
        count = count + 1
        by_id[id] = (by_id[id] or 0) + 1
      end
    end
  end
  return count, by_id
end

-- The bot's side ---------------------------------------------------------------

local DEFAULTS = {
  app_token = "xapp-1-A1-1-abcdef",
  token = "xoxb-1-abcdef",
  connections = 1,
  ack_deadline = 2,
  open_timeout = 5,
  hello_timeout = 5,
  ping_interval = 5,
  pong_timeout = 5,
  backoff_first = 0.02,
  backoff_maximum = 0.1,
  stable_after = 0,
  drain_timeout = 5,
}

---Starts a Socket Mode object, or with rtm one of RTM; settings override short
---defaults. marks bounds its events, unread leaves them there until read_events is
---called.
function Wire:bot(settings, options)
  options = options or {}
  local bot = setmetatable({
    wire = self,
    source = 100 + #self.bots,
    changes = {},
    envelopes = {},
    fates = {},
    replies = {}, -- of RTM
    unread = options.unread,
  }, Bot)
  bot.notices = core.mailbox()
  bot.events = core.mailbox(options.mark_count, options.mark_bytes)
  local all = {
    api_url = self.api_url,
    client = self.client,
    net = self.net,
    log = self.log,
    notices = bot.notices,
    events = bot.events,
    source = bot.source,
  }
  for name, value in pairs(DEFAULTS) do
    all[name] = value
  end
  for name, value in pairs(settings or {}) do
    all[name] = value
  end
  bot.mode = assert(core[options.rtm and "rtm" or "socket_mode"](all))
  self.bots[#self.bots + 1] = bot
  self.poller:add(bot.notices:fd())
  if not bot.unread then
    self.poller:add(bot.events:fd())
  end
  return bot
end

---Ends a bot early.
function Bot:close()
  self.wire.poller:remove(self.notices:fd())
  if not self.unread then
    self.wire.poller:remove(self.events:fd())
  end
  self.mode:close()
  self.closed = true
end

---Ends a bot and forgets it, with its mailboxes.
function Wire:drop(bot)
  bot:close()
  bot.notices:close()
  bot.events:close()
  for i, other in ipairs(self.bots) do
    if other == bot then
      table.remove(self.bots, i)
      break
    end
  end
end

-- What mailbox:take gives of an event or of anything else.
local function read_envelope(source, what, ...)
  if what == "event" then
    local event, id, rest, received, entry, attempt, reason = ...
    return {
      source = source, type = "events_api", event = event, event_id = id, rest = rest,
      ack_token = 0, accepts = false, received = received, entry = entry,
      retry_attempt = attempt or 0, retry_reason = reason or "",
    }
  elseif what then
    local kind, payload, token, id, attempt, reason, accepts, received, entry = ...
    return {
      source = source, type = kind, payload = payload, ack_token = token, id = id,
      accepts = accepts, received = received, entry = entry, retry_attempt = attempt,
      retry_reason = reason,
    }
  end
end

---@return integer count of envelopes taken
function Bot:read_events(limit)
  local count = 0
  while count < (limit or math.huge) do
    local envelope = read_envelope(self.events:take())
    if not envelope then
      break
    end
    assert(envelope.source == self.source)
    count = count + 1
    self.envelopes[#self.envelopes + 1] = envelope
  end
  return count
end

function Bot:read_notices()
  while true do
    local source, kind, what, rest = self.notices:take()
    if not source then
      return
    elseif kind == "connection" then
      rest.state = what
      self.changes[#self.changes + 1] = rest
    elseif kind == "ack" then
      self.fates[what] = rest
    elseif kind == "envelope" then
      self.replies[#self.replies + 1] = rest
    end
  end
end

---The nth change to a state, the first by default.
function Bot:change(state, nth)
  nth = nth or 1
  for _, change in ipairs(self.changes) do
    if change.state == state then
      nth = nth - 1
      if nth == 0 then
        return change
      end
    end
  end
end

---Runs until there was that change.
function Bot:wait(state, nth)
  return self.wire:wait(("%s number %d"):format(state, nth or 1), function()
    return self:change(state, nth)
  end)
end

function Bot:count(state)
  local count = 0
  for _, change in ipairs(self.changes) do
    count = count + (change.state == state and 1 or 0)
  end
  return count
end

function Bot:envelope(id)
  for _, envelope in ipairs(self.envelopes) do
    if envelope.id == id then
      return envelope
    end
  end
end

-- Time -------------------------------------------------------------------------

function Wire:handle_server(kind, ...)
  if kind == "request" then
    self:on_request(...)
  else
    self:on_websocket(...)
  end
end

function Wire:step(timeout)
  self.poller:wait(timeout, {})
  MailboxReader.drain(self.mailbox, function(_, ...)
    self:handle_server(...)
  end)
  MailboxReader.drain(self.log_mailbox, function(_, _, level, component, text)
    self.log_lines[#self.log_lines + 1] = ("%s %s: %s"):format(level, component, text)
  end)
  for _, bot in ipairs(self.bots) do
    if not bot.closed then
      bot:read_notices()
      if not bot.unread then
        bot:read_events()
      end
    end
  end
end

---Runs until condition() is true, and returns what it gave.
function Wire:wait(what, condition, patience)
  local deadline = core.monotonic() + (patience or PATIENCE)
  while true do
    local result = condition()
    if result then
      return result
    end
    local left = deadline - core.monotonic()
    if left <= 0 then
      error(("waited in vain for %s; the log ends with\n%s"):format(
        what,
        table.concat(self.log_lines, "\n", math.max(1, #self.log_lines - 15))
      ), 2)
    end
    self:step(math.min(left, 0.02))
  end
end

---Lets everything run for a while; for showing that something does not happen.
function Wire:pass(seconds)
  local deadline = core.monotonic() + seconds
  while core.monotonic() < deadline do
    self:step(deadline - core.monotonic())
  end
end

---A bot whose connections are all ready, and their sockets.
function Wire:ready_bot(settings, options)
  local before = #self.sockets
  local bot = self:bot(settings, options)
  local wanted = settings and settings.connections or 1
  self:wait("ready connections", function()
    return bot:count "ready" == wanted
  end)
  return bot, table.unpack(self.sockets, before + 1)
end

---The newest upgraded connection, once there are that many.
function Wire:socket(count)
  return self:wait(("WebSocket number %d"):format(count), function()
    return self.sockets[count]
  end)
end

function Wire:logged(pattern)
  for _, line in ipairs(self.log_lines) do
    if line:find(pattern) then
      return line
    end
  end
  return nil
end

---How many lines of the log match.
function Wire:count_logged(pattern)
  local count = 0
  for _, line in ipairs(self.log_lines) do
    count = count + (line:find(pattern) and 1 or 0)
  end
  return count
end

return Wire
