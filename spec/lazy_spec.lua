local child = require "support.child"
local files = require "support.files"
local lazy = require "slack.lazy"
local Process = require "support.process"

-- Runs Lua text in a process of its own, in a folder that has these modules, after a shell's
-- commands.
local function run(modules, text, commands)
  local directory <close> = files.temporary()
  for name, source in pairs(modules) do
    files.write(("%s/%s.lua"):format(directory.path, name), source)
  end
  local ok, output = child.run(([[
    package.path, package.cpath = %q, %q
    assert(require("lfs").chdir(%q))
    package.path = "./?.lua;" .. package.path
    local lazy = require "slack.lazy"
    %s
  ]]):format(Process.absolute(package.path), Process.absolute(package.cpath), directory.path, text),
    commands)
  assert.is_true(ok, output)
  return output
end

-- It says when it is loaded.
local GREETING <const> = [[
  print "loaded"
  local M = { word = "hello", seen = 0 }
  function M.greet(name) return M.word .. " " .. name end
  function M.refuse() error("not that", 2) end
  return M
]]

describe("a module that is loaded when it is needed", function()
  it("is not there before something of it is asked for, and is loaded once", function()
    assert.equal("before\nloaded\nhello you\nhello me\n", run({ greeting = GREETING }, [[
      local greeting = lazy "greeting"
      print "before"
      print(greeting.greet "you")
      print(greeting.greet "me")
      assert(require("greeting").greet == greeting.greet)
    ]]))
  end)

  it("may be a function", function()
    assert.equal("before\n3\n5\n", run({ sum = "return function(a, b) return a + b end" }, [[
      local sum = lazy "sum"
      print "before"
      print(sum(1, 2))
      print(sum(2, 3))
    ]]))
  end)

  it("shows what becomes of its fields, and takes what is given to them", function()
    run({ greeting = GREETING }, [[
      local greeting, other = lazy "greeting", lazy "greeting"
      greeting.word = "bye"
      assert(require("greeting").word == "bye" and other.word == "bye")
      require("greeting").word = "hello"
      assert(greeting.word == "hello" and greeting.nothing == nil)
      assert(next(greeting) == nil)
    ]])
  end)

  it("is the module itself where that is loaded", function()
    assert.equal(require "slack.lazy", lazy "slack.lazy")
  end)

  it("raises at the line that calls it, the first time and later", function()
    local output = run({ greeting = GREETING, check = "return function() error('no', 2) end" }, [[
      local greeting, check = lazy "greeting", lazy "check"
      for _ = 1, 2 do
        print(select(2, pcall(function()
          greeting.refuse()
        end)))
        print(select(2, pcall(function()
          check()
        end)))
      end
    ]])
    local lines = {}
    for where, line in output:gmatch "([%w_]+%.lua):(%d+): no" do
      table.insert(lines, where .. line)
    end
    assert.equal(4, #lines, output)
    assert.equal(lines[1], lines[3])
    assert.equal(lines[2], lines[4])
    assert.matches("^main%.lua", lines[1])
    assert.matches("^main%.lua", lines[2])
  end)

  it("is found where it was, though the program goes elsewhere", function()
    run({ greeting = GREETING, inner = "return require 'greeting'" }, [[
      local inner = lazy "inner"
      assert(require("lfs").chdir "/")
      assert(inner.greet "you" == "hello you")
    ]])
  end)

  it("is found where it was, though package.path is another by then, which stays", function()
    run({ greeting = GREETING, inner = "return require 'greeting'" }, [[
      local inner = lazy "inner"
      package.path = "/nowhere/?.lua"
      assert(inner.greet "you" == "hello you")
      assert(package.path == "/nowhere/?.lua")
    ]])
  end)

  it("is found by the loop after its first burst, wherever the program is then", function()
    run({}, [[
      local loop = require("slack.loop").new()
      local core = require "slack.core"
      local log = core.log(loop:mailbox(), 1, "debug")
      assert(require("lfs").chdir "/")
      package.path = "/nowhere/?.lua"
      for _ = 1, 3000 do
        log:write("info", ("x"):rep(4000))
      end
      for _ = 1, 100 do
        loop:step(0)
      end
      assert(loop.relief)
    ]])
  end)

  it("is loaded, with what it requires, where the program has no descriptors left", function()
    run({ greeting = GREETING, inner = "return require 'greeting'", later = "return {}" }, [[
      require("slack.loop").default()
      local slack, inner, later, held = require "slack", lazy "inner", lazy "later", {}
      repeat
        held[#held + 1] = io.open("/dev/null") or nil
      until not io.open("/dev/null")
      assert(inner.greet "you" == "hello you" and later.nothing == nil)
      assert(slack.mrkdwn.escape "<" == "&lt;")
    ]], "ulimit -n 64")
  end)

  it("that does not load says why, and is loaded when it can be", function()
    run({ broken = "return +" }, [[
      local broken, path = lazy "broken", package.path
      for _ = 1, 2 do
        local ok, problem = pcall(function() return broken.x end)
        assert(not ok and problem:find("broken.lua:1:", 1, true), problem)
      end
      assert(require("lfs").chdir ".." and not pcall(function() return broken.x end))
      assert(package.path == path)
      package.preload.broken = function() return { x = 1 } end
      assert(broken.x == 1)
    ]])
  end)

  it("of this library is there, wherever one is named to be loaded later", function()
    local names = {}
    for _, path in ipairs(files.tree "lua/slack") do
      for name in files.read(path):gmatch 'lazy "(slack[%w_.]+)"' do
        names[name] = true
      end
    end
    for name in pairs(names) do
      assert.truthy(package.searchpath(name, package.path), name)
    end
  end)
end)
