-- The console of an app that runs: a server on a socket that its user alone can connect to.
-- What is sent there runs as Lua in a task of the app.

local Session = require "slack.console.session"
local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"
local link = require "slack.console.link"
local loop = require "slack.loop"
local place = require "slack.console.place"
local scheduler = require "slack.scheduler"
local tasks = require "slack.tasks"

local MAX_SESSIONS <const> = 16
local JSON <const> = { "Content-Type", "application/json" }

---@class slack.Console
---@field app slack.App
---@field path string of its socket
local Console = {}
Console.__index = Console
Console.__name = "slack.console"

-- Sessions -------------------------------------------------------------------------------

-- Of several at once each has variables of its own; the one that was used last stays longest.
local function session_of(self, name)
  local session = self.sessions[name]
  if not session then
    session = Session.new(self.app)
    self.sessions[name] = session
  end
  for i, other in ipairs(self.recent) do
    if other == name then
      table.remove(self.recent, i)
      break
    end
  end
  table.insert(self.recent, name)
  if #self.recent > MAX_SESSIONS then
    self.sessions[table.remove(self.recent, 1)] = nil
  end
  return session
end

-- Requests ---------------------------------------------------------------------------------

local function about(self)
  return {
    pid = core.pid(), program = arg and arg[0] or nil, name = self.app.settings.name,
    worker = self.app.worker,
    phase = self.app.phase, seconds = loop.now() - self.began,
  }
end

local function respond(self, number, status, answer)
  if self.server then
    self.server:respond(number, status, JSON, assert(json.encode(answer)))
  end
end

local function run(self, number, wish)
  scheduler.current().name = "a chunk of the console" -- for the watchdog
  local session = session_of(self, wish.session)
  respond(self, number, 200, session:run(wish.text))
end

local function take(self, number, method, target, body)
  local wish = method == "POST" and target == "/run" and json.decode(body)
  if method == "GET" and target == "/" then
    respond(self, number, 200, about(self))
  elseif type(wish) == "table" and type(wish.text) == "string"
    and type(wish.session) == "string" then
    tasks.spawn(run, self, number, wish)
  else
    respond(self, number, 400, { error = "POST /run with session and text expected" })
  end
end

-- Life ---------------------------------------------------------------------------------------

local function failure(code, message)
  return nil, errors.new { code = code, message = "the console: " .. message }
end

-- Where it listens. A socket that a process has left behind, which was killed, is removed.
local function choose_path(where)
  local path = where
  if where == true then
    local folder, problem = place.prepare()
    if not folder then
      return failure("unsafe", problem)
    end
    path = place.of_process(folder, core.pid())
  end
  local _, kind = core.stat(path)
  if kind == nil then
    return path
  elseif kind ~= "other" then
    return failure("exists", ("%s is a %s: choose another path"):format(path, kind))
  elseif link.about(path) then
    return failure("address_in_use", ("another one is at %s: choose another path"):format(path))
  end
  os.remove(path)
  return path
end

---Begins to listen.
---@async
---@param app slack.App
---@param where true|string path of the socket; true: where `lua-slack console` looks
---@return slack.Console?
---@return slack.Error? err
function Console.open(app, where)
  local path, err = choose_path(where)
  if not path then
    return nil, err
  end
  local self = setmetatable({
    app = app, path = path, sessions = {}, recent = {}, began = loop.now(),
  }, Console)
  self.source = loop.register(function(kind, number, method, target, _, body)
    if kind == "request" then
      take(self, number, method, target, body)
    end
  end)
  local server, message, code = core.http_server {
    path = path, mailbox = loop.mailbox(), source = self.source, log = app.log:core(),
  }
  if not server then
    loop.unregister(self.source)
    return failure(code, message)
  end
  self.server = server
  return self
end

---Ends it; what runs goes on without being heard.
function Console:close()
  if self.server then
    self.server:close()
    self.server = nil
    loop.unregister(self.source)
    os.remove(self.path)
  end
end

return Console
