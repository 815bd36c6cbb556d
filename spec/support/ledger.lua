-- What handlers write down of what they do, in files that outlive their processes: a line for
-- each thing, written at once. Each process has files of its own, so that what has been read
-- can be removed while it writes on.
local core = require "slack.core"
local lfs = require "lfs"

local LINES_OF_A_FILE <const> = 20000

local M = {}

---For the process whose handlers write.
---@param folder string
---@param most? integer lines of a file, 20000
---@return fun(what: string, id: string, detail: any) note what: small letters; id: letters and
---  digits; detail: one word, 0
function M.writer(folder, most)
  most = most or LINES_OF_A_FILE
  local pid, number, lines = core.pid(), 0, most
  local file
  return function(what, id, detail)
    if lines == most then
      number, lines = number + 1, 0
      local next_file = assert(io.open(("%s/%d-%d"):format(folder, pid, number), "ab"))
      next_file:setvbuf "no"
      if file then
        file:close()
      end
      file = next_file
    end
    lines = lines + 1
    assert(file:write(("%s %s %.6f %s\n"):format(what, id, core.monotonic(),
      tostring(detail or 0))))
  end
end

local Reader = {}
Reader.__index = Reader
Reader.__name = "ledger.reader"

---For the process that keeps the account.
---@param folder string
---@return table reader
function M.reader(folder)
  return setmetatable({ folder = folder, offsets = {} }, Reader)
end

local function path_of(self, name)
  return self.folder .. "/" .. name
end

-- Of all processes, or of one, each one's in their order.
local function names(self, pid)
  local list = {}
  for name in lfs.dir(self.folder) do
    local whose, number = name:match "^(%d+)-(%d+)$"
    if whose and (not pid or tonumber(whose) == pid) then
      table.insert(list, { name = name, pid = tonumber(whose), number = tonumber(number) })
    end
  end
  table.sort(list, function(a, b)
    return a.pid < b.pid or a.pid == b.pid and a.number < b.number
  end)
  return list
end

local function read_file(self, entry, take)
  local file <close> = io.open(path_of(self, entry.name), "rb")
  if not file then
    return
  end
  local offset = self.offsets[entry.name] or 0
  file:seek("set", offset)
  local whole = file:read "a":match "^.*\n" or ""
  self.offsets[entry.name] = offset + #whole
  for line in whole:gmatch "[^\n]+" do
    local what, id, at, detail = line:match "^(%l+) (%w+) ([%d.]+) (%S+)$"
    assert(what, line)
    take(what, id, entry.pid, tonumber(at), detail)
  end
end

local function remove(self, entry)
  os.remove(path_of(self, entry.name))
  self.offsets[entry.name] = nil
end

---Reads what has come since the last time.
---@param take fun(what: string, id: string, pid: integer, at: number, detail: string)
function Reader:read(take)
  local list = names(self)
  for i, entry in ipairs(list) do
    read_file(self, entry, take)
    if list[i + 1] and list[i + 1].pid == entry.pid then
      remove(self, entry) -- there was a next one before it was read: nothing comes any more
    end
  end
end

---Reads what a process that has ended has left, and removes it.
---@param pid integer
---@param take function as of read
function Reader:finish(pid, take)
  for _, entry in ipairs(names(self, pid)) do
    read_file(self, entry, take)
    remove(self, entry)
  end
end

return M
