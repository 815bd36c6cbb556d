-- A server of another process that does to its clients what a script says, step by step:
-- see spec/unit/scripted_server.c, which `make unit` builds.
local Process = require "support.process"
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

---Steps of one connection after another; those of the last go for all that follow.
---@param ... string[]
function ScriptedServer.start(...)
  local scripts = {}
  for i, steps in ipairs { ... } do
    scripts[i] = table.concat(steps, "\n") .. "\n"
  end
  local self = setmetatable({ directory = files.temporary() }, ScriptedServer)
  local path = self.directory.path .. "/script"
  files.write(path, table.concat(scripts, "--\n"))
  self.program = Process.start(("%s/unit/scripted_server %s"):format(BUILD, path))
  for _ = 1, 3000 do
    self.port = tonumber(self.program:output():match "^%d+\n")
    if self.port then
      self.url = "http://127.0.0.1:" .. self.port
      return self
    end
    tasks.sleep(0.005)
  end
  error("the server does not start (built by: make unit): " .. self.program:output())
end

---How many requests it has read.
---@return integer
function ScriptedServer:count()
  return select(2, self.program:output():gsub("request ", ""))
end

function ScriptedServer:stop()
  Process.__close(self.program)
  getmetatable(self.directory).__close()
end

ScriptedServer.__close = ScriptedServer.stop

return ScriptedServer
