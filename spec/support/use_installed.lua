local child = require "support.child"
local files = require "support.files"

---Runs installed.lua with the modules under a prefix and no others of ours.
---@param prefix string
---@return boolean ok, string output
return function(prefix)
  local empty <close> = files.temporary()
  local pipe <close> = assert(io.popen("pwd", "r"))
  local script = pipe:read "l" .. "/spec/support/installed.lua"
  local share, lib = prefix .. "/share/lua/5.4", prefix .. "/lib/lua/5.4"
  return files.run(([[
    cd %s && LUA_PATH="%s/?.lua;%s/?/init.lua;;" LUA_CPATH="%s/?.so;;" %s %s]])
    :format(empty.path, share, share, lib, child.interpreter(), script))
end
