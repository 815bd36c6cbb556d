-- Where Lua finds lua-slack, for programs that are not started by `lua-slack`. Its script finds
-- the modules beside itself; Lua's own program looks in LUA_PATH and LUA_CPATH alone.

local M = {}

-- What main.lua puts before the path of Lua leads over "..".
local function without_own(path)
  local kept = {}
  for template in path:gmatch "[^;]+" do
    if not template:find("/../", 1, true) then
      table.insert(kept, template)
    end
  end
  return table.concat(kept, ";")
end

-- "/opt/bin/../share" -> "/opt/share"
local function shortened(path)
  local count
  repeat
    path, count = path:gsub("/[^/]+/%.%./", "/", 1)
  until count == 0
  return path
end

---The line for a shell, without which `lua5.4` does not find lua-slack; nil: it does.
---@param path? string package.path
---@param cpath? string package.cpath
---@return string? line
function M.export(path, cpath)
  path, cpath = path or package.path, cpath or package.cpath
  if package.searchpath("slack", without_own(path)) then
    return nil
  end
  local function found(name, where)
    return shortened(package.searchpath(name, where) or "")
  end
  local modules = found("slack", path):match "^(/.+)/slack/init%.lua$"
  local core = found("slack.core", cpath):match "^(/.+)/slack/core%.so$"
  return modules and core
    and ("export LUA_PATH='%s/?.lua;%s/?/init.lua;;' LUA_CPATH='%s/?.so;;'"):format(modules,
      modules, core) or nil
end

return M
