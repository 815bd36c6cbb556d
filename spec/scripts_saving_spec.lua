local files = require "support.files"
local live = require "support.live_app"
local script_folder = require "support.script_folder"
local tasks = require "slack.tasks"

local answering = script_folder.answering

-- How editors and other programs save: save(path, text, look); look waits until the folder has
-- been looked at.
local STYLES <const> = {
  ["in place"] = function(path, text)
    files.write(path, text)
  end,
  ["beside it and renamed over it"] = function(path, text)
    files.write(path .. ".tmp", text)
    assert(os.rename(path .. ".tmp", path))
  end,
  ["by moving it to a backup and writing a new one (vim)"] = function(path, text)
    assert(os.rename(path, path .. "~"))
    files.write(path, text)
    assert(os.remove(path .. "~"))
  end,
  ["by copying it to a backup and writing it again"] = function(path, text)
    files.write(path .. "~", files.read(path))
    files.write(path, text)
  end,
  ["by removing it and writing a new one"] = function(path, text, look)
    assert(os.remove(path))
    look()
    files.write(path, text)
  end,
  ["in two slow steps"] = function(path, text, look)
    local file <close> = assert(io.open(path, "wb"))
    file:write(text:sub(1, #text // 2)):flush()
    look()
    file:write(text:sub(#text // 2 + 1))
  end,
  ["in two slow steps, opened twice"] = function(path, text)
    files.write(path, text:sub(1, #text // 2))
    tasks.sleep(0.04)
    local file <close> = assert(io.open(path, "ab"))
    file:write(text:sub(#text // 2 + 1))
  end,
  ["empty at first"] = function(path, text)
    files.write(path, "")
    tasks.sleep(0.04)
    files.write(path, text)
  end,
  ["with another program's temporary files beside it"] = function(path, text)
    local folder = path:match "^(.*)/"
    files.write(folder .. "/4913", "")
    files.write(folder .. "/.x.lua.swp", "no Lua")
    files.write(folder .. "/.#x.lua", "no Lua")
    os.remove(folder .. "/4913")
    files.write(path, text)
  end,
}

-- A machine that does much else may take longer between two steps of one who saves than a
-- half-written script is waited for: now and then, but not each time.
local function in_time(fn)
  for _ = 1, 2 do
    if pcall(fn) then
      return
    end
  end
  fn()
end

for _, watch in ipairs { true, "poll" } do
  local name = watch == true and "notices of the system" or "looks alone"

  describe("scripts watched by " .. name, function()
    local function with_scripts(texts, fn)
      script_folder.run(texts, fn, { watch = watch })
    end

    for style, save in pairs(STYLES) do
      it("are reloaded once when a file is saved " .. style, function()
        in_time(function()
          with_scripts({ ["x.lua"] = answering "old" }, function(on)
            save(on.path .. "/x.lua", answering "new" .. ("-- %s\n"):rep(9):format(
              "a", "b", "c", "d", "e", "f", "g", "h", "i"), on.look)
            live.wait(function() return on.answer() == "new" end)
            assert.equal(2, on.generation "x.lua")
            assert.not_matches("removed x.lua", on.offline:log())
            assert.not_matches("not loaded", on.offline:log())
          end)
        end)
      end)
    end

    it("are reloaded as one when many are saved at once, as by a checkout", function()
      local texts = { ["lib/words.lua"] = "return { suffix = 1 }" }
      local function text_of(number, version)
        return 'local suffix = require("lib.words").suffix\n'
          .. answering(("%d.%d"):format(number, version))
      end
      for number = 1, 9 do
        texts[("s%d.lua"):format(number)] = text_of(number, 1)
      end
      with_scripts(texts, function(on)
        local swaps = 0
        local apply = on.app._apply
        function on.app:_apply()
          swaps = swaps + 1
          return apply(self)
        end
        for number = 1, 9 do
          files.write(("%s/s%d.lua"):format(on.path, number), text_of(number, 2))
        end
        files.write(on.path .. "/lib/words.lua", "return { suffix = 2 }")
        assert(os.remove(on.path .. "/s9.lua"))
        files.write(on.path .. "/new.lua", answering "new")
        on.await("s8.lua", 2)
        assert.equal(1, swaps)
        assert.equal("new 1.2 2.2 3.2 4.2 5.2 6.2 7.2 8.2", on.answer())
        assert.is_nil(on.generation "s9.lua")
      end)
    end)

    it("are never there twice while a file is moved", function()
      with_scripts({ ["x.lua"] = answering "x" }, function(on)
        local swaps, begun, apply = {}, 0, on.app._apply
        function on.app:_apply(...)
          begun = begun + 1
          apply(self, ...)
          table.insert(swaps, on.answer())
        end
        assert(os.rename(on.path .. "/x.lua", on.path .. "/y.lua"))
        on.await("y.lua", 1)
        live.wait(function() return #swaps == begun end)
        assert.same({ "x" }, swaps)
      end)
    end)

    it("come with new folders, and go with them", function()
      with_scripts({}, function(on)
        on.shell "mkdir -p a/b"
        on.save("a/b/deep.lua", answering "deep")
        on.await("a/b/deep.lua", 1)
        on.save("a/b/deep.lua", answering "deeper")
        on.await("a/b/deep.lua", 2)
        on.shell "mv a elsewhere"
        on.await("elsewhere/b/deep.lua", 1)
        on.save("elsewhere/b/deep.lua", answering "moved")
        on.await("elsewhere/b/deep.lua", 2)
        assert.equal("moved", on.answer())
        on.shell "rm -r elsewhere"
        on.await("elsewhere/b/deep.lua", nil)
        assert.equal("", on.answer())
      end)
    end)

    it("follow links to files and folders, wherever these are pointed next", function()
      with_scripts({}, function(on)
        files.run(("mkdir -p '%s'/one '%s'/two"):format(on.folder, on.folder))
        files.write(on.folder .. "/one/s.lua", answering "one")
        files.write(on.folder .. "/two/s.lua", answering "two")
        files.write(on.folder .. "/file.lua", answering "file")
        on.shell "ln -s ../one linked && ln -s ../file.lua f.lua && ln -s nowhere.lua dangling.lua"
        on.await("linked/s.lua", 1)
        assert.equal("file one", on.answer())
        files.write(on.folder .. "/one/s.lua", answering "one again")
        on.await("linked/s.lua", 2)
        on.shell "ln -s ../two new && mv -T new linked"
        on.await("linked/s.lua", 3)
        files.write(on.folder .. "/two/s.lua", answering "two again")
        on.await("linked/s.lua", 4)
        assert.equal("file two again", on.answer())
        on.shell "ln -s ../one/s.lua new && mv -T new f.lua"
        on.await("f.lua", 2)
        assert.equal("one again two again", on.answer())
        on.shell "ln -s .. round && ln -s . again"
        on.save("y.lua", answering "y")
        on.await("y.lua", 1)
      end)
    end)

    it("go on being watched when their folder is replaced by another one", function()
      with_scripts({ ["x.lua"] = answering "x" }, function(on)
        files.run(("mkdir '%s'/next"):format(on.folder))
        files.write(on.folder .. "/next/x.lua", answering "replaced")
        files.run(("cd '%s' && mv handlers before && mv next handlers"):format(on.folder))
        on.scripts:look_again(0)
        on.await("x.lua", 2)
        files.write(on.path .. "/x.lua", answering "saved")
        on.await("x.lua", 3)
        assert.equal("saved", on.answer())
      end)
    end)
  end)
end

describe("scripts that are not watched", function()
  it("are loaded again by reload_all alone", function()
    script_folder.run({ ["x.lua"] = answering "old" }, function(on)
      on.save("x.lua", answering "new")
      tasks.sleep(0.1)
      assert.equal("old", on.answer())
      on.scripts:reload_all()
      live.wait(function() return on.answer() == "new" end)
    end, { watch = false })
  end)
end)
