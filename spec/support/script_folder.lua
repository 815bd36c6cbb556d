-- An app without a network over a folder of scripts that specs save, remove and move.
local Offline = require "support.offline_app"
local files = require "support.files"
local live = require "support.live_app"
local tasks = require "slack.tasks"

local M = {}

---The text of a script that adds the word to app:state "said" for each message.
---@param word string
---@return string
function M.answering(word)
  return ([[
      local app = ...
      app:message(function() table.insert(app:state("said", {}), %q) end)
    ]]):format(word)
end

local function make_parent(path, name)
  if name:find "/" then
    files.run(("mkdir -p '%s/%s'"):format(path, name:match "^(.*)/"))
  end
end

-- Seconds between looks: specs that watch by looks do not wait for those, others show that
-- notices alone suffice.
local OFTEN <const>, NEVER <const> = 0.02, 1e6

---Runs fn as a task, with an app whose scripts are loaded and watched.
---@param texts table<string, string> by path below the folder
---@param fn fun(on: table)
---@param options? table of the app; with watch = "poll" it looks often
function M.run(texts, fn, options)
  tasks.run(function()
    local folder <close> = files.temporary()
    local path = folder.path .. "/handlers"
    files.run(("mkdir '%s'"):format(path))
    local function save(name, text)
      make_parent(path, name)
      files.write(path .. "/.new", text)
      assert(os.rename(path .. "/.new", path .. "/" .. name))
    end
    for name, text in pairs(texts) do
      save(name, text)
    end
    local given = { scripts = path }
    for name, value in pairs(options or {}) do
      given[name] = value
    end
    local offline, reports = Offline.new(given), {}
    local scripts = offline.app.scripts
    scripts.intervals = { behind_notices = NEVER, without_notices = OFTEN }
    scripts:subscribe(function(report) table.insert(reports, report) end)
    local stopping <close> = setmetatable({}, { -- luacheck: ignore 211
      __close = function() scripts:stop() end,
    })
    assert(scripts:start())
    fn({
      offline = offline, app = offline.app, scripts = scripts, path = path, save = save,
      folder = folder.path, reports = reports,
      -- For the shell, within the folder.
      shell = function(command)
        local ok, output = files.run(("cd '%s' && { %s; }"):format(path, command))
        assert(ok, output)
      end,
      generation = function(name) return scripts:stats().generations[name] end,
      await = function(name, generation)
        live.wait(function() return scripts:stats().generations[name] == generation end)
      end,
      await_report = function(kind, name)
        return live.wait(function()
          local last = reports[#reports]
          return last and last.kind == kind and last.script == name and last
        end)
      end,
      look = function()
        local watched, looked = scripts.folder, false
        function watched.changes(...)
          looked, watched.changes = true, nil
          return watched.changes(...)
        end
        scripts:look_again(0)
        live.wait(function() return looked end)
      end,
      await_log = function(text)
        live.wait(function() return offline:log():find(text, 1, true) end)
      end,
      say = function(text)
        offline:message(text or "x")
        tasks.sleep(0) -- in which the handlers run
        return table.concat(offline.app:state("said", {}), " ")
      end,
      -- What one message is answered, and nothing that was said before.
      answer = function(text)
        offline.app.states.said = {}
        offline:message(text or "x")
        tasks.sleep(0)
        return table.concat(offline.app:state("said", {}), " ")
      end,
    })
  end)
end

return M
