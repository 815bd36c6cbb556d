-- A network of this process's own: an app's namespace and this one, a router between them that
-- loses what it is told to, and a name server. Only in a process that was started behind
-- `enter()`, where the system allows that; `missing()` says why not.
--
--   here, 10.9.1.1 and 10.9.1.2 (Slack) --- router --- 10.9.2.1 (the app)
local Process = require "support.process"
local files = require "support.files"
local wait_until = require "support.wait_until"

local OwnNetwork = {}
OwnNetwork.__index = OwnNetwork
OwnNetwork.__name = "own network"

local BUILD <const> = os.getenv "SLACK_CORE_DIR" or "build"
local SLACK <const>, APP <const> = "10.9.1", "10.9.2"
local NAME <const> = "slack.test"
-- Of each 300 ms so many pass nothing: packets are lost in bursts, a fifth of them.
local PASSING <const>, LOSING <const> = 0.24, 0.06

OwnNetwork.NAME = NAME

local PROBE <const> = [[
ip link add probe type veth peer name other && mount --bind %s /etc/resolv.conf
]]

---Words before a command that give it namespaces of its own.
---@return string
function OwnNetwork.enter()
  local _, user = files.run "id -u"
  return user:match "^0%s" and "unshare -mn " or "unshare -Urmn "
end

---What this system lacks; nil: nothing.
---@return string?
function OwnNetwork.missing()
  for _, tool in ipairs { "unshare", "nsenter", "ip", "mount" } do
    if not files.run("command -v " .. tool) then
      return tool .. " is not installed"
    end
  end
  local directory <close> = files.temporary()
  local path = directory.path .. "/resolv.conf"
  files.write(path, "")
  local script = directory.path .. "/probe"
  files.write(script, PROBE:format(path))
  local ok, output = files.run(OwnNetwork.enter() .. "sh -e " .. script)
  if not ok then
    return "no network of its own can be made here: " .. output:match "[^\n]*"
  end
end

local function run(command)
  local ok, output = files.run(command)
  return assert(ok or nil, command .. ": " .. output)
end

-- A command in the namespace of a process.
local function at(holder, command)
  return ("nsenter -t %d -n %s"):format(holder.pid, command)
end

local function new_namespace()
  local holder = Process.start "unshare -n sleep 100000"
  local own = "readlink /proc/self/ns/net"
  wait_until("a namespace", function()
    local _, mine = files.run(own)
    local _, its = files.run(("readlink /proc/%d/ns/net"):format(holder.pid))
    return its ~= "" and its ~= mine
  end)
  return holder
end

local function link(self)
  local router, app = self.router, self.app
  run("ip link set lo up")
  run(("ip link add slack type veth peer name toslack netns %d"):format(router.pid))
  run("ip link set slack up")
  for _, last in ipairs { 1, 2, 9 } do
    run(("ip addr add %s.%d/24 dev slack"):format(SLACK, last))
  end
  run(("ip route add %s.0/24 via %s.254"):format(APP, SLACK))
  run(at(router, ("ip link add toapp type veth peer name app netns %d"):format(app.pid)))
  run(at(router, ("ip addr add %s.254/24 dev toslack"):format(SLACK)))
  run(at(router, ("ip addr add %s.254/24 dev toapp"):format(APP)))
  run(at(router, "ip link set toslack up"))
  run(at(router, "ip link set toapp up"))
  run(at(app, "ip link set lo up"))
  run(at(app, ("ip addr add %s.1/24 dev app"):format(APP)))
end

local function start_name_server(self)
  local path = self.directory.path .. "/control"
  assert(files.run("mkfifo " .. path))
  self.server = Process.start(("%s/unit/name_server %s %s.9 53"):format(BUILD, path, SLACK))
  wait_until("the name server (built by: make unit)", function()
    return self.server:output():find "listening" or not self.server:is_running()
  end)
  assert(self.server:is_running(), self.server:output())
  self.control, self.told = assert(io.open(path, "r+")), 0
  local configuration = self.directory.path .. "/resolv.conf"
  files.write(configuration, ("nameserver %s.9\n"):format(SLACK))
  run(("mount --bind %s /etc/resolv.conf"):format(configuration))
end

---Makes the network.
---@return table network
function OwnNetwork.start()
  local self = setmetatable({ directory = files.temporary() }, OwnNetwork)
  self.router, self.app = new_namespace(), new_namespace()
  link(self)
  self:plug()
  self:pass()
  start_name_server(self)
  self:names "answer 10.9.1.1"
  return self
end

---The same words before a command have it run where the app is.
---@return string
function OwnNetwork:app_words()
  return at(self.app, "")
end

---What the name server says from now on: see spec/unit/name_server.c.
---@async
---@param words string "answer 10.9.1.2", "nxdomain", "servfail" or "hang"
function OwnNetwork:names(words)
  self.told = self.told + 1
  self.control:write(words, "\n")
  self.control:flush()
  wait_until("the name server to obey", function()
    return self.server:output():find("obeying command " .. self.told .. "\n", 1, true)
  end)
end

local function forward(self, on)
  run(at(self.router, ("sh -c 'echo %d >/proc/sys/net/ipv4/ip_forward'"):format(on and 1 or 0)))
end

---The router loses everything, and tells nobody.
function OwnNetwork:lose_all()
  forward(self, false)
end

---The router loses a fifth of what comes, in bursts, until `pass`.
function OwnNetwork:lose_some()
  local loop = ("cd /proc/sys/net/ipv4; while :; do echo 0 >ip_forward; sleep %g; "
    .. "echo 1 >ip_forward; sleep %g; done"):format(LOSING, PASSING)
  self.loser = Process.start(at(self.router, "sh -c '" .. loop .. "'"))
end

---The router loses nothing any more.
function OwnNetwork:pass()
  if self.loser then
    Process.__close(self.loser)
    self.loser = nil
  end
  forward(self, true)
end

---The cable of the app's machine is pulled.
function OwnNetwork:unplug()
  run(at(self.app, "ip link set app down"))
end

---It is plugged in.
function OwnNetwork:plug()
  run(at(self.app, "ip link set app up"))
  run(at(self.app, ("ip route replace default via %s.254"):format(APP)))
end

---The app's machine gets another address.
function OwnNetwork:move_app()
  run(at(self.app, ("ip addr add %s.2/24 dev app"):format(APP)))
  run(at(self.app, ("ip addr del %s.1/24 dev app"):format(APP)))
  run(at(self.app, ("ip addr replace %s.2/24 dev app"):format(APP)))
  run(at(self.app, ("ip route replace default via %s.254"):format(APP)))
end

---Slack moves to another address, to which its name leads; nobody is at the old one.
---@async
function OwnNetwork:move_slack()
  self:names "answer 10.9.1.2"
  run(("ip addr del %s.1/24 dev slack"):format(SLACK))
  run(("ip addr replace %s.2/24 dev slack"):format(SLACK))
  run(("ip addr replace %s.9/24 dev slack"):format(SLACK))
  run(("ip route replace %s.0/24 via %s.254"):format(APP, SLACK))
end

function OwnNetwork:stop()
  if self.loser then
    Process.__close(self.loser)
  end
  self.control:close()
  for _, process in ipairs { self.server, self.app, self.router } do
    Process.__close(process)
  end
  os.execute "umount /etc/resolv.conf"
  getmetatable(self.directory).__close()
end

OwnNetwork.__close = OwnNetwork.stop

return OwnNetwork
