local child = require "support.child"
local files = require "support.files"

local use_installed = {}

---Runs installed.lua with the modules under a prefix and no others of ours.
---@param prefix string
---@return boolean ok, string output
function use_installed.run(prefix)
  local empty <close> = files.temporary()
  local pipe <close> = assert(io.popen("pwd", "r"))
  local script = pipe:read "l" .. "/spec/support/installed.lua"
  local share, lib = prefix .. "/share/lua/5.4", prefix .. "/lib/lua/5.4"
  return files.run(([[
    cd %s && LUA_PATH="%s/?.lua;%s/?/init.lua;;" LUA_CPATH="%s/?.so;;" %s %s]])
    :format(empty.path, share, share, lib, child.interpreter(), script))
end

---Runs a command in an empty directory, without any search path.
---@param program string for the shell
---@param words string for the shell
---@return boolean ok, string output
function use_installed.command(program, words)
  local empty <close> = files.temporary()
  return files.run(("cd %s && env -u LUA_PATH -u LUA_CPATH %s %s")
    :format(empty.path, program, words))
end

return use_installed
