-- A server of another process that does to its clients what a script says, step by step:
-- see spec/unit/scripted_server.c, which `make unit` builds.
local Process = require "support.process"
local core = require "slack.core"
local files = require "support.files"
local tasks = require "slack.tasks"

local ScriptedServer = {}
ScriptedServer.__index = ScriptedServer

local BUILD <const> = os.getenv "SLACK_CORE_DIR" or "build"
local ESCAPES <const> = { ["\r"] = "\\r", ["\n"] = "\\n", ["\\"] = "\\\\" }

---Bytes as the argument of a step.
---@param bytes string
---@return string
function ScriptedServer.text(bytes)
  return (bytes:gsub("[\r\n\\]", ESCAPES):gsub("[^ -~]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end))
end

-- A fresh certificate as the program wants it, and its folder.
local function certificate_of(options)
  local directory = files.temporary()
  for name, text in pairs(assert(core.certificate { names = "IP:127.0.0.1" })) do
    files.write(("%s/%s.pem"):format(directory.path, name), text)
  end
  local words = "%s/certificate.pem %s/key.pem" .. (options.http2 and " h2" or "")
  return words:format(directory.path, directory.path), directory
end

local function launch(scripts, options)
  local texts = {}
  for i, steps in ipairs(scripts) do
    texts[i] = table.concat(steps, "\n") .. "\n"
  end
  local is_encrypted = options.tls or options.http2
  local self = setmetatable({ directory = files.temporary() }, ScriptedServer)
  local path = self.directory.path .. "/script"
  files.write(path, table.concat(texts, "--\n"))
  local words = ""
  if is_encrypted then
    words, self.certificates = certificate_of(options)
    self.ca_file = self.certificates.path .. "/authority.pem"
  end
  self.program = Process.start(("%s/unit/scripted_server %s %s"):format(BUILD, path, words))
  for _ = 1, 3000 do
    self.port = tonumber(self.program:output():match "^%d+\n")
    if self.port then
      self.url = (is_encrypted and "https" or "http") .. "://127.0.0.1:" .. self.port
      return self
    end
    tasks.sleep(0.005)
  end
  error("the server does not start (built by: make unit): " .. self.program:output())
end

---Steps of one connection after another; those of the last go for all that follow.
---@param ... string[]
function ScriptedServer.start(...)
  return launch({ ... }, {})
end

---The same over TLS, with a certificate of the authority in its ca_file.
---@param ... string[]
function ScriptedServer.start_tls(...)
  return launch({ ... }, { tls = true })
end

---The same, speaking HTTP/2 frame by frame.
---@param ... string[]
function ScriptedServer.start_http2(...)
  return launch({ ... }, { http2 = true })
end

---How many requests it has read.
---@return integer
function ScriptedServer:count()
  return select(2, self.program:output():gsub("request", ""))
end

---How many of its TLS connections were opened with the session of an earlier one.
---@return integer
function ScriptedServer:count_resumed()
  return select(2, self.program:output():gsub("resumed", ""))
end

function ScriptedServer:stop()
  Process.__close(self.program)
  getmetatable(self.directory).__close()
  if self.certificates then
    getmetatable(self.certificates).__close()
  end
end

ScriptedServer.__close = ScriptedServer.stop

return ScriptedServer
