local files = require "support.files"
local live = require "support.live_app"
local script_folder = require "support.script_folder"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("scripts", function()
  local with_scripts, answering = script_folder.run, script_folder.answering

  it("are loaded in the order of their names, below folders too", function()
    with_scripts({ ["b.lua"] = answering "b", ["sub/a.lua"] = answering "sub", ["a.lua"] =
      answering "a", ["notes.txt"] = "no Lua", [".hidden.lua"] = "error()" }, function(on)
      assert.equal("a b sub", on.say())
      assert.matches("loaded a.lua: generation 1, 0 %-> 1 listeners, [%d.]+ ms", on.offline:log())
    end)
  end)

  it("get the app and their name, and may require slack", function()
    with_scripts({ ["x.lua"] = [[
      local app, name = ...
      local slack = require "slack"
      app:state("got", { name, slack._VERSION, app.client ~= nil, app.log ~= nil })
    ]] }, function(on)
      assert.same({ "x.lua", slack._VERSION, true, true }, on.app:state "got")
    end)
  end)

  it("may use whatever the app has, though nothing did before", function()
    with_scripts({ ["x.lua"] = [[
      local app = ...
      local jobs = app.metrics:counter("jobs_total", "Jobs.")
      jobs:count()
      app:state("got", app.metrics == app.measures.metrics and app.dispatch.app.schedule ~= nil)
    ]] }, function(on)
      assert.is_true(on.app:state "got")
    end)
  end)

  it("that wait for ever while they load give way to a newer text", function()
    with_scripts({ ["x.lua"] = answering "old" }, function(on)
      on.save("x.lua", "require('slack').sleep(1000)")
      live.wait(function() return on.scripts.loading end)
      on.save("x.lua", answering "newer")
      on.await("x.lua", 2)
      assert.equal("newer", on.say())
      assert.matches("x.lua was not loaded.*a newer text", on.offline:log())
    end)
  end)

  it("may begin with a byte order mark, and a line for the shell", function()
    with_scripts({ ["x.lua"] = "\239\187\191#!/usr/bin/lua\n" .. answering "x" }, function(on)
      assert.equal("x", on.say())
    end)
  end)

  it("are text: what was compiled before is not loaded, nor required by a script", function()
    local compiled = string.dump(function() return "compiled" end)
    with_scripts({
      ["x.lua"] = compiled, ["y.lua"] = "return require 'z'", ["z.lua"] = compiled,
      ["a.lua"] = answering "text",
    }, function(on)
      assert.equal("text", on.say())
      assert.matches("x.lua.*attempt to load a binary chunk", on.offline:log())
      assert.matches("y.lua.*attempt to load a binary chunk", on.offline:log())
    end)
  end)

  it("come after what the program registers, also when it does so later", function()
    with_scripts({ ["x.lua"] = answering "script" }, function(on)
      on.app:message(function() table.insert(on.app:state("said", {}), "program") end)
      assert.equal("program script", on.say())
    end)
  end)

  it("register and remove while they run, each in its place, with no new index (S168)", function()
    local adding = [[
      local app, name = ...
      local function note(word)
        return function() table.insert(app:state("said", {}), name:sub(1, 1) .. word) end
      end
      app:message(note "1")
      local added
      app:command("/add", function()
        added = app:message(note "2")
      end)
      app:command("/remove", function()
        return tostring(added:remove()) .. " " .. tostring(added:remove())
      end)
    ]]
    with_scripts({ ["a.lua"] = adding, ["b.lua"] = adding, ["c.lua"] = answering "c" },
      function(on)
        local index = on.app.dispatch.index
        local function command(name)
          local request = on.offline:command(name)
          live.wait(function() return request.answers[1] end)
          return request.answers[1]
        end
        command "/add"
        assert.equal("a1 a2 b1 c", on.say())
        assert.matches("true false", command "/remove")
        assert.equal(index, on.app.dispatch.index)
        command "/add"
        on.save("c.lua", answering "d")
        on.await("c.lua", 2)
        on.app.states.said = {}
        assert.equal("a1 a2 b1 d", on.say())
      end)
  end)

  it("of an old generation remove their own, and nobody else's", function()
    with_scripts({ ["x.lua"] = [[
      local app = ...
      local old = app:message(function() end)
      app:on_unload(function() app:state("removed", old:remove()) end)
    ]] }, function(on)
      on.save("x.lua", answering "new")
      on.await("x.lua", 2)
      live.wait(function() return on.app.states.removed ~= nil end)
      assert.equal("new", on.say())
      assert.equal(1, on.app:stats().listeners)
    end)
  end)

  it("are told at their line that they neither make an app nor run one", function()
    with_scripts({
      ["a.lua"] = "local slack = require 'slack'\nlocal app = slack.app()",
      ["b.lua"] = "local slack = require 'slack'\nlocal app = slack.rtm {}",
      ["c.lua"] = "local app = ...\nos.exit(app:run() or 1)",
      ["d.lua"] = "local app = ...\nassert(app:start())",
      ["lib/bot.lua"] = "local app = require('slack').app {}", ["e.lua"] = "require 'lib.bot'",
      ["f.lua"] = answering "f",
    }, function(on)
      for _, line in ipairs {
        "a.lua:2: slack.app: ", "b.lua:2: slack.rtm: ", "c.lua:2: app:run: ",
        "d.lua:2: app:start: ", "lib/bot.lua:1: slack.app: ",
      } do
        assert.matches(line .. "a handler script gets the app as `...`", on.offline:log(), 1, true)
      end
      assert.equal("f", on.say())
    end)
  end)

  it("may make an app of their own in a handler, when they are loaded", function()
    with_scripts({ ["x.lua"] = [[
      local app = ...
      app:message(function()
        local other = require("slack").app { token = "xoxb-1", app_token = "xapp-1" }
        app:state("said", {})[1] = tostring(other ~= app)
      end)
    ]] }, function(on)
      assert.equal("true", on.say(), on.offline:log())
    end)
  end)

  it("are told at their line which method they misspell", function()
    with_scripts({ ["x.lua"] = "local app = ...\n\napp:mesage(print)", ["y.lua"] =
      "local app = ...\napp:on_unlaod(print)", ["z.lua"] = "local app = ...\napp:clos()" },
      function(on)
        assert.matches('x.lua:3: app.mesage: there is no such method; did you mean "message"?',
          on.offline:log(), 1, true)
        assert.matches('y.lua:2: app.on_unlaod: there is no such method; did you mean "on_unload"?',
          on.offline:log(), 1, true)
        assert.matches('z.lua:2: app.clos: there is no such method; did you mean "close"?',
          on.offline:log(), 1, true)
      end)
  end)

  describe("when saved", function()
    it("are replaced as a whole, state is kept", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        assert.equal("old", on.say())
        on.save("x.lua", answering "new" .. answering("more"):gsub("local app = ...", ""))
        on.await("x.lua", 2)
        assert.equal("old new more", on.say())
        assert.matches("reloaded x.lua: generation 2, 1 %-> 2 listeners", on.offline:log())
      end)
    end)

    it("are replaced when written in place, too", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        files.write(on.path .. "/x.lua", answering "rewritten")
        on.await("x.lua", 2)
        assert.equal("rewritten", on.say())
      end)
    end)

    it("stay as they were when the text does not compile, with file and line", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        on.save("x.lua", "local app = ...\nif then")
        on.await_log "x.lua was not loaded; generation 1 stays"
        assert.matches("x.lua:2: ", on.offline:log())
        assert.equal("old", on.say())
        on.save("x.lua", answering "repaired")
        on.await("x.lua", 2)
        assert.equal("old repaired", on.say())
      end)
    end)

    it("stay as they were when the text is nested too deeply to compile", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        on.save("x.lua", "return " .. ("("):rep(1000))
        on.await_log "x.lua was not loaded; generation 1 stays"
        assert.matches("x.lua: nested too deeply", on.offline:log())
        assert.equal("old", on.say())
      end)
    end)

    it("stay as they were when they fail half-way, wholly", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        on.save("x.lua", answering "half" .. "\napp:use(function() end)\nerror 'broken'")
        on.await_log "broken"
        assert.equal("old", on.say())
        assert.equal(1, on.app:stats().listeners)
      end)
    end)

    it("stay as they were when a registration is wrong", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        on.save("x.lua", "local app = ...\napp:command('/x')")
        on.await_log "x.lua:2: app:command: handler"
        assert.not_matches("stack traceback", on.offline:log())
        assert.equal("old", on.say())
      end)
    end)

    it("may wait at their top level; events go on on the old code", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        on.save("x.lua", answering "new" .. [[
          app:state("waiting", true)
          require("slack").sleep(0.05)
        ]])
        live.wait(function() return on.app:state "waiting" end)
        assert.equal("old", on.say())
        on.await("x.lua", 2)
        assert.equal("old new", on.say())
      end)
    end)

    it("are seen to when that was while another one was loading", function()
      with_scripts({ ["x.lua"] = answering "x1", ["y.lua"] = answering "y1" }, function(on)
        on.save("x.lua", answering "x2" .. [[
          app:state("waiting", {})
          repeat require("slack").sleep(0.001) until app:state("waiting").is_over
        ]])
        local waiting = live.wait(function() return on.app:state "waiting" end)
        on.save("y.lua", answering "y2")
        live.wait(function() return on.scripts.again end)
        waiting.is_over = true
        on.await("y.lua", 2)
        assert.equal("x2 y2", on.say())
      end)
    end)

    it("go on in the turns of the old code, with order and concurrency", function()
      local TURNS <const> = [[
        local app, word = ..., %q
        app:message({ "", order = "channel" }, function(c)
          local said = app:state("said", {})
          table.insert(said, word .. c.message.text)
          repeat require("slack").sleep(0.001) until app:state("ended", {})[c.message.text]
          table.insert(said, "end of " .. c.message.text)
        end)
      ]]
      with_scripts({ ["x.lua"] = TURNS:format "old " }, function(on)
        on.say "1"
        on.say "2"
        on.save("x.lua", TURNS:format "new ")
        on.await("x.lua", 2)
        assert.equal("old 1", on.say "3")
        local ended, said = on.app:state("ended", {}), on.app:state "said"
        for i = 1, 3 do
          ended[tostring(i)] = true
          live.wait(function() return said[2 * i] == "end of " .. i end)
        end
        assert.same({ "old 1", "end of 1", "old 2", "end of 2", "new 3", "end of 3" }, said)
      end)
    end)

    it("let running handlers finish on the old code", function()
      with_scripts({ ["x.lua"] = [[
        local app = ...
        local word = "old"
        app:message(function()
          repeat require("slack").sleep(0.001) until app:state("said", {})[1] -- what the new says
          table.insert(app:state("said", {}), word)
        end)
      ]] }, function(on)
        on.say()
        on.save("x.lua", answering "new")
        on.await("x.lua", 2)
        on.say()
        live.wait(function() return #on.app:state "said" == 2 end)
        assert.same({ "new", "old" }, on.app:state "said")
      end)
    end)

    it("have what they gave to on_unload called after the swap", function()
      with_scripts({ ["x.lua"] = [[
        local app = ...
        app:on_unload(function() app:state("log", {})[1] = "first" end)
        app:on_unload(function() error "in unload" end)
      ]] }, function(on)
        on.app:state("log", {})
        on.save("x.lua", answering "new")
        on.await("x.lua", 2)
        live.wait(function() return on.app:state "log"[1] end)
        on.await_log "in unload"
      end)
    end)

    it("replace their middleware and error handler as well", function()
      with_scripts({ ["x.lua"] = [[
        local app = ...
        app:use(function(c, next) c.data.by = "old" return next() end)
        app:on_error(function(err) app:state("errors", {})[1] = err end)
      ]] }, function(on)
        on.app:message(function(c) error(c.data.by or "nobody", 0) end)
        on.say()
        assert.same({ "old" }, on.app:state "errors")
        on.save("x.lua", "")
        on.await("x.lua", 2)
        on.say()
        assert.same({ "old" }, on.app:state "errors")
      end)
    end)
  end)

  it("come and go with their files", function()
    with_scripts({ ["x.lua"] = answering "x" }, function(on)
      on.save("y.lua", answering "y")
      on.await("y.lua", 1)
      assert.equal("x y", on.say())
      assert(os.remove(on.path .. "/x.lua"))
      on.await("x.lua", nil)
      assert.equal("x y y", on.say())
      assert.matches("removed x.lua: 1 %-> 0 listeners", on.offline:log())
      files.run(("mkdir '%s/sub'"):format(on.path))
      on.save("sub/z.lua", answering "z")
      on.await("sub/z.lua", 1)
    end)
  end)

  it("survive that a file is away for a moment", function()
    with_scripts({ ["x.lua"] = answering "old" }, function(on)
      assert(os.remove(on.path .. "/x.lua"))
      on.look()
      on.save("x.lua", answering "new")
      on.await("x.lua", 2)
      assert.not_matches("removed", on.offline:log())
    end)
  end)

  it("are not read twice through links that lead in circles", function()
    with_scripts({ ["x.lua"] = answering "x" }, function(on)
      files.run(("ln -s . '%s/again' && ln -s '%s' '%s/round'"):format(on.path, on.path, on.path))
      on.save("y.lua", answering "y")
      on.await("y.lua", 1)
      assert.equal("x y", on.say())
    end)
  end)

  it("may be links, which are followed when they are changed to lead elsewhere", function()
    with_scripts({ [".one"] = answering "one", [".two"] = answering "two" }, function(on)
      files.run(("ln -s .one '%s/x.lua'"):format(on.path))
      on.await("x.lua", 1)
      files.run(("ln -s .two '%s/.link' && mv '%s/.link' '%s/x.lua'"):format(on.path, on.path,
        on.path))
      on.await("x.lua", 2)
      assert.equal("two", on.say())
    end)
  end)

  it("are reloaded also when neither size nor time of the file tells", function()
    with_scripts({ ["x.lua"] = answering "old" }, function(on)
      local path, now = on.path .. "/x.lua", os.time()
      require("lfs").touch(path, now, now)
      on.look()
      files.write(path, answering "new")
      require("lfs").touch(path, now, now)
      live.wait(function() return on.say():find "new" end)
    end)
  end)

  it("wait for the rest of a file that is written in steps", function()
    with_scripts({ ["x.lua"] = answering "old" }, function(on)
      local file <close> = assert(io.open(on.path .. "/x.lua", "wb"))
      on.look() -- at an empty file
      file:write(answering "new"):close()
      live.wait(function() return (on.generation "x.lua") >= 2 end)
      assert.not_matches("-> 0 listeners", on.offline:log(), 1, true)
      assert.equal("new", on.say())
    end)
  end)

  it("stay when their folder cannot be read", function()
    with_scripts({ ["x.lua"] = answering "x" }, function(on)
      assert(os.rename(on.path, on.path .. ".away"))
      on.await_log "the scripts in it stay as they were"
      tasks.sleep(0.15) -- longer than a missing file counts as replaced
      assert.equal("x", on.say())
      assert(os.rename(on.path .. ".away", on.path))
      on.save("y.lua", answering "y")
      on.scripts:look_again(0)
      on.await("y.lua", 1)
      assert.equal("x x y", on.say())
    end)
  end)

  describe("when the app stops", function()
    it("are not taken over any more when they were still loading", function()
      with_scripts({ ["x.lua"] = answering "old" }, function(on)
        on.save("x.lua", answering "new" .. [[
          app:state("waiting", true)
          require("slack").sleep(0.05)
          app:state("ended", true)
        ]])
        live.wait(function() return on.app:state "waiting" end)
        on.scripts:stop()
        tasks.sleep(0.1)
        assert.is_nil(on.app:state "ended")
        assert.equal(0, on.app:stats().listeners)
        assert(on.scripts:start())
        assert.equal("new", on.say())
      end)
    end)

    it("may have asked for it, with the app as they know it", function()
      with_scripts({ ["x.lua"] = [[
        local app = ...
        app:message(function() app:close() end)
      ]] }, function(on)
        on.app.phase = "running"
        on.say()
        assert.equal("idle", on.app.phase)
        assert.equal(0, on.app:stats().listeners)
      end)
    end)
  end)

  it("that fail at the start keep no other from running", function()
    with_scripts({ ["a.lua"] = "error 'bad'", ["b.lua"] = answering "b" }, function(on)
      assert.equal("b", on.say())
      assert.matches("a.lua was not loaded: .*a.lua:1: bad", on.offline:log())
    end)
  end)

  it("keep accidental globals to themselves, and are warned once", function()
    with_scripts({ ["x.lua"] = "counter = 1\ncounter = 2\nother = 3" }, function(on)
      assert.is_nil(rawget(_G, "counter"))
      local _, count = on.offline:log():gsub("assigns the global", "")
      assert.equal(2, count)
      assert.matches('x.lua:1: assigns the global "counter"', on.offline:log())
    end)
  end)

  it("are all loaded again by reload_all", function()
    with_scripts({ ["x.lua"] = answering "x", ["y.lua"] = answering "y" }, function(on)
      on.scripts:reload_all()
      on.await("x.lua", 2)
      on.await("y.lua", 2)
      assert.equal("x y", on.say())
    end)
  end)

  describe("with modules of their own", function()
    local USER = [[
      local app = ...
      local words = require "lib.words"
      app:message(function() table.insert(app:state("said", {}), words.word) end)
    ]]

    it("are reloaded together when a module changes", function()
      with_scripts({
        ["a.lua"] = USER, ["b.lua"] = USER, ["c.lua"] = answering "c",
        ["lib/words.lua"] = "return { word = require('lib.base') }",
        ["lib/base.lua"] = "return 'one'",
      }, function(on)
        assert.equal("one one c", on.say())
        on.save("lib/base.lua", "return 'two'")
        on.await("b.lua", 2)
        assert.equal("one one c two two c", on.say())
        assert.equal(1, on.generation "c.lua")
        assert.is_nil(on.generation "lib/words.lua")
        assert.is_nil(package.loaded["lib.words"])
      end)
    end)

    it("all stay as they were when one of them fails with the new module", function()
      with_scripts({
        ["a.lua"] = USER, ["b.lua"] = USER .. "assert(words.word ~= 'bad', 'refused')",
        ["lib/words.lua"] = "return { word = 'good' }",
      }, function(on)
        on.save("lib/words.lua", "return { word = 'bad' }")
        on.await_log "refused"
        on.await_log "a.lua was not loaded; generation 1 stays: it shares lib/words.lua with b.lua"
        assert.equal("good good", on.say())
      end)
    end)

    it("are told at their line that there is none of that name, and where was looked", function()
      with_scripts({ ["a.lua"] = "local app = ...\nlocal helper = require 'lib.helpr'" },
        function(on)
          assert.matches("/a.lua:2: module 'lib.helpr' not found:", on.offline:log(), 1, true)
          assert.matches(("no file '%s/lib/helpr.lua'"):format(on.path), on.offline:log(), 1, true)
        end)
    end)

    it("say so when modules require each other in a circle", function()
      with_scripts({
        ["a.lua"] = USER, ["lib/words.lua"] = "return require 'lib.base'",
        ["lib/base.lua"] = "return require 'lib.words'",
      }, function(on)
        assert.matches("lib/words.lua requires itself", on.offline:log())
      end)
    end)
  end)
end)
