-- Runs Lua text in a process of its own, with the modules of this one.
local files = require "support.files"

local child = {}

---The program that runs this Lua.
function child.interpreter()
  local place = 0
  while arg[place - 1] do
    place = place - 1
  end
  return arg[place]
end

---@param text string Lua
---@param before? string commands for the shell that starts it
---@return boolean ok it exited with 0
---@return string output
function child.run(text, before)
  local directory <close> = files.temporary()
  local path = directory.path .. "/main.lua"
  files.write(path, ("package.path, package.cpath = %q, %q\n%s"):format(
    package.path, package.cpath, text))
  return files.run(("%s\n%s %s"):format(before or "", child.interpreter(), path))
end

return child
