-- Modules that many apps never use, loaded when something of them is first asked for.
--
--   local lazy = require "slack.lazy"
--   local Oauth = lazy "slack.oauth"
--   self.oauth = options.oauth and Oauth.new(self) -- loaded here, or never
--
-- What it gives stands for the module in calls and in reads of fields: its functions raise at
-- the line of their caller. `pairs` sees nothing of it, so who goes through a module requires it.

local core = require "slack.core"

-- Where modules were found as this one was loaded: a program may change both later.
local PATH, DIRECTORY = package.path, core.working_directory()

local function absolute(path, directory)
  return (path:gsub("[^;]+", function(template)
    if template:find "^%.%.?/" then
      return directory .. "/" .. template
    end
  end))
end

-- The path is left as it was, however loading ends.
local function require_along(path, name)
  local before = package.path
  package.path = path .. ";" .. before
  local ok, module = pcall(require, name)
  package.path = before
  if not ok then
    error(module, 0)
  end
  return module
end

local function require_anywhere(name)
  if core.working_directory() ~= DIRECTORY then
    return require_along(absolute(PATH, DIRECTORY or "."), name)
  elseif package.path ~= PATH then
    return require_along(PATH, name)
  end
  return require(name)
end

-- A descriptor that is given up for the moment in which a module is loaded, when a program has
-- no others left.
local reserve, keeps_reserve

-- In Lua's own words: no file of that name was there, or could be opened.
local function is_unopened(problem)
  return type(problem) == "string"
    and (problem:find("not found:", 1, true) or problem:find("cannot open", 1, true)) ~= nil
end

---@param name string
---@return any module
local function load(name)
  local module = package.loaded[name]
  if module ~= nil then
    return module
  end
  reserve = reserve or keeps_reserve and core.poller()
  local ok, outcome = pcall(require_anywhere, name)
  if not ok and reserve and is_unopened(outcome) then
    reserve:close()
    ok, outcome = pcall(require_anywhere, name)
    reserve = core.poller() -- a thread may have taken the descriptor: then at the next load
  end
  if not ok then
    error(outcome, 0)
  end
  return outcome
end

local stand_ins = {} -- by name, so that there is one for all who use it

local names = setmetatable({}, { __mode = "k" })

-- From now on it costs no more than a look into another table.
local function settle(stand_in)
  local name = names[stand_in]
  local module = load(name)
  names[stand_in], stand_ins[name] = nil, nil
  setmetatable(stand_in, {
    __index = module, __newindex = module, __call = function(_, ...) return module(...) end,
  })
  return module
end

local UNLOADED = {
  __index = function(stand_in, key) return settle(stand_in)[key] end,
  __newindex = function(stand_in, key, value) settle(stand_in)[key] = value end,
  __call = function(stand_in, ...) return settle(stand_in)(...) end,
}

local M = { load = load }

---From now on a module is loaded, too, where the program has no descriptors left.
function M.keep_reserve()
  keeps_reserve, reserve = true, reserve or core.poller()
end

---Something that stands for a module until it is loaded, and afterwards.
---@param name string
---@return any
local function stand_in_for(_, name)
  local module = package.loaded[name]
  if module ~= nil then
    return module
  end
  local stand_in = stand_ins[name]
  if not stand_in then
    stand_in = setmetatable({}, UNLOADED)
    stand_ins[name], names[stand_in] = stand_in, name
  end
  return stand_in
end

return setmetatable(M, { __call = stand_in_for })
