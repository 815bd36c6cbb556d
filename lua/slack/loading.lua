-- Whether a handler script is being loaded: while its top level runs, its task says so.

local misuse = require "slack.misuse"
local tasks = require "slack.tasks"

local FOLDER = misuse.folder()

local M = {}

---From now on the running task runs the top level of a script.
---@param name string of the script
function M.begin(name)
  tasks.current().is_loading = name
end

---Raises, at the program's line, when that is the top level of a script: a second app there
---would take deliveries away from the one that loads it.
---@param name string of what was called
function M.refuse(name)
  local task = tasks.current()
  if task and task.is_loading then
    misuse.raise(FOLDER, name .. ": a handler script gets the app as `...` (local app = ...), "
      .. "and neither makes nor runs one")
  end
end

return M
