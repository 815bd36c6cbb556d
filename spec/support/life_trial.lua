-- Apps that start, stop, reload, are refreshed and dropped by chance, while others talk to them,
-- call and store, and are cancelled: Socket Mode, HTTP, Web API, inbox and scripts at once, in one
-- process, so that their threads meet in as many ways as possible. What is looked for is what
-- sanitizers see, errors that nobody expects, and what does not end.
local core = require "slack.core"
local files = require "support.files"
local local_slack = require "support.local_slack"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local PATIENCE <const> = 60 -- seconds, for what should take none

---@class spec.LifeTrial
---@field here slack.Sandbox
---@field folder string
---@field apps table<integer, slack.App> by the number of their place
---@field problems string[]
---@field counts table<string, integer> what was done how often
local Trial = {}
Trial.__index = Trial

local M = {}

-- Chance ----------------------------------------------------------------------------

-- The moment at which things meet is not the seed's alone, but what is done is.
local function new_chance(seed)
  return function(most)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % most + 1
  end
end

function Trial:pause(most_ms)
  tasks.sleep(self.chance(most_ms) / 1000)
end

function Trial:count(what)
  self.counts[what] = (self.counts[what] or 0) + 1
end

function Trial:problem(...)
  table.insert(self.problems, (string.format(...)))
end

---One of a list; nil when it is empty.
function Trial:one_of(list)
  return list[1] and list[self.chance(#list)]
end

-- Apps --------------------------------------------------------------------------------

local SCRIPT <const> = [[
  local app = ...
  local slack = require "slack"
  local VERSION = %d
  app:message("", function(c)
    if VERSION %% 3 == 0 then slack.sleep(0.002) end
    c:react "wave"
    app.store:incr "seen"
  end)
  app:command("/wait", function(c)
    c:ack()
    c:ask("What?", { timeout = 0.05 })
  end)
  app:every(0.05, function() app.store:set("now", VERSION) end)
]]

function Trial:save_script()
  self.version = self.version + 1
  local path = self.folder .. "/scripts/"
  local text = self.chance(8) == 1 and "if then" or SCRIPT:format(self.version)
  files.write(path .. ".new", text)
  assert(os.rename(path .. ".new", path .. "one.lua"))
  self:count "save"
end

local TRANSPORTS <const> = { "socket", "http", "both" }

function Trial:new_app(place)
  local here, transport = self.here, TRANSPORTS[self.chance(3)]
  local has_http = transport ~= "socket"
  local app = slack.app {
    token = here.bot_token, app_token = has_http and transport ~= "both" and nil or here.app_token,
    signing_secret = has_http and here.signing_secret or nil, transport = transport,
    http = has_http and { host = "127.0.0.1", port = 0 } or nil,
    api_url = here.api_url, ca_file = here.ca_file, connections = self.chance(3),
    storage = self.chance(3) > 1 and ("sqlite:%s/store%d"):format(self.folder, place) or nil,
    scripts = self.folder .. "/scripts", watchdog = 60, shutdown_timeout = 0.2,
    log = { level = "debug", sink = function(line)
      if line:find(" ERROR ", 1, true) and not line:find("one.lua", 1, true) then
        self:problem("logged: %s", line)
      end
    end },
  }
  app:action("button", function(c) c:ack() end)
  return app
end

function Trial:deliver_to(app)
  if app.http_server then
    local url = app.http_server:url() .. app.settings.http.path
    self.here:deliver_over_http { url = url }
    self.here.delivery = self.chance(2) == 1 and "alternate" or nil
  end
end

local function end_app(self, app)
  local way = self.chance(4)
  if way == 1 then
    app:close()
    self:count "close"
  elseif way == 2 then -- twice at a time
    local other = tasks.spawn(app.stop, app)
    app:stop(0.05)
    other:join()
    self:count "stop twice"
  elseif way == 3 then
    app:stop(0)
    self:count "stop at once"
  else
    app:stop()
    self:count "stop"
  end
end

-- In the middle of its start.
local function break_off(self, app)
  local start = tasks.spawn(app.start, app)
  self:pause(20)
  if self.chance(2) == 1 then
    start:cancel()
    self:count "start cancelled"
  else
    self:count "start broken off"
  end
  end_app(self, app)
  start:join()
end

local function live(self, place)
  local app = self:new_app(place)
  self.apps[place] = app
  for _ = 1, self.chance(2) do
    if self.chance(4) == 1 then
      break_off(self, app)
    else
      local ok, err = app:start()
      if not ok then
        self:problem("start: %s", err)
      end
      self:deliver_to(app)
      self:count "start"
      self:pause(150)
      end_app(self, app)
    end
  end
  if app.phase ~= "idle" then
    self:problem("the app is %s after its end", app.phase)
  end
  self.apps[place] = nil
end

-- What others do meanwhile --------------------------------------------------------------

local function running_app(self)
  local running = {}
  for place = 1, self.places do
    local app = self.apps[place]
    if app and app.phase == "running" then
      table.insert(running, app)
    end
  end
  return self:one_of(running)
end

local ACTS = {}

function ACTS:say()
  self.here:say { text = "n" .. self.chance(1000) }
end

function ACTS:command()
  self.here:command { command = "/wait", timeout = 0.3 }
end

function ACTS:call()
  local app = running_app(self)
  if app then
    app.client.chat.postMessage { channel = "C07GENERAL1", text = "hello" }
  end
end

function ACTS:fetch()
  slack.fetch(self.here.api_url .. "api.test", { timeout = 0.2, ca_file = self.here.ca_file })
end

function ACTS:probe()
  local app = running_app(self)
  if app and app.http_server then
    slack.fetch(app.http_server:url() .. "/health", { timeout = 0.2 })
  end
end

function ACTS:store()
  local app = running_app(self)
  if app then
    local store = app.store -- which fails when the app ends meanwhile
    store:set("k" .. self.chance(9), self.chance(9), { ttl = 1 })
    store:get("k" .. self.chance(9))
  end
end

function ACTS:look()
  local app = running_app(self)
  if app then
    app:stats()
  end
end

function ACTS:reload()
  self:save_script()
  local app = running_app(self)
  if app and self.chance(2) == 1 then
    app.scripts:reload_all()
  end
end

function ACTS:refresh()
  local connection = self:one_of(self.here:connections())
  if connection then
    local way = self.chance(4)
    if way == 1 then
      connection:reset()
    elseif way == 2 then
      connection:close(1001, "going away")
    else
      connection:disconnect(way == 3 and "refresh_requested" or "warning")
    end
  end
end

function ACTS:collect()
  collectgarbage(self.chance(3) == 1 and "collect" or "step")
end

function ACTS:cancel()
  local task = self:one_of(self.under_way)
  if task then
    task:cancel()
  end
end

local NAMES <const> = {
  "say", "say", "say", "command", "call", "call", "fetch", "probe", "store", "look", "reload",
  "refresh", "collect", "cancel",
}

local function forget(list, item)
  for i, other in ipairs(list) do
    if other == item then
      list[i] = list[#list]
      list[#list] = nil
      return
    end
  end
end

local function act(self)
  local name = self:one_of(NAMES)
  local task
  task = tasks.spawn(function()
    local leaving <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
      forget(self.under_way, task)
    end })
    self:count(name)
    ACTS[name](self)
  end)
  table.insert(self.under_way, not task:is_done() and task or nil)
end

-- The trial -----------------------------------------------------------------------------

local function run_all(self, seconds)
  local ends_at, left = loop.now() + seconds, self.places
  for place = 1, self.places do
    tasks.spawn(function()
      while loop.now() < ends_at do
        live(self, place)
      end
      left = left - 1
    end)
  end
  while loop.now() < ends_at do
    act(self)
    self:pause(6)
  end
  local patience = loop.now() + PATIENCE
  while (left > 0 or self.under_way[1]) and loop.now() < patience do
    tasks.sleep(0.01)
  end
  if left > 0 then
    self:problem("%d apps do not end", left)
  end
  if self.under_way[1] then
    self:problem("%d of the calls do not end", #self.under_way)
  end
end

-- All is as it was: what is heard, is handled.
local function check_last(self)
  files.write(self.folder .. "/scripts/one.lua", SCRIPT:format(1))
  local app <close> = self:new_app(1)
  local heard = false
  app:message("", function() heard = true end)
  local ok, err = app:start()
  if not ok then
    return self:problem("last start: %s", err)
  end
  self:deliver_to(app)
  self.here.delivery = app.http_server and "http" or "socket"
  local patience = loop.now() + PATIENCE
  while not heard and loop.now() < patience do
    self.here:say { text = "the last one" }
    tasks.sleep(0.05)
  end
  if not heard then
    self:problem "the last app is deaf"
  end
  app:stop()
end

---Lets apps live for so long.
---@param given { seed: integer, seconds: number, places: integer? }
---@return string[] problems
---@return table<string, integer> counts
function M.run(given)
  local directory <close> = files.temporary()
  local self = setmetatable({
    chance = new_chance(given.seed), folder = directory.path, problems = {}, counts = {},
    apps = {}, places = given.places or 3, under_way = {}, version = 0,
  }, Trial)
  assert(core.make_directory(self.folder .. "/scripts"))
  self:save_script()
  local before, before_loop = tasks.on_error, loop.default().on_error
  function tasks.on_error(task, err, traceback)
    self:problem("raised in %s: %s%s", task.name or "a task", tostring(err), traceback)
  end
  loop.default().on_error = function(message)
    self:problem("raised in the loop: %s", message)
  end
  tasks.run(function()
    self.here = assert(local_slack.start { tls = given.seed % 2 == 0 })
    local here <close> = self.here -- luacheck: ignore 211
    run_all(self, given.seconds)
    check_last(self)
  end)
  tasks.on_error, loop.default().on_error = before, before_loop
  return self.problems, self.counts
end

return M
