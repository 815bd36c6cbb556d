-- Lua states of their own in this process, whose memory is counted and may run out (states.c).
local files = require "support.files"

local M = {}

local states

local function build()
  local directory <close> = files.temporary()
  local module = directory.path .. "/states.so"
  local kind = files.run "test $(uname) = Darwin" and "-bundle -undefined dynamic_lookup"
    or "-shared"
  local ok, output = files.run(("%s -std=c11 -D_GNU_SOURCE -O1 -g -fPIC -pthread "
    .. "$(pkg-config --cflags lua5.4) %s -o %s spec/support/states.c"):format(
    os.getenv "CC" or "cc", kind, module))
  assert(ok, output)
  return assert(package.loadlib(module, "luaopen_states"))()
end

---Runs Lua text in a state, and closes it.
---@param text string
---@param limit? integer bytes that it may have
---@return string said what it returned, or its error
---@return integer left bytes that it has not freed
function M.run(text, limit)
  states = states or build()
  return states.run(text, package.path, package.cpath, limit or 1 << 30)
end

---Runs several texts at a time, each in a state and a thread of its own.
---@param texts string[]
---@return string[] said
---@return integer[] left
function M.run_together(texts)
  states = states or build()
  return states.run_together(texts, package.path, package.cpath)
end

return M
