-- A real squid on this machine: one process whose ports differ in what they want. It knows
-- hosts that nobody else does, so that what reaches them has gone through it.
local Process = require "support.process"
local Proxy = require "support.proxy"
local core = require "slack.core"
local files = require "support.files"

local Squid = {}
Squid.__index = Squid
Squid.__name = "squid"

local CONFIGURATION <const> = [[
http_port 127.0.0.1:$open name=open
http_port 127.0.0.1:$shut name=shut
https_port 127.0.0.1:$tls name=tls tls-cert=$path/certificate.pem tls-key=$path/key.pem
auth_param basic program $helper $path/members
auth_param basic children 1 startup=1 idle=1
acl shut myportname shut
acl member proxy_auth REQUIRED
acl forbidden dstdomain forbidden.test
http_access deny forbidden
http_access deny shut !member
http_access allow localhost
hosts_file $path/hosts
dns_nameservers 127.0.0.1
access_log stdio:$path/access
cache_log /dev/null
cache deny all
netdb_filename none
pid_filename none
pinger_enable off
shutdown_lifetime 0 seconds
]]

-- Not in the search path of every user.
local FIND <const> = "PATH=$PATH:/usr/sbin:/usr/local/sbin command -v squid"
local HELPERS <const> = "ls /usr/lib/squid/basic_ncsa_auth /usr/lib*/squid/basic_ncsa_auth"

---@return string? program
local function program()
  local ok, output = files.run(FIND)
  return ok and output:match "[^\n]+" or nil
end

---Whether the program is there.
---@return boolean
function Squid.is_installed()
  return program() ~= nil
end

local function hash(password)
  local pipe <close> = assert(io.popen("openssl passwd -apr1 " .. Process.quote(password), "r"))
  return assert(pipe:read "l")
end

-- What it reads, also as the user that it becomes.
local function write_files(self, options)
  local path = self.directory.path
  local _, helper = files.run(HELPERS)
  local values = {
    path = path, helper = helper:match "/[^\n]+auth", open = self.open, shut = self.shut,
    tls = self.tls,
  }
  files.write(path .. "/conf", (CONFIGURATION:gsub("%$(%w+)", values)))
  files.write(path .. "/members", ("%s:%s\n"):format(options.user, hash(options.password)))
  files.write(path .. "/hosts", ("127.0.0.1 %s\n"):format(table.concat(options.hosts, " ")))
  files.write(path .. "/access", "")
  for name, text in pairs(assert(core.certificate { names = "IP:127.0.0.1" })) do
    files.write(("%s/%s.pem"):format(path, name), text)
  end
  os.execute(("chmod 755 %s && chmod 644 %s/* && chmod 666 %s/access"):format(path, path, path))
end

---Starts it and waits until it answers.
---@param options { user: string, password: string, hosts: string[] } hosts: names of this machine
---@return table squid with the ports open, shut (which wants the credentials) and tls (whose
---  certificate is of the authority in ca_file)
function Squid.start(options)
  local self = setmetatable({ directory = files.temporary() }, Squid)
  self.open, self.shut, self.tls = Proxy.three_free_ports()
  self.ca_file = self.directory.path .. "/authority.pem"
  write_files(self, options)
  -- Debian's does its TLS with gnutls, which spec/sanitize/run may have put to sleep.
  self.process = Process.start(
    ("env -u GNUTLS_NO_IMPLICIT_INIT %s -N -n spec%d -d 1 -f %s/conf"):format(program(), self.open,
      self.directory.path))
  if not Proxy.wait_for(self.shut) or not Proxy.is_shut(self.shut) then
    local output = self.process:output()
    self:stop()
    error("squid does not answer, or not as it should: " .. output)
  end
  return self
end

---What it has logged so far: a line for each tunnel that has ended.
---@return string
function Squid:output()
  return files.read(self.directory.path .. "/access")
end

-- Asked to end, it takes two seconds. What it shares with itself stays when it is killed.
function Squid:stop()
  self.process:signal "KILL"
  Process.__close(self.process)
  os.execute(("rm -f /dev/shm/spec%d-*"):format(self.open))
  getmetatable(self.directory).__close(self.directory)
end

Squid.__close = Squid.stop

return Squid
