local child = require "support.child"
local files = require "support.files"
local program = require "slack.program"

-- A program in a folder of its own, loaded; or what is wrong with it.
local function load_text(text, options)
  local directory <close> = files.temporary()
  local path = directory.path .. "/bot.lua"
  files.write(path, text)
  files.write(directory.path .. "/model.lua", "return 'beside'")
  local loaded, err = program.load(path, options)
  return loaded, err, path
end

describe("a bot's program that is loaded", function()
  local kept_arg, kept_path

  before_each(function()
    kept_arg, kept_path = arg, package.path
  end)

  after_each(function()
    _G.arg, package.path, package.loaded.model = kept_arg, kept_path, nil
  end)

  it("gives its app, unstarted and without tokens, and goes no further", function()
    local loaded, err = load_text [[
      local slack = require "slack"
      local app = slack.app {}
      app:command("/hello", function() end)
      app:run()
      os.exit(7)
    ]]
    assert.is_nil(err)
    local app = loaded.apps[1]
    assert.same({ 1, "idle", true }, { #loaded.apps, app.phase,
      app.dispatch.index:has "command" })
  end)

  it("also gives an app that runs in a task, or in a module", function()
    for _, text in ipairs {
      [[local slack = require "slack"
        slack.run(function() slack.app():run() end) os.exit(7)]],
      [[package.preload.inner = function() require("slack").app():run() end
        package.loaded.inner = nil
        require "inner" os.exit(7)]],
    } do
      local loaded, err = load_text(text)
      assert.is_nil(err)
      assert.equal("idle", loaded.apps[1].phase)
    end
  end)

  it("also gives an app that a program starts, to go on by itself", function()
    local loaded, err = load_text "require('slack').app():start() os.exit(7)"
    assert.is_nil(err)
    assert.equal("idle", loaded.apps[1].phase)
  end)

  it("asks nobody over the network, and goes on", function()
    local loaded, err = load_text [[
      local slack = require "slack"
      local app = slack.app()
      local _, refused = app.client.auth.test()
      local _, failed = slack.fetch "http://127.0.0.1:1/"
      app.seen = { refused.code, failed.code }
      app:run()
    ]]
    assert.is_nil(err)
    assert.same({ "offline", "offline" }, rawget(loaded.apps[1], "seen"))
  end)

  it("finds modules beside it, and has its arguments as lua gives them", function()
    local loaded, err, path = load_text([[
      local first = ...
      local app = require("slack").app()
      app.seen = { require "model", first, arg[0], arg[2], #arg, arg[-1] ~= nil }
      app:run()
    ]], { arguments = { "one", "two" } })
    assert.is_nil(err)
    assert.same({ "beside", "one", path, "two", 2, true }, rawget(loaded.apps[1], "seen"))
  end)

  it("says what is wrong with it, at its line", function()
    for text, expected in pairs {
      ["local x = = 1"] = "^%S+/bot.lua:1: unexpected symbol near '='$",
      ["\n\nerror 'no luck'"] = "^%S+/bot.lua:3: no luck$",
      ["\nrequire('slack').app { tokn = 1 }"] = "^%S+/bot.lua:2: slack.app: .*\"tokn\"",
      ["local _ = require 'nosuch'"] = "^%S+/bot.lua:1: module 'nosuch' not found, [^\n]+ lead$",
      ["return 1"] = "/bot.lua makes no app: begin it with local app = ",
      ["require('slack').app()"] = "/bot.lua makes an app but does not run it: end it with os.exit",
    } do
      local loaded, err = load_text(text)
      assert.is_nil(loaded)
      assert.matches(expected, err.message)
      assert.falsy(tostring(err.traceback):find "slack/command")
    end
    local _, err = program.load "/nowhere/bot.lua"
    assert.same({ "no_program", "there is no file /nowhere/bot.lua" }, { err.code, err.message })
    _, err = program.load "spec"
    assert.matches("spec is a directory", err.message)
  end)

  it("leaves tokens that an app lacks an error for who runs it", function()
    load_text "require('slack').app():run()"
    local ok, output = child.run [[require("slack").app { token = "xoxb-1" }]]
    assert.is_false(ok)
    assert.matches('option "app_token" is missing', output)
  end)
end)

describe("a bot's program that is run", function()
  local function run(text)
    return child.run(([[
      local files = require "support.files"
      local program = require "slack.program"
      local directory <close> = files.temporary()
      files.write(directory.path .. "/bot.lua", %q)
      print(program.run(directory.path .. "/bot.lua", function(app) app.seen = "seen" end))
    ]]):format(text), "unset SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_SIGNING_SECRET")
  end

  it("goes on behind its app's run, and ends the process as it likes", function()
    local ok, output = run [[
      local app = require("slack").app { token = "xoxb-1", app_token = "xapp-1" }
      function app:start() print(self.seen) return nil, { code = "stopped" } end
      print(app:run())
      os.exit(false)
    ]]
    assert.is_false(ok)
    assert.equal("seen\ntrue\tnil\n", output)
  end)

  it("tells of its own mistakes", function()
    local _, output = run "\nlocal x = nil + 1"
    assert.matches("^nil\t%S+/bot.lua:2: attempt to perform arithmetic on a nil value", output)
    _, output = run "require('slack').app()"
    assert.matches('^nil\t%S+/bot.lua:1: slack.app: option "token" is missing', output)
  end)
end)
