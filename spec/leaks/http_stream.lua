-- Bodies that stream, both ways, that end in every way, many times.
local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local core = require "slack.core"
local fetch = require "slack.fetch"
local files = require "support.files"
local footprint = require "support.footprint"
local tasks = require "slack.tasks"

local ROUNDS <const> = 6
local LONG <const> = ("x"):rep(300000)

local folder <close> = files.temporary()
local path = folder.path .. "/body"
files.write(path, LONG)

local echo = WebServer.start(function(request)
  return request.target == "/404" and 404 or 200, request.body
end)
local endless = ScriptedServer.start {
  "head", "send HTTP/1.1 200 OK\\r\\n\\r\\n", "repeat 0 " .. ("y"):rep(1000),
}

local function parts(count)
  return function()
    count = count - 1
    return count >= 0 and LONG or nil
  end
end

local function count(bytes)
  return #bytes >= 0
end

local function ask(server, options)
  options.proxy = ""
  return fetch(server.url .. (options.query and "/404" or ""), options)
end

local function whole()
  assert(ask(echo, { body = parts(2), sink = count, on_progress = type }))
  assert(ask(echo, { body = { file = path }, sink = { file = path .. "2" } }))
  assert(ask(echo, { body = "x", sink = { file = path .. "2" }, query = { a = 1 } }))
  assert(assert(ask(echo, { body = parts(1), length = #LONG, stream = true })):read "a")
end

local function broken()
  assert(not ask(echo, { body = error }))
  assert(not ask(echo, { body = parts(1), length = 5 }))
  assert(not ask(echo, { body = "x", sink = error }))
  assert(not ask(endless, { sink = { file = path .. "3" }, max_response = 100000 }))
  assert(not ask(endless, { sink = { file = "/nowhere/x" } }))
  assert(not ask(endless, { body = { file = "/nowhere" } }))
end

local function given_up()
  local open = assert(ask(endless, { stream = true }))
  open:read()
  open:close()
  assert(ask(endless, { stream = true }))
  for _, options in ipairs {
    { sink = function() tasks.sleep(60) end }, { sink = { file = path .. "3" } },
    { body = function() tasks.sleep(60) end },
  } do
    local task = tasks.spawn(ask, endless, options)
    tasks.sleep(0.05)
    task:cancel()
  end
end

-- A client of its own, closed with all of it under way.
local function closed()
  local mailbox = core.mailbox()
  local client = assert(core.http_client(mailbox, 1, core.log(mailbox, 1, "error")))
  local net = assert(core.net { proxy = "" })
  for _, stream in ipairs {
    { pieces = true, head = true, progress = true }, { feed = true, sink = path .. "4" },
    { source = path, sink = path .. "4" },
  } do
    local id = assert(client:request { url = endless.url, method = "POST", net = net,
      stream = stream })
    client:feed(id, LONG:sub(1, 1000))
    client:hand_on(id)
  end
  tasks.sleep(0.1)
  client:close()
  mailbox:take()
end

footprint.rounds(ROUNDS, function()
  tasks.run(whole)
  tasks.run(broken)
  tasks.run(given_up)
  tasks.run(closed)
end)
endless:stop()
echo:stop()
