local files = require "support.files"
local live = require "support.live_app"
local script_folder = require "support.script_folder"
local tasks = require "slack.tasks"

local answering, with_scripts = script_folder.answering, script_folder.run

-- A script that answers with its name and what the module gives, under the name that is made
-- at run time, so that the text does not show it.
local AT_RUN_TIME <const> = [[
  local app, name = ...
  app:message(function()
    local words = require("lib." .. "words")
    words.uses = (words.uses or 0) + 1
    table.insert(app:state("said", {}), name:sub(1, 1) .. ":" .. words.word .. words.uses)
  end)
]]

local USER <const> = [[
  local app, name = ...
  local words = require "lib.words"
  app:message(function()
    words.uses = (words.uses or 0) + 1
    table.insert(app:state("said", {}), name:sub(1, 1) .. ":" .. words.word .. words.uses)
  end)
]]

local function words(word)
  return ("return { word = %q }"):format(word)
end

describe("a module of scripts", function()
  it("is one for all of them, also those that require it later, in a handler", function()
    with_scripts({ ["a.lua"] = USER, ["b.lua"] = AT_RUN_TIME, ["c.lua"] = AT_RUN_TIME,
      ["lib/words.lua"] = words "one" }, function(on)
      assert.equal("a:one1 b:one2 c:one3", on.answer())
      on.save("b.lua", AT_RUN_TIME .. "-- changed")
      on.await("b.lua", 2)
      assert.equal("a:one4 b:one5 c:one6", on.answer())
    end)
  end)

  it("is tracked when its name is made at run time", function()
    with_scripts({ ["b.lua"] = AT_RUN_TIME, ["c.lua"] = answering "c",
      ["lib/words.lua"] = words "one" }, function(on)
      assert.equal("b:one1 c", on.answer())
      on.save("lib/words.lua", words "two")
      on.await("b.lua", 2)
      assert.equal("b:two1 c", on.answer())
      assert.equal(1, on.generation "c.lua")
      assert.is_nil(on.generation "lib/words.lua")
    end)
  end)

  it("is loaded anew by the next handler when no script had it", function()
    with_scripts({ ["b.lua"] = AT_RUN_TIME, ["lib/words.lua"] = words "one" }, function(on)
      on.save("b.lua", AT_RUN_TIME .. "-- changed")
      on.await("b.lua", 2)
      on.save("lib/words.lua", words "two")
      on.look()
      live.wait(function() return on.answer() == "b:two1" end)
    end)
  end)

  it("stays what it was for handlers that run on while it is replaced", function()
    with_scripts({ ["a.lua"] = [[
      local app = ...
      local slack = require "slack"
      app:message(function()
        local before = require("lib.words").word
        slack.sleep(0.15)
        table.insert(app:state("said", {}), before .. require("lib.words").word)
      end)
    ]], ["lib/words.lua"] = words "old" }, function(on)
      on.app.states.said = {}
      on.offline:message "x"
      tasks.sleep(0) -- in which the handler begins
      on.save("lib/words.lua", words "new")
      on.await("a.lua", 2)
      live.wait(function() return on.app.states.said[1] end)
      assert.equal("oldold", on.app.states.said[1])
    end)
  end)

  it("may come after the script that requires it, which is loaded then", function()
    with_scripts({ ["a.lua"] = USER }, function(on)
      assert.matches("module 'lib.words' not found", on.scripts:problems()[1].message)
      on.save("lib/words.lua", words "late")
      on.await("a.lua", 1)
      assert.equal("a:late1", on.answer())
      assert.is_nil(on.generation "lib/words.lua")
      assert.same({}, on.scripts:problems())
    end)
  end)

  it("may come late also when its name is made at run time", function()
    with_scripts({ ["a.lua"] = "require('lib.' .. 'words')\n" .. answering "a" }, function(on)
      on.save("lib/words.lua", words "late")
      on.await("a.lua", 1)
      assert.is_nil(on.generation "lib/words.lua")
    end)
  end)

  it("that is removed leaves its users as they were, and is reported for them", function()
    with_scripts({ ["a.lua"] = USER, ["lib/words.lua"] = words "one" }, function(on)
      assert(os.remove(on.path .. "/lib/words.lua"))
      on.await_report("failed", "a.lua")
      assert.matches("module 'lib.words' not found", on.scripts:problems()[1].message)
      assert.equal("a:one1", on.answer())
      on.save("lib/words.lua", words "back")
      on.await_report("recovered", "a.lua")
      assert.equal("a:back1", on.answer())
    end)
  end)

  it("that a file takes the name of is replaced by it", function()
    with_scripts({ ["a.lua"] = USER, ["lib/words/init.lua"] = words "folder" }, function(on)
      assert.equal("a:folder1", on.answer())
      on.save("lib/words.lua", words "file")
      on.await("a.lua", 2)
      assert.equal("a:file1", on.answer())
    end)
  end)

  it("is a script when nobody requires it any more", function()
    with_scripts({ ["a.lua"] = "require 'b'", ["b.lua"] = "" }, function(on)
      assert.is_nil(on.generation "b.lua")
      on.save("b.lua", answering "b" .. "--")
      on.save("a.lua", "-- require 'b'")
      on.await("b.lua", 1)
      assert.equal("b", on.answer())
    end)
  end)

  it("fails once for all scripts that need it, with its own file and line", function()
    with_scripts({ ["a.lua"] = USER, ["b.lua"] = USER, ["lib/words.lua"] = words "one" },
      function(on)
        on.save("lib/words.lua", "local count = ...\nlocal x = nil .. 'x'")
        on.await_report("failed", "b.lua")
        local _, lines = on.offline:log():gsub("attempt to concatenate", "")
        assert.equal(1, lines)
        assert.matches("a.lua, b.lua were not loaded; what they were stays: .*lib/words.lua:2: ",
          on.offline:log())
        local problems = on.scripts:problems()
        assert.same({ "lib/words.lua", 2, "lib/words.lua", 2 }, {
          problems[1].file, problems[1].line, problems[2].file, problems[2].line,
        })
        assert.equal("a:one1 b:one2", on.answer())
      end)
  end)

  it("is waited for by a script that wants it while another task loads it", function()
    with_scripts({ ["a.lua"] = AT_RUN_TIME, ["b.lua"] = AT_RUN_TIME,
      ["lib/words.lua"] = "require('slack').sleep(0.02)\n" .. words "slow" }, function(on)
      on.answer()
      live.wait(function() return #on.app.states.said == 2 end)
      assert.same({ "a:slow1", "b:slow2" }, on.app.states.said)
    end)
  end)
end)

describe("scripts that fail to load", function()
  it("keep back those that share a changed module with them, and no other", function()
    with_scripts({ ["a.lua"] = USER, ["b.lua"] = USER, ["c.lua"] = answering "c1",
      ["lib/words.lua"] = words "one" }, function(on)
      files.write(on.path .. "/a.lua", "error 'on purpose'\nrequire 'lib.words'")
      files.write(on.path .. "/b.lua", USER .. "-- changed")
      files.write(on.path .. "/c.lua", answering "c2")
      files.write(on.path .. "/lib/words.lua", words "two")
      on.await("c.lua", 2)
      assert.equal("a:one1 b:one2 c2", on.answer())
      assert.matches("b.lua was not loaded; generation 1 stays: it shares lib/words.lua with a.lua",
        on.offline:log(), 1, true)
      on.save("a.lua", USER .. "-- repaired")
      on.await("b.lua", 2)
      assert.equal("a:two1 b:two2 c2", on.answer())
      assert.same({}, on.scripts:problems())
    end)
  end)

  it("are held to the module that they have, also when their new text names it no more", function()
    with_scripts({ ["a.lua"] = USER, ["b.lua"] = USER, ["lib/words.lua"] = words "one" },
      function(on)
        files.write(on.path .. "/a.lua", "if then")
        files.write(on.path .. "/lib/words.lua", words "two")
        on.await_report("failed", "b.lua")
        assert.equal("a:one1 b:one2", on.answer())
        on.save("a.lua", answering "a")
        on.await("b.lua", 2)
        assert.equal("a b:two1", on.answer())
      end)
  end)

  it("are held to a module, too, that only their handlers have required", function()
    with_scripts({ ["a.lua"] = AT_RUN_TIME, ["b.lua"] = USER, ["lib/words.lua"] = words "one" },
      function(on)
        assert.equal("a:one1 b:one2", on.answer())
        files.write(on.path .. "/a.lua", "if then")
        files.write(on.path .. "/lib/words.lua", words "two")
        on.await_report("failed", "b.lua")
        assert.equal("a:one3 b:one4", on.answer())
      end)
  end)

  it("leave nothing of what they had begun to load", function()
    with_scripts({}, function(on)
      on.save("lib/words.lua", words "one")
      on.save("a.lua", "require 'lib.words'.seen = true\nerror 'on purpose'")
      on.await_report("failed", "a.lua")
      on.save("a.lua", "local app = ...\napp:state('seen', {})[1] = require('lib.words').seen")
      on.await("a.lua", 1)
      assert.same({}, on.app:state "seen")
    end)
  end)
end)

describe("what scripts require", function()
  local Modules = require "slack.modules"

  -- A folder as it is in that table.
  local function modules_of(texts)
    local folder <close> = files.temporary()
    for path, text in pairs(texts) do
      files.write(folder.path .. "/" .. path, text)
    end
    local modules = Modules.new({
      path = folder.path, read = function(_, name) return texts[name] end,
    })
    for path in pairs(texts) do
      modules:scan(path)
    end
    return modules
  end

  it("is a module as long as another file requires it, whichever says so", function()
    local texts = { ["a.lua"] = "require 'm'", ["b.lua"] = "", ["m.lua"] = "require 'm'" }
    local modules = modules_of(texts)
    assert.same({ true, false }, { modules:is_module "m.lua", modules:is_module "a.lua" })
    modules:note_asked("b.lua", "m.lua")
    texts["a.lua"] = ""
    modules:scan "a.lua"
    assert.is_true(modules:is_module "m.lua")
    texts["b.lua"] = "require 'm'"
    modules:scan "b.lua"
    texts["b.lua"] = ""
    modules:scan "b.lua"
    assert.is_true(modules:is_module "m.lua") -- it has asked for it
    modules:forget { ["b.lua"] = true }
    assert.is_false(modules:is_module "m.lua") -- which requires itself
  end)

  it("is found as fast among thousands of files as among few", function()
    local texts = {}
    for i = 1, 4000 do
      texts[("s%d.lua"):format(i)] = ""
    end
    local modules = modules_of(texts)
    local began = os.clock()
    for path in pairs(texts) do
      assert.is_false(modules:is_module(path))
    end
    assert.is_true(os.clock() - began < 0.3)
  end)
end)
