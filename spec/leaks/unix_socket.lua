-- A bot's console, opened and closed, asked and left alone; and servers that cannot listen.
local Console = require "slack.console"
local core = require "slack.core"
local files = require "support.files"
local footprint = require "support.footprint"
local http = require "slack.http"
local log = require "slack.log"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local folder = files.temporary()
local path = folder.path .. "/console"

local function ask(method, target, body)
  return http.request {
    method = method, url = "http://localhost" .. target, body = body,
    net = assert(http.net { socket = path }),
  }
end

local function cannot_listen(where)
  assert(not core.http_server {
    path = where, mailbox = loop.mailbox(), source = 1, log = log.default():core(),
  })
end

local function one_round()
  loop.use(nil)
  local app = slack.app { token = "xoxb-1", app_token = "xapp-1", log = "off" }
  tasks.run(function()
    local console = assert(Console.open(app, path))
    assert(ask("GET", "/").status == 200)
    local answer = assert(ask("POST", "/run", [[{"session":"a","text":"1 + 1"}]]))
    assert(answer.status == 200 and answer.body:find "2", answer.body)
    cannot_listen(path)
    console:close()
    assert(not ask("GET", "/"))
  end)
  cannot_listen(folder.path .. "/nowhere/socket")
  cannot_listen(("x"):rep(500))
end

footprint.rounds(6, one_round)
getmetatable(folder).__close(folder)
