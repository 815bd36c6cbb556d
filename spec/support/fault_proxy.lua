-- A TCP relay in a process of its own, between an app and its Slack, which spoils what goes
-- through it on command: see spec/unit/fault_relay_server.c, which `make unit` builds.
--
--   local relay <close> = FaultProxy.start { api = here.server:port(), ws = port }
--   relay:tell("ws old", "stall both")   -- routes and faults as that file lists them
--   relay:tell("ws at upgrade", "reset")
local Process = require "support.process"
local files = require "support.files"
local wait_until = require "support.wait_until"

local FaultProxy = {}
FaultProxy.__index = FaultProxy
FaultProxy.__name = "fault proxy"

local BUILD <const> = os.getenv "SLACK_CORE_DIR" or "build"

---@param targets table<string, integer|string> ports of this machine, or "ADDRESS:PORT", by route
---@param listen? string the address that it listens at, "127.0.0.1"
---@return table relay with ports, by route
function FaultProxy.start(targets, listen)
  local self = setmetatable({ directory = files.temporary(), ports = {}, told = 0 }, FaultProxy)
  local path = self.directory.path .. "/control"
  assert(files.run("mkfifo " .. path))
  local control = listen and listen .. "@" .. path or path
  local words, routes = { BUILD .. "/unit/fault_relay_server", control }, 0
  for name, target in pairs(targets) do
    routes = routes + 1
    local address = math.type(target) and "127.0.0.1:" .. target or target
    table.insert(words, name .. "=" .. address)
  end
  self.program = Process.start(table.concat(words, " "))
  wait_until("the fault relay (built by: make unit)", function()
    local count = 0
    for name, port in self.program:output():gmatch "port (%w+) (%d+)\n" do
      self.ports[name], count = math.tointeger(port), count + 1
    end
    return count == routes or not self.program:is_running()
  end)
  assert(self.program:is_running(), self.program:output())
  -- Opened for both, or it would wait for a reader.
  self.control = assert(io.open(path, "r+"))
  self.control:setvbuf "line"
  return self
end

---Has it do something, and waits until it is done.
---@async
---@param words string "ws old"
---@param fault? string "stall both"
function FaultProxy:tell(words, fault)
  local line = fault and words .. " " .. fault or words
  self.told = self.told + 1
  self.control:write(line, "\n")
  self.control:flush()
  local answer = wait_until("the fault relay to obey: " .. line, function()
    return self.program:output():match("(%a+ing) command " .. self.told .. "\n")
  end)
  assert(answer == "obeying", "the fault relay does not know: " .. line)
end

---How many of its lines have this in them, as "accepted ws" or "stage ws %d+ upgrade".
---@param pattern string
---@return integer
function FaultProxy:count(pattern)
  local _, count = self.program:output():gsub(pattern, "")
  return count
end

---Has a local Slack name this relay's ports (routes api and ws) in each URL that it gives.
---@param here slack.Sandbox
function FaultProxy:stand_before(here)
  for _, place in ipairs { here, here.uploads } do
    place.url = place.url:gsub(":%d+", ":" .. self.ports.api, 1)
  end
  here.socket.url = here.socket.url:gsub(":%d+", ":" .. self.ports.ws, 1)
  here.api_url = here.url .. "api/"
end

---A relay before a local Slack.
---@param here slack.Sandbox
---@param listen? string the address that it listens at, "127.0.0.1"
---@return table relay
function FaultProxy.before(here, listen)
  local relay = FaultProxy.start({
    api = here.server:port(), ws = here.server:websocket_port(),
  }, listen)
  relay:stand_before(here)
  return relay
end

function FaultProxy:stop()
  self.control:close()
  Process.__close(self.program)
  getmetatable(self.directory).__close()
end

FaultProxy.__close = FaultProxy.stop

return FaultProxy
