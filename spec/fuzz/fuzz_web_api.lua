-- What may answer a call of the Web API: anything. An answer with ok, or an error with a code and
-- a text for people, in which the token never stands. The input: the status, header
-- lines, an empty line, the body.

local Response = require "slack.http_response"
local clients = require "slack.client"
local http = require "slack.http"
local log = require "slack.log"
local loop = require "slack.loop"
local made_clock = require "support.clock"
local tasks = require "slack.tasks"

local TOKEN <const> = "xoxb-111111111111-222222222222-abcdefABCDEF"
local MOST_REQUESTS <const> = 100

local answer, requests
local lines = {}

loop.use((made_clock.loop()))

http.request = function(request) -- luacheck: ignore 122
  requests = requests + 1
  return Response.new({ status = answer.status, headers = answer.headers, body = answer.body,
    seconds = 0, version = "1.1" }, request.url)
end

local function new_client()
  return clients.new {
    token = TOKEN, proxy = "", pacing = false, max_wait = 60,
    log = log.new { level = "debug", sink = function(line) table.insert(lines, line) end },
  }
end

local client, calls = new_client(), 0

local function expect_result(value, err)
  if value ~= nil then
    assert(type(value) == "table" and err == nil)
    return
  end
  assert(type(err.code) == "string" and err.code ~= "" and type(err.message) == "string")
  assert(not err.message:find(TOKEN, 1, true), "the token is shown")
  assert(#err.message < 64 * 1024)
  tostring(err)
end

local METHODS <const> = {
  { "chat.postMessage", { channel = "C1", text = "x" } }, { "users.list" }, { "unheard.of" },
}

local function use()
  for _, one in ipairs(METHODS) do
    expect_result(client:call(one[1], one[2]))
  end
  local items = client:each("conversations.list", nil, { max_pages = 3 })
  for _ = 1, 5 do
    local item, err = items:next()
    if item == nil then
      assert(err == nil or err.code)
      break
    end
  end
end

return function(data)
  local status, head, body = data:match "^(%d%d%d)\n(.-)\n\n(.*)$"
  if not status or head:find "%z" then
    return
  end
  head = head:gsub("\r?\n", "\r\n") .. "\r\n"
  answer = { status = tonumber(status), headers = head, body = body }
  requests, calls, lines = 0, calls + 1, {}
  tasks.run(use)
  assert(requests <= MOST_REQUESTS, requests)
  for _, line in ipairs(lines) do
    assert(not line:find("[\r\n]"), "a log line of several lines")
    assert(not line:find(TOKEN, 1, true), "the token is logged")
  end
  if calls % 100 == 0 then
    client = new_client()
  end
end
