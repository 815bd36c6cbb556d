-- One reload: all that one look at the scripts' folder has found is staged, that is, compiled
-- and run aside, and what went well is swapped in as a whole, between two events. Scripts
-- that fail keep back only those that share a changed module with them; otherwise two
-- scripts would hold two copies of it.

local ModuleLoader = require "slack.module_loader"
local Script = require "slack.script"
local core = require "slack.core"
local listing = require "slack.listing"
local loop = require "slack.loop"
local merged = require "slack.merged"
local sorted_keys = require "slack.sorted_keys"

---@class slack.Reload
---@field scripts slack.Scripts
---@field began number
---@field loader slack.ModuleLoader
---@field staged table<string, slack.Script> that loaded, by name
---@field failed table<string, string> why others did not
---@field kept_back table<string, true> of these, those that would have loaded: each reload tries
---  them again
---@field gone string[] scripts that are to go
local Reload = {}
Reload.__index = Reload
Reload.__name = "slack.reload"

-- Staging -----------------------------------------------------------------------------------

-- The files that are to be loaded: what has changed, what that concerns through modules, and
-- what is no module any more.
local function names_to_load(self, touched)
  local scripts, names = self.scripts, {}
  for _, name in ipairs(sorted_keys(scripts.folder.files)) do
    local is_known = scripts.live[name] or scripts.reports.failed[name]
    if (touched[name] or not is_known) and not scripts.modules:is_module(name) then
      names[#names + 1] = name
    end
  end
  return names
end

local function stage(self, name)
  local scripts = self.scripts
  local script = Script.new(scripts.app, name, scripts.folder)
  self.staged[name], scripts.loading = script, script
  local ok, message = script:run(self.loader:require_for(name), self.loader.deadline)
  scripts.loading = nil
  if ok then
    return
  end
  self.staged[name] = nil
  script:retire()
  if script.is_outdated or not core.stat(scripts.folder.path .. "/" .. name) then
    scripts.log:info("%s was not loaded: %s", name, message) -- the next look tells more
  else
    self.failed[name] = message
  end
end

-- What is run may turn out to require another script, whose name its text does not show.
local function drop_modules(self)
  for _, name in ipairs(sorted_keys(self.staged)) do
    if self.scripts.modules:is_module(name) then
      self.staged[name]:retire()
      self.staged[name] = nil
    end
  end
end

local function find_gone(self, removed)
  local scripts = self.scripts
  for _, name in ipairs(sorted_keys(merged(scripts.live, scripts.reports.failed))) do
    if removed[name] or scripts.modules:is_module(name) then
      table.insert(self.gone, name)
      self.is_gone[name] = true
    end
  end
end

-- Keeping back ------------------------------------------------------------------------------

local function add_outdated(self, kept, paths)
  local modules, grew = self.scripts.modules, false
  for path in pairs(paths) do
    if modules.outdated[path] and not kept[path] then
      kept[path], grew = true, true
    end
  end
  return grew
end

local function find_shared(kept, paths)
  for _, path in ipairs(sorted_keys(paths)) do
    if kept[path] then
      return path
    end
  end
end

-- Scripts that stay as they were keep the modules that they have, and so does everybody who
-- shares one of these.
local function keep_back(self)
  local scripts, kept, why = self.scripts, {}, nil
  for _, name in ipairs(sorted_keys(scripts.live)) do
    if not self.staged[name] and not self.is_gone[name] then
      local has = merged(scripts.live[name].modules, scripts.modules:reach(name))
      why = add_outdated(self, kept, has) and (why or name) or why
    end
  end
  local grew = next(kept) ~= nil
  while grew do
    grew = false
    for _, name in ipairs(sorted_keys(self.staged)) do
      local reach = scripts.modules:reach(name)
      if find_shared(kept, reach) then
        self.staged[name]:retire()
        self.staged[name] = nil
        self.kept_back[name] = true
        self.failed[name] = ("it shares %s with %s, which did not load")
          :format(find_shared(kept, reach), why)
        local live = scripts.live[name]
        add_outdated(self, kept, reach)
        add_outdated(self, kept, live and live.modules or {})
        grew = true
      end
    end
  end
  return kept
end

-- Swapping ----------------------------------------------------------------------------------

local function take_over_modules(self, kept)
  local scripts, used = self.scripts, {}
  for name, script in pairs(self.staged) do
    script.modules = scripts.modules:reach(name)
  end
  for _, script in pairs(scripts.live) do
    for path in pairs(script.modules) do
      used[path] = true
    end
  end
  scripts.modules:take_over(self.loader:close(), kept, used)
end

-- Everything at once: the index is made anew and swapped in one assignment.
local function swap(self, kept)
  local scripts, replaced = self.scripts, {}
  for _, name in ipairs(sorted_keys(self.staged)) do
    local script, generation = self.staged[name], (scripts.generations[name] or 0) + 1
    replaced[name] = scripts.live[name]
    scripts.generations[name], scripts.live[name] = generation, script
    script:take_over(generation, replaced[name])
  end
  for _, name in ipairs(self.gone) do
    replaced[name], scripts.live[name] = scripts.live[name], nil
  end
  take_over_modules(self, kept)
  if next(self.staged) or next(replaced) then
    scripts.app:_apply()
  end
  for _, name in ipairs(sorted_keys(replaced)) do
    replaced[name]:retire()
  end
  return replaced
end

-- Telling -----------------------------------------------------------------------------------

local function listed(script)
  return script and listing.of_ledger(script.ledger) or {}
end

local function report_success(self, name, old)
  local scripts, script = self.scripts, self.scripts.live[name]
  local before, after = listed(old), listed(script)
  local added, removed = listing.difference(before, after)
  scripts.reports:succeed({
    kind = script and (old and "reloaded" or "loaded") or "removed", script = name,
    generation = script and script.generation, added = added, removed = removed,
    seconds = loop.now() - self.began,
  }, #before, #after, old and scripts:running_on(old) or 0)
end

local function report_all(self, replaced)
  local scripts, kept = self.scripts, {}
  for name in pairs(self.failed) do
    local live = scripts.live[name]
    kept[name] = live and live.generation
  end
  scripts.reports:fail(self.failed, kept, scripts.folder.path)
  for _, name in ipairs(sorted_keys(merged(self.staged, self.is_gone))) do
    report_success(self, name, replaced[name])
  end
end

-- A stop has cut it off.
function Reload:__close()
  if not self.is_done then
    self.loader:close()
    for _, name in ipairs(sorted_keys(self.staged)) do
      self.staged[name]:retire()
    end
  end
end

---Loads what has changed.
---@async
---@param scripts slack.Scripts
---@param changed table<string, true> files, by path below the folder
---@param removed table<string, true>
function Reload.run(scripts, changed, removed)
  local modules = scripts.modules
  local self <close> = setmetatable({
    scripts = scripts, began = loop.now(),
    loader = ModuleLoader.new(modules, scripts.started and Script.deadline()),
    staged = {}, failed = {}, kept_back = {}, gone = {}, is_gone = {}, is_done = false,
  }, Reload)
  for name in pairs(changed) do
    modules:scan(name)
  end
  local touched = modules:dependents(merged(changed, removed, scripts.kept_back))
  modules:forget(removed)
  modules:mark_outdated(touched)
  for _, name in ipairs(names_to_load(self, modules:spread(touched, scripts.live))) do
    if not modules:is_module(name) then
      stage(self, name)
    end
  end
  drop_modules(self)
  find_gone(self, removed)
  local replaced = swap(self, keep_back(self))
  scripts.kept_back, self.is_done = self.kept_back, true
  report_all(self, replaced)
end

return Reload
