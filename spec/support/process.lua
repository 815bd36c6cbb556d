-- Processes that run beside a spec until it stops them.
local files = require "support.files"

local Process = {}
Process.__index = Process
Process.__name = "process"

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

---@param command string for the shell; one program
---@param environment? table<string, string> added to this process's own
---@return { pid: integer, output: string } process stopped when it is closed
function Process.start(command, environment)
  local self = setmetatable({ directory = files.temporary() }, Process)
  self.output_file = self.directory.path .. "/output"
  local words = { "echo $$; exec env" }
  for name, value in pairs(environment or {}) do
    table.insert(words, name .. "=" .. quote(value))
  end
  table.insert(words, command)
  table.insert(words, ("</dev/null >%s 2>&1"):format(quote(self.output_file)))
  self.pipe = assert(io.popen(table.concat(words, " "), "r"))
  self.pid = assert(self.pipe:read "n", "the process did not start")
  return self
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
  local directory <close> = self.directory -- luacheck: ignore 211 (removed by its end)
end

return Process
