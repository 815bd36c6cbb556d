-- Files and folders for specs.
local core = require "slack.core"
local lfs = require "lfs"

local files = {}

---@return string text the whole file
function files.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

function files.write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

---Paths of what lies directly in a directory and matches, sorted.
---@param pattern string of the name
---@return string[]
function files.list(directory, pattern)
  local paths = {}
  for name in lfs.dir(directory) do
    if name ~= "." and name ~= ".." and name:find(pattern) then
      paths[#paths + 1] = directory .. "/" .. name
    end
  end
  table.sort(paths)
  return paths
end

---Paths of all files below a directory, sorted.
---@return string[]
function files.tree(directory)
  local paths = {}
  for _, path in ipairs(files.list(directory, "")) do
    if lfs.attributes(path, "mode") == "directory" then
      for _, below in ipairs(files.tree(path)) do
        paths[#paths + 1] = below
      end
    else
      paths[#paths + 1] = path
    end
  end
  return paths
end

-- Removes what is there, and what lies below it, as far as that is allowed.
local function remove_all(path)
  if lfs.symlinkattributes(path, "mode") ~= "directory" then
    os.remove(path)
    return
  end
  local is_readable, next_name, folder = pcall(lfs.dir, path)
  if is_readable then
    for name in next_name, folder do
      if name ~= "." and name ~= ".." then
        remove_all(path .. "/" .. name)
      end
    end
  end
  lfs.rmdir(path)
end

---A new directory with a `path`, nobody else's, removed with all in it when the value is closed.
---@return { path: string }
function files.temporary()
  local reserved = os.tmpname()
  local path = reserved .. ".d"
  assert(core.make_directory(path, true))
  return setmetatable({ path = path }, {
    __close = function()
      remove_all(path)
      os.remove(reserved)
    end,
  })
end

---Runs a shell command to its end.
---@return boolean ok it exited with 0
---@return string output of both its streams
function files.run(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1 </dev/null", "r"))
  local output = pipe:read "a"
  return pipe:close() == true, output
end

return files
