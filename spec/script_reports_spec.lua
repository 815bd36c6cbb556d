local Offline = require "support.offline_app"
local files = require "support.files"
local live = require "support.live_app"
local tasks = require "slack.tasks"

describe("scripts:subscribe", function()
  -- Runs fn with scripts that are loaded, reports that have come, and save(name, text).
  local function with_scripts(texts, fn)
    tasks.run(function()
      local folder <close> = files.temporary()
      for name, text in pairs(texts) do
        files.write(folder.path .. "/" .. name, text)
      end
      local offline = Offline.new { scripts = folder.path }
      local scripts, reports = offline.app.scripts, {}
      local stopping <close> = setmetatable({}, { -- luacheck: ignore 211
        __close = function() scripts:stop() end,
      })
      local unsubscribe = scripts:subscribe(function(report) table.insert(reports, report) end)
      assert(scripts:load_all())
      fn(scripts, reports, {
        offline = offline, unsubscribe = unsubscribe,
        save = function(name, text)
          files.write(folder.path .. "/" .. name, text)
          assert(scripts:load_all())
        end,
        remove = function(name)
          assert(os.remove(folder.path .. "/" .. name))
          live.wait(function()
            assert(scripts:load_all())
            return not scripts:stats().generations[name]
          end)
        end,
      })
    end)
  end

  local function words(list)
    local all = {}
    for i, entry in ipairs(list) do
      all[i] = entry.kind .. " " .. entry.name
    end
    return all
  end

  local TWO = "local app = ...\napp:command('/a', print)\napp:event('app_mention', print)\n"

  it("tells what was loaded, reloaded and removed, and which listeners came and went", function()
    with_scripts({ ["x.lua"] = TWO }, function(_, reports, on)
      assert.equal("loaded", reports[1].kind)
      assert.equal("x.lua", reports[1].script)
      assert.same({ "command /a", "event app_mention" }, words(reports[1].added))
      on.save("x.lua", "local app = ...\napp:message('hi', print)\napp:command('/a', print)\n")
      assert.equal("reloaded", reports[2].kind)
      assert.equal(2, reports[2].generation)
      assert.same({ "message hi" }, words(reports[2].added))
      assert.same({ "event app_mention" }, words(reports[2].removed))
      assert.equal("float", math.type(reports[2].seconds))
      on.remove "x.lua"
      assert.equal("removed", reports[3].kind)
      assert.same({ "message hi", "command /a" }, words(reports[3].removed))
    end)
  end)

  it("tells of a failure with file, line and text, and when it is over", function()
    with_scripts({ ["x.lua"] = TWO }, function(scripts, reports, on)
      on.save("x.lua", "local app = ...\nerror 'on purpose'")
      local report = reports[2]
      assert.same({ "failed", "x.lua", "x.lua", 2, 1 }, {
        report.kind, report.script, report.file, report.line, report.generation,
      })
      assert.matches("x.lua:2: on purpose", report.message, 1, true)
      local problem = scripts:problems()[1]
      assert.same({ "x.lua", "x.lua", 2, 1 }, {
        problem.script, problem.file, problem.line, problem.kept,
      })
      assert.equal(report.message, problem.message)
      on.save("x.lua", TWO .. "app:view('v', print)")
      assert.equal("recovered", reports[3].kind)
      assert.equal(2, reports[3].generation)
      assert.same({}, scripts:problems())
    end)
  end)

  it("tells file and line also of a folder whose name Lua shortens", function()
    tasks.run(function()
      local folder <close> = files.temporary()
      local path = folder.path .. ("/a-folder-with-a-long-name"):rep(3)
      files.run(("mkdir -p '%s/sub'"):format(path))
      files.write(path .. "/x.lua", "\nif then")
      files.write(path .. "/sub/y.lua", "\n\nerror 'on purpose'")
      local scripts = Offline.new({ scripts = path }).app.scripts
      assert(scripts:load_all())
      local one, other = table.unpack(scripts:problems())
      assert.same({ "sub/y.lua", 3, "x.lua", 2 }, { one.file, one.line, other.file, other.line })
      assert.matches("^%.%.%.", one.message)
      assert.matches("^stack traceback:", one.traceback)
      assert.not_matches("traceback", one.message)
    end)
  end)

  it("tells nothing any more after it was called off", function()
    with_scripts({}, function(_, reports, on)
      on.unsubscribe()
      on.save("x.lua", TWO)
      assert.same({}, reports)
    end)
  end)

  it("outlives a function that fails", function()
    with_scripts({}, function(scripts, reports, on)
      scripts:subscribe(function() error "in a subscriber" end)
      on.save("x.lua", TWO)
      assert.equal(1, #reports)
      assert.matches("in a subscriber", on.offline:log())
    end)
  end)
end)
