-- How many threads and descriptors this process holds, to show that starting
-- and stopping leaves none behind.
local lfs = require "lfs"

local PATIENCE <const> = 60 -- seconds

local footprint = {}

---Whether the system tells.
footprint.IS_KNOWN = lfs.attributes("/proc/self/task", "mode") == "directory"

local CLOSE_WAIT <const> = "08"

-- Sockets that the other end has closed: libcurl drops them from its pool when
-- it looks there next, and bounds their number.
local function dead_sockets()
  local dead = {}
  for _, path in ipairs { "/proc/self/net/tcp", "/proc/self/net/tcp6" } do
    local file <close> = io.open(path)
    for line in (file and file:lines() or function() end) do
      local state, inode =
        line:match "^ *%d+: %x+:%x+ %x+:%x+ (%x%x) %S+ %S+ %S+ +%d+ +%d+ +(%d+)"
      if state == CLOSE_WAIT then
        dead[("socket:[%s]"):format(inode)] = true
      end
    end
  end
  return dead
end

local function count_descriptors()
  local dead, count = dead_sockets(), 0
  for name in lfs.dir "/proc/self/fd" do
    local target = tonumber(name) and lfs.symlinkattributes("/proc/self/fd/" .. name, "target")
    count = count + (target and not dead[target] and 1 or 0)
  end
  return count
end

local function count_threads()
  local count = 0
  for name in lfs.dir "/proc/self/task" do
    count = count + (tonumber(name) and 1 or 0)
  end
  return count
end

---@return { threads: integer, descriptors: integer }
function footprint.take()
  return { threads = count_threads(), descriptors = count_descriptors() }
end

---Whether there is no more than there was. A thread is seen for a moment after
---it has been joined, so ask again before saying that it is left behind.
---@param before { threads: integer, descriptors: integer }
---@param spare? integer descriptors that may have come
---@return boolean
function footprint.is_back_at(before, spare)
  local now = footprint.take()
  return now.threads <= before.threads and now.descriptors <= before.descriptors + (spare or 0)
end

---Calls fn(round) that often and raises when later rounds leave more behind
---than the first two.
---@param rounds integer
---@param fn fun(round: integer)
---@param spare? integer descriptors that may stay
function footprint.rounds(rounds, fn, spare)
  local before
  for round = 1, rounds do
    fn(round)
    collectgarbage()
    if round == 2 and footprint.IS_KNOWN then
      before = footprint.take()
    end
  end
  local deadline = os.time() + PATIENCE
  while before and not footprint.is_back_at(before, spare) do
    if os.time() > deadline then
      local now = footprint.take()
      error(("%d rounds went from %d to %d descriptors, from %d to %d threads"):format(rounds - 2,
        before.descriptors, now.descriptors, before.threads, now.threads), 2)
    end
    os.execute "sleep 0.05"
  end
end

return footprint
