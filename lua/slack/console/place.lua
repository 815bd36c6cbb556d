-- Where the consoles of this user's bots are: sockets in a folder that nobody else can enter.

local core = require "slack.core"

local OTHERS <const> = 63
local SUFFIX <const> = ".socket"

local M = {}

---@param getenv? fun(name: string): string? os.getenv
---@return string path
function M.folder(getenv)
  local runtime = (getenv or os.getenv) "XDG_RUNTIME_DIR"
  if runtime and runtime:find "^/" then
    return runtime .. "/lua-slack"
  end
  return ("/tmp/lua-slack-%d"):format(core.user_id())
end

---Whether a folder is ours alone; nobody else can have put anything into it then.
---@param path string
---@return true? ok
---@return string? problem
function M.check(path)
  local stamp, kind, mode, owner = core.stat(path, true) -- a link may be somebody else's
  if not stamp then
    return nil, ("there is no folder %s"):format(path)
  elseif kind ~= "directory" or owner ~= core.user_id() or mode & OTHERS ~= 0 then
    return nil, ("%s is no folder that this user alone can enter: remove it, or set "
      .. "XDG_RUNTIME_DIR"):format(path)
  end
  return true
end

---The folder, made if need be.
---@param getenv? fun(name: string): string?
---@return string? path
---@return string? problem
function M.prepare(getenv)
  local path = M.folder(getenv)
  core.make_directory(path, true)
  local ok, problem = M.check(path)
  if not ok then
    return nil, problem
  end
  return path
end

---@param folder string
---@param pid integer
---@return string path of the socket of a process
function M.of_process(folder, pid)
  return ("%s/%d%s"):format(folder, pid, SUFFIX)
end

---The sockets in the folder, which may be left over from processes that were killed.
---@param getenv? fun(name: string): string?
---@return string[] paths
function M.list(getenv)
  local folder, paths = M.folder(getenv), {}
  if M.check(folder) then
    for _, name in ipairs(core.list_directory(folder) or {}) do
      if name:sub(-#SUFFIX) == SUFFIX then
        paths[#paths + 1] = folder .. "/" .. name
      end
    end
  end
  return paths
end

return M
