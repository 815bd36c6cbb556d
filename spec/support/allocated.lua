-- What a process has allocated (allocated.c), for bots that tell it at a path of theirs.
local files = require "support.files"

local M = {}

---Makes the module.
---@param folder string
---@return string? path of it; nil: this system's C library does not tell
function M.build(folder)
  local path = folder .. "/allocated.so"
  local ok = files.run(("%s -std=c11 -D_GNU_SOURCE -O1 -fPIC -shared "
    .. "$(pkg-config --cflags lua5.4) -o %s spec/support/allocated.c -ldl"):format(
    os.getenv "CC" or "cc", path))
  return ok and path or nil
end

---@param path? string as of build
---@return fun(): integer, integer take bytes of the C library in all, of SQLite; 0 without it
function M.load(path)
  return path and assert(package.loadlib(path, "luaopen_allocated"))()
    or function() return 0, 0 end
end

return M
