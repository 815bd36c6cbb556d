-- The store: whether it can be reached and written, and keeps what is given to it.

local core = require "slack.core"

local OTHERS <const> = 63
local OLDEST_REDIS <const> = { 6, 2 }
local SAMPLE <const> = 256 * 1024 -- bytes

-- File systems of other machines, on which SQLite's log of changes does not work.
local REMOTE = {
  nfs = true, nfs4 = true, cifs = true, smb3 = true, ["9p"] = true, afs = true, ceph = true,
  ["fuse.sshfs"] = true,
}

-- SQLite -----------------------------------------------------------------------------------

-- The schema that a store is brought to when it is opened (src/sqlite_schema.c).
local SCHEMA <const> = 2
local HEADER <const> = "SQLite format 3\0"
local AT_VERSION <const>, AT_APPLICATION <const> = 61, 69 -- bytes of the file's header
local APPLICATION <const> = "SLKS"

local function folder_of(path)
  return path:match "^(.*)/[^/]*$" or "."
end

-- The type of the file system that has a folder.
local function file_system(case, folder)
  local best, found = -1, nil
  for mounted, kind in (case.read "/proc/mounts" or ""):gmatch "%S+ (%S+) (%S+)[^\n]*" do
    local prefix = mounted == "/" and "/" or mounted .. "/"
    if (folder .. "/"):sub(1, #prefix) == prefix and #prefix > best then
      best, found = #prefix, kind
    end
  end
  return found
end

local function write_sample(path)
  local file <close>, message = io.open(path, "wb")
  if not file then
    return nil, message
  end
  local ok
  ok, message = file:write(("\0"):rep(SAMPLE))
  if ok then
    ok, message = file:flush()
  end
  return ok, message
end

-- In a folder of its own: where others may write, too, a file of that name may be a link of
-- theirs. A folder alone can be made on a full disk.
local function can_write(folder)
  local path = ("%s/.lua-slack-doctor-%d"):format(folder, core.pid())
  local ok, message = core.make_directory(path, true)
  if ok then
    ok, message = write_sample(path .. "/sample")
    os.remove(path .. "/sample")
    os.remove(path)
  end
  return ok and true, message
end

-- The schema of a store of ours; nil: it is none.
local function schema_of(path)
  local file <close> = io.open(path, "rb")
  local head = file and file:read(100) or ""
  if #head == 100 and head:sub(1, #HEADER) == HEADER
    and head:sub(AT_APPLICATION, AT_APPLICATION + 3) == APPLICATION then
    return (string.unpack(">I4", head, AT_VERSION))
  end
end

local function is_empty(path)
  local file <close> = io.open(path, "rb")
  return file ~= nil and file:seek "end" == 0
end

local function try_store(case, url)
  local store, err = case.open_storage(url)
  local value
  if store then
    value, err = store:get "lua-slack doctor"
    store:close()
  end
  return err == nil, err, value
end

-- To open an older one would be to change it.
local function check_open_file(case, url, path, mode, report)
  local schema = schema_of(path)
  local is_older = schema and schema < SCHEMA
  local ok, err = is_older, nil
  if not is_older then
    ok, err = try_store(case, url)
  end
  if not ok then
    return report:problem(err.message, "is it a store of lua-slack's? Give another path, or free "
      .. "it from what holds it")
  elseif mode & OTHERS ~= 0 then
    return report:warning(("%s may be read by others on this machine (mode %03o): tokens of "
      .. "installations are in it"):format(path, mode), ("chmod 600 %s*"):format(path))
  end
  report:ok((is_older and "%s was made by an older lua-slack: the bot will bring it up to date"
    or "%s can be opened"):format(path))
end

local function check_sqlite(case, url, path, report)
  local folder = folder_of(path)
  if select(2, case.stat(folder)) ~= "directory" then
    return report:problem(("there is no folder %s for the store"):format(folder),
      ("mkdir -p %s"):format(folder))
  end
  local writable, message = can_write(folder)
  if not writable then
    return report:problem(("nothing can be written to the folder of the store: %s"):format(
      message:gsub("^.*: ", "", 1)), message:find("No space left", 1, true)
      and ("make room: df -h %s"):format(folder)
      or ("let the bot's user write to %s: SQLite makes files beside the store"):format(folder))
  end
  local kind = file_system(case, folder)
  if REMOTE[kind] then
    report:warning(("%s lies on another machine (%s), where SQLite's locks do not hold"):format(
      path, kind), "put it on a disk of this machine, or take Redis for several machines")
  end
  local stamp, _, mode = case.stat(path)
  if stamp and not is_empty(path) then
    return check_open_file(case, url, path, mode, report)
  end
  report:ok(("%s will be made by the bot"):format(path))
end

-- Redis --------------------------------------------------------------------------------------

local function is_old(version)
  local major, minor = (version or ""):match "^(%d+)%.(%d+)"
  major, minor = tonumber(major), tonumber(minor)
  return major and (major < OLDEST_REDIS[1]
    or major == OLDEST_REDIS[1] and minor < OLDEST_REDIS[2])
end

local function fields_of(text)
  local fields = {}
  for name, value in text:gmatch "([%w_]+):([^\r\n]*)" do
    fields[name] = value
  end
  return fields
end

---@param info table<string, string> what INFO says
---@param report slack.doctor.Report
local function judge_redis(info, report)
  local before = #report.findings
  if is_old(info.redis_version) then
    report:problem(("Redis %s has no inbox: 6.2 is the oldest that does"):format(
      info.redis_version), "run Redis 6.2 or newer, or give inbox = false")
  end
  if info.role == "slave" then
    report:problem("it is a replica, to which nothing can be written",
      "name the master in the option \"storage\"")
  end
  if info.maxmemory_policy and info.maxmemory_policy ~= "noeviction"
    and info.maxmemory ~= "0" then
    report:warning(("it throws entries away when its memory is full (%s): deliveries and "
      .. "installations, too"):format(info.maxmemory_policy),
      "CONFIG SET maxmemory-policy noeviction")
  end
  if info.aof_enabled == "0" then
    report:warning("what it was given in the last seconds or minutes is lost when it crashes: it "
      .. "keeps no log of changes", "CONFIG SET appendonly yes, and in its configuration")
  elseif info.aof_last_write_status == "err" or info.rdb_last_bgsave_status == "err" then
    report:problem("it could not write to its disk the last time", "see its log, and df")
  end
  if #report.findings == before then
    report:ok(("Redis %s keeps what it is given"):format(info.redis_version or ""))
  end
end

local function check_redis(case, url, report)
  local store, err = case.open_storage(url)
  local text
  if store then
    local ok
    ok, err = store:get "lua-slack doctor"
    if ok == nil and err == nil then
      text, err = store.backend:info()
    end
    store:close()
  end
  if text then
    return judge_redis(fields_of(text), report)
  elseif err and err.code == "unsupported" or err and err.message:find "NOPERM" then
    return report:ok(("%s answers"):format(core.redact(url)))
  end
  report:problem(err.message, "check host, port, user and password of the option \"storage\", and "
    .. "that the server runs")
end

local function check_storage(case, report)
  local url = case.settings.storage
  if type(url) ~= "string" then
    return
  elseif url:find "^memory:" then
    return report:ok "in memory: nothing outlives the process"
  end
  local path = url:match "^[sS][qQ][lL][iI][tT][eE]:(.*)$"
  if path then
    return check_sqlite(case, url, path, report)
  end
  check_redis(case, url, report)
end

return {
  { name = "storage", run = check_storage },
  judge_redis = judge_redis,
}
