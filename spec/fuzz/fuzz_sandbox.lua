-- Requests to the local Slack, from a bot or anybody: each gets an answer, of the Web API one in
-- JSON, and no method of it makes a mistake of its own. The input: requests with a byte 0x1e
-- between them, each a letter for its token, method and target in a line, header lines, an empty
-- line, the body. The path /LAST is the one that was given last for an upload.

local Sandbox = require "slack.sandbox"
local json = require "slack.json"
local logs = require "slack.log"
local loop = require "slack.loop"
local made_clock = require "support.clock"
local tasks = require "slack.tasks"

local APP_TOKEN <const>, BOT_TOKEN <const> = "xapp-1-A1-1-abcdef", "xoxb-1-1-abcdef"
local TOKENS <const> = { a = APP_TOKEN, b = BOT_TOKEN, w = "xoxb-wrong" }
local MOST_USES <const> = 200

local made, time = made_clock.loop()
loop.use(made)

local mistakes, sandbox, upload_path = {}, nil, nil
local uses = MOST_USES

local NOWHERE <const> = {
  connections = {}, deliver = function() return { await_ack = function() return json.null end } end,
  open_connection = function() return "wss://localhost:1/link" end, tell = function() end,
  wait_ready = function() end, stop = function() end,
}

local function start()
  uses = 0
  sandbox = Sandbox.without_network({
    clock = function() return 1772323200 + time.now end, app_token = APP_TOKEN,
    bot_token = BOT_TOKEN, users = { "ada", "bob" }, channels = { "general", "random" },
    log = logs.new { level = "error", sink = function(line) table.insert(mistakes, line) end },
    scopes = nil, most_calls = 10,
  }, { url = "https://localhost:1/", socket = NOWHERE, rtm = NOWHERE })
end

local function headers_of(lines, token)
  local headers = {}
  for line in lines:gmatch "[^\r\n]+" do
    local name, value = line:match "^([%w-]+): ?(.*)$"
    if name then
      headers[name:lower()] = value
    end
  end
  headers.authorization = token and "Bearer " .. token or headers.authorization
  return headers
end

local function ask(text)
  local first, lines, body = text:match "^([^\n]*)\n(.-)\n\n(.*)$"
  local letter, method, target = (first or ""):match "^(%l) (%u+) (/%S*)$"
  if not letter then
    return
  end
  local path, query = target:match "^([^?]*)%??(.*)$"
  path = path == "/LAST" and upload_path or path
  local status, headers, answer = sandbox:answer {
    method = method, path = path, query = query, headers = headers_of(lines, TOKENS[letter]),
    body = body,
  }
  assert(math.type(status) == "integer" and #headers % 2 == 0 and type(answer) == "string")
  for _, header in ipairs(headers) do
    assert(not header:find "[\r\n%z]", "a header of several lines")
  end
  if path:find "^/api/[%w._]+$" and status == 200 then
    local decoded = json.decode(answer)
    assert(type(decoded) == "table" and type(decoded.ok) == "boolean", answer)
    upload_path = decoded.upload_url and decoded.upload_url:match "^https://[^/]+(.*)$"
      or upload_path
  end
  assert(not mistakes[1], mistakes[1])
end

return function(data)
  if uses >= MOST_USES then
    start()
  end
  uses = uses + 1
  tasks.run(function()
    for text in data:gmatch "[^\x1e]+" do
      ask(text)
    end
  end)
  time.now = time.now + 60
end
