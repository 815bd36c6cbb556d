-- A real Redis server on this machine, for as long as a spec wants it.
local Process = require "support.process"
local files = require "support.files"
local lasting_port = require "support.lasting_port"

local PATIENCE <const> = 20 -- seconds
local ATTEMPTS <const> = 20

local Redis = {}
Redis.__index = Redis
Redis.__name = "redis"

---Whether the program is there.
---@return boolean
function Redis.is_installed()
  return files.run "command -v redis-server >/dev/null"
end

---What a spec says that cannot run without it.
Redis.MISSING = "redis-server is not installed"

-- Whether it serves; false: the port is somebody else's.
local function wait_for(self)
  local deadline = os.time() + PATIENCE
  while true do
    local is_running, output = self.program:is_running(), self.program:output()
    if output:find "eady to accept connections" or output:find "Sentinel ID is" then
      return true
    elseif output:find "Address already in use" then
      return false
    end
    assert(is_running and os.time() <= deadline, output)
    os.execute "sleep 0.01"
  end
end

---Starts it and waits until it serves. Nothing is kept on the disk.
---@param lines? string[] of its configuration
---@param arguments? string of the program
---@return table redis with port, url and the path of a socket
function Redis.start(lines, arguments)
  local self = setmetatable({ directory = files.temporary() }, Redis)
  self.lines, self.arguments = lines or {}, arguments or ""
  self.socket = self.directory.path .. "/redis.sock"
  for _ = 1, ATTEMPTS do
    self.port = lasting_port()
    self.url = ("redis://127.0.0.1:%d"):format(self.port)
    if self:run() then
      return self
    end
  end
  error "no port is free"
end

---Starts it again, empty, after a stop.
---@return boolean ok false: the port is taken
function Redis:run()
  if self.program then
    Process.__close(self.program)
  end
  local path = self.directory.path .. "/redis.conf"
  files.write(path, table.concat({
    "port " .. self.port, "bind 127.0.0.1", 'save ""', "appendonly no", "daemonize no",
    "dir " .. self.directory.path, "unixsocket " .. self.socket,
    self.arguments == "" and "databases 4" or "", table.concat(self.lines, "\n"), "",
  }, "\n"))
  self.program = Process.start(("redis-server %s %s"):format(path, self.arguments))
  return wait_for(self)
end

---Runs redis-cli, which waits for the answer.
---@param command string words for the shell
---@return string output
function Redis:ask(command)
  local ok, output = files.run(("redis-cli -p %d %s"):format(self.port, command))
  assert(ok, output)
  return (output:gsub("\n$", ""))
end

local PASS <const> = [[
for _, key in ipairs(redis.call("KEYS", "*")) do
  local left = redis.call("PTTL", key) - ARGV[1]
  if left > 0 then
    redis.call("PEXPIRE", key, left)
  elseif redis.call("PTTL", key) >= 0 then
    redis.call("DEL", key)
  end
end
]]

---Shortens what every entry still has to live, as if so much time had passed.
---@param seconds number
---@param database? integer 0
function Redis:pass(seconds, database)
  self:ask(("-n %d eval '%s' 0 %d"):format(database or 0, PASS, math.ceil(seconds * 1000)))
end

---Listens with TLS too.
---@param password string
---@return integer port
function Redis:listen_with_tls(password)
  local port, answer
  repeat
    port = lasting_port()
    answer = self:ask(("--no-auth-warning -a %s config set tls-port %d"):format(password, port))
  until answer == "OK"
  return port
end

---@param name string of a signal
function Redis:signal(name)
  self.program:signal(name)
end

---Ends it at once, as a crash does.
function Redis:kill()
  self.program:signal "KILL"
  self.program:wait()
end

function Redis:stop()
  self.program:signal "CONT"
  self.program:signal "KILL"
  Process.__close(self.program)
  getmetatable(self.directory).__close(self.directory)
end

Redis.__close = Redis.stop

return Redis
