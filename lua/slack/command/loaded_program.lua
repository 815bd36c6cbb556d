-- A bot's program with its scripts, loaded and not run, for commands that look at it.

local errors = require "slack.errors"
local program = require "slack.program"

local M = {}

-- Scripts that cannot be loaded are told of, and none of them is guessed at.
local function load_scripts(loaded, with_broken)
  for _, app in ipairs(loaded.apps) do
    app.log:set_level "off" -- what is wrong is told once
    if app.scripts then
      local ok, err = app.scripts:load_all()
      if not ok then
        return nil, err
      end
      local problem = app.scripts:problems()[1]
      if problem and not with_broken then
        return nil, errors.new {
          code = "script", message = ("the script %s does not load: %s"):format(problem.script,
            problem.message),
        }
      end
    end
  end
  return true
end

---@async
---@param path? string
---@param options? { with_broken_scripts: boolean? } scripts that do not load are no failure
---@return slack.Program? loaded
---@return slack.Error? err
---@return slack.Error? scripts_err with broken scripts: why there are none at all
function M.load(path, options)
  local loaded, err = program.load(path)
  if not loaded then
    return nil, err
  end
  local with_broken = options and options.with_broken_scripts
  local ok
  ok, err = load_scripts(loaded, with_broken)
  if ok then
    return loaded
  elseif with_broken then
    return loaded, nil, err
  end
  return nil, err
end

return M
