-- Processes that run beside a spec until it stops them, or, where setpriv (util-linux) is there,
-- until the process that started them has ended, in whatever way.
local child = require "support.child"
local files = require "support.files"

-- Becomes a shell that ends with its parent, as does what that shell becomes.
local WITH_PARENT <const> =
  "exec $(command -v setpriv >/dev/null && echo setpriv --pdeathsig KILL) sh -c "

local Process = {}
Process.__index = Process
Process.__name = "process"

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

---Text as one word for the shell.
Process.quote = quote

---@param command string for the shell; one program
---@param options? { environment: table<string, string>?, directory: string?, input: string?,
---  before: string? } input: path of what it reads, /dev/null; before: for the shell, "ulimit -f 8"
---@return table process stopped when it is closed
function Process.start(command, options)
  options = options or {}
  local self = setmetatable({ temporary = files.temporary() }, Process)
  self.output_file = self.temporary.path .. "/output"
  local words = { "echo $$;", options.before and options.before .. ";" or "", "cd",
    quote(options.directory or "."), "&& exec env" }
  for name, value in pairs(options.environment or {}) do
    table.insert(words, name .. "=" .. quote(value))
  end
  table.insert(words, command)
  table.insert(words, ("<%s >%s 2>&1"):format(quote(options.input or "/dev/null"),
    quote(self.output_file)))
  self.pipe = assert(io.popen(WITH_PARENT .. quote(table.concat(words, " ")), "r"))
  self.pid = assert(self.pipe:read "n", "the process did not start")
  return self
end

---Search paths that hold in any directory.
---@param paths string
---@return string
function Process.absolute(paths)
  local pipe <close> = assert(io.popen("pwd", "r"))
  local here = pipe:read "l"
  return (paths:gsub("[^;]+", function(path)
    return path:find "^/" and path or here .. "/" .. path
  end))
end

---Runs a Lua script with the modules of this process.
---@param script string path
---@param options? { environment: table<string, string>?, directory: string?, before: string? }
---@return table process stopped when it is closed
function Process.lua(script, options)
  options = options or {}
  local environment = {
    LUA_PATH = Process.absolute(package.path),
    LUA_CPATH = Process.absolute(package.cpath),
  }
  for name, value in pairs(options.environment or {}) do
    environment[name] = value
  end
  return Process.start(child.interpreter() .. " " .. quote(script), {
    environment = environment,
    directory = options.directory,
    before = options.before,
  })
end

---What it has written to both streams so far.
---@return string
function Process:output()
  local file <close> = io.open(self.output_file, "rb")
  return file and file:read "a" or ""
end

---@param name? string signal, "TERM"
function Process:signal(name)
  os.execute(("kill -%s %d 2>/dev/null"):format(name or "TERM", self.pid))
end

---@return boolean
function Process:is_running()
  local status <close> = self.pipe and io.open(("/proc/%d/status"):format(self.pid), "rb")
  return status and not status:read("a"):find "\nState:%s[ZX]" or false
end

---Waits for its end, and blocks meanwhile.
---@return integer status
function Process:wait()
  if self.pipe then
    local _, _, status = self.pipe:close()
    self.pipe, self.status = nil, status
  end
  return self.status
end

function Process:__close()
  if self.pipe then
    self:signal()
    self:wait()
  end
  getmetatable(self.temporary).__close(self.temporary)
end

return Process
