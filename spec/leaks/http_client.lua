-- Starts and ends the client thread many times, with requests in every state.
local WebServer = require "support.web_server"
local core = require "slack.core"
local footprint = require "support.footprint"
local fetch = require "slack.fetch"
local tasks = require "slack.tasks"

local ROUNDS <const> = 10

local plain = WebServer.start(function(request)
  if request.target == "/drop" then
    return 0
  elseif request.target ~= "/silent" then
    return 200, ("x"):rep(5000), { "Set-Cookie", "a=b" }
  end
end)
local secure = WebServer.start(function()
  return 302, "", { "Location", "/next" }
end, { tls = { names = "IP:127.0.0.1" } })

local function one_client()
  local mailbox = core.mailbox()
  local log = core.log(mailbox, 1, "debug")
  local net = assert(core.net { ca_file = secure.ca_file, proxy = "" })
  local client = assert(core.http_client(mailbox, 1, log))
  for _, url in ipairs {
    plain.url, plain.url .. "/drop", secure.url, "https://localhost:" .. secure.port,
    "http://127.0.0.1:1/", "wss://x/",
  } do
    assert(client:request { url = url, net = net, method = "POST", body = "y",
      headers = { "Authorization", "Bearer x" } })
  end
  for _ = 1, 20 do
    assert(client:request { url = plain.url .. "/silent", net = net, timeout = 0.05 })
  end
  client:cancel(assert(client:request { url = plain.url .. "/silent", net = net }))
  tasks.run(tasks.sleep, 0.1)
  assert(mailbox:load() > 0)
  mailbox:take()
  client:close()
end

local function fetches()
  tasks.run(function()
    assert(fetch(plain.url, { proxy = "", json = { a = 1 }, max_response = 5000 }))
    assert(not fetch(plain.url, { proxy = "", max_response = 4999 }))
    assert(not fetch(secure.url, { proxy = "", ca_file = secure.ca_file }))
    local stuck = tasks.spawn(fetch, plain.url .. "/silent", { proxy = "" })
    tasks.sleep(0.01)
    stuck:cancel()
  end)
  assert(not core.net { ca_file = "/dev/null" })
  assert(not core.net { proxy = "socks5://user:password@host" })
  assert(not pcall(core.http_client, core.mailbox(), 1))
end

footprint.rounds(ROUNDS, function()
  one_client()
  fetches()
end)
plain:stop()
secure:stop()
