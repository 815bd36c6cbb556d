-- How many threads and descriptors a process holds, to show that starting
-- and stopping leaves none behind; and how much memory.
local lfs = require "lfs"

local PATIENCE <const> = 60 -- seconds

local footprint = {}

---Whether the system tells.
footprint.IS_KNOWN = lfs.attributes("/proc/self/task", "mode") == "directory"

local CLOSE_WAIT <const>, LISTEN <const> = "08", "0A"

local TCP <const> = "^ *%d+: %x+:(%x+) %x+:%x+ (%x%x) %S+ %S+ %S+ +%d+ +%d+ +(%d+)"
local UNIX <const> = "^%x+: %x+ %x+ %x+ %x+ ()(%x+) +(%d+)"

local TABLES <const> = {
  ["/proc/self/net/tcp"] = TCP, ["/proc/self/net/tcp6"] = TCP, ["/proc/self/net/unix"] = UNIX,
}

-- Of the sockets of the system that are not closed, by what their descriptors link to; those
-- that have come in at that port count as closed ones.
local function socket_states(port)
  local states = {}
  for _ = 1, 2 do -- a table that changes while it is read lacks some of them
    for path, pattern in pairs(TABLES) do
      local file <close> = io.open(path)
      for line in (file and file:lines() or function() end) do
        local local_port, state, inode = line:match(pattern)
        local is_caller = state and port and pattern == TCP and state ~= LISTEN
          and tonumber(local_port, 16) == port
        if state and not is_caller then
          states[("socket:[%s]"):format(inode)] = pattern == TCP and state or "unix"
        end
      end
    end
  end
  return states
end

-- What the descriptors are, but for sockets that the other end has closed, and those
-- that were closed after that for want of an answer: libcurl drops them from its pool
-- when it looks there next, and bounds their number.
local function descriptors(pid, port)
  local states, list, folder = socket_states(port), {}, ("/proc/%s/fd/"):format(pid)
  for name in lfs.dir(folder) do
    local target = tonumber(name) and lfs.symlinkattributes(folder .. name, "target")
    local state = target and states[target]
    local is_dead = state == CLOSE_WAIT or target and not state and target:find "^socket"
    if target and not is_dead then
      table.insert(list, ("%s %s %s"):format(name, target, state or ""))
    end
  end
  return list
end

local function threads(pid)
  local list, folder = {}, ("/proc/%s/task/"):format(pid)
  for name in lfs.dir(folder) do
    if tonumber(name) then
      local file <close> = io.open(("%s%s/comm"):format(folder, name))
      table.insert(list, file and file:read "l" or "ended")
    end
  end
  return list
end

---@param pid? integer of another process that runs
---@param port? integer where it serves: without those who have connected to it there
---@return { threads: integer, descriptors: integer, list: string } list: what they are
function footprint.take(pid, port)
  local all_threads, all_descriptors = threads(pid or "self"), descriptors(pid or "self", port)
  return {
    threads = #all_threads, descriptors = #all_descriptors,
    list = table.concat(all_threads, ", ") .. "\n" .. table.concat(all_descriptors, "\n"),
  }
end

local function memory(pid, field)
  local file <close> = io.open(("/proc/%s/status"):format(pid))
  local kilobytes = file and file:read("a"):match(field .. ":%s*(%d+) kB")
  return kilobytes and kilobytes * 1024
end

---The most memory that this process has ever had resident; nil where the system does not tell.
---@return integer? bytes
function footprint.peak_memory()
  return memory("self", "VmHWM")
end

---The memory that a process has resident; nil where the system does not tell.
---@param pid integer
---@return integer? bytes
function footprint.memory(pid)
  return memory(pid, "VmRSS")
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
      error(("%d rounds went from\n%s\nto\n%s"):format(rounds - 2, before.list, now.list), 2)
    end
    os.execute "sleep 0.05"
  end
end

return footprint
