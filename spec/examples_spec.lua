local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"
local tasks = require "slack.tasks"

-- The demo, with these modules, as `make demo` runs it.
local function demo(settings, input)
  return files.run(("printf '%s' | %s LUA_PATH='%s' LUA_CPATH='%s' %s examples/demo/main.lua")
    :format(input or "", settings or "", package.path, package.cpath, child.interpreter()))
end

describe("examples/demo", function()
  it("plays its conversation with examples/hello to the end and exits with 0", function()
    local ok, output = demo()
    assert.truthy(ok, output)
    for _, line in ipairs { "Hello, @ada!", "Lunch at Luigi's", "Ahoy, @ada!", "status 0" } do
      assert.truthy(output:find(line, 1, true), output)
    end
  end)

  it("keeps both connections through the saves of a script", function()
    local _, output = demo()
    assert.truthy(output:find("2 connections over TLS, the same ones from first to last", 1, true),
      output)
  end)

  it("leaves the example's own files as they are", function()
    local before = files.read "examples/hello/handlers/greet.lua"
    demo()
    assert.equal(before, files.read "examples/hello/handlers/greet.lua")
  end)

  it("with STAY=1 takes lines as messages and commands, and ends with its input", function()
    local ok, output = demo("STAY=1", "hello\\n/as grace\\n/as nobody\\n/click 9\\n")
    assert.truthy(ok, output)
    for _, line in ipairs { "grace>", "there is nobody called nobody", "there is no button 9" } do
      assert.truthy(output:find(line, 1, true), output)
    end
  end)
end)

describe("examples/hello", function()
  it("says which variable to set when there is no token", function()
    local ok, output = files.run((
      "env -u SLACK_BOT_TOKEN LUA_PATH='%s' LUA_CPATH='%s' %s examples/hello/bot.lua"
    ):format(package.path, package.cpath, child.interpreter()))
    assert.is_false(ok)
    assert.truthy(output:find("SLACK_BOT_TOKEN", 1, true), output)
  end)
end)

describe("examples/sandbox.lua", function()
  local directory, slack_here, typed

  -- On any free ports; what is typed comes through a pipe.
  before_each(function()
    directory = files.temporary()
    local input = directory.path .. "/input"
    assert(os.execute("mkfifo " .. input))
    slack_here = Process.start(child.interpreter() .. " examples/sandbox.lua 0", {
      environment = { LUA_PATH = package.path, LUA_CPATH = package.cpath },
      input = input,
    })
    typed = assert(io.open(input, "w"))
    typed:setvbuf "no"
  end)

  after_each(function()
    typed:close()
    getmetatable(slack_here).__close(slack_here)
    getmetatable(directory).__close(directory)
  end)

  local function wait_for(text)
    for _ = 1, 1000 do
      if slack_here:output():find(text, 1, true) then
        return
      end
      tasks.sleep(0.01)
    end
    error(("no %q in:\n%s"):format(text, slack_here:output()), 2)
  end

  local function exports()
    wait_for "export SLACK_APP_TOKEN="
    local environment = {}
    for name, value in slack_here:output():gmatch "export ([%w_]+)='([^']*)'\n" do
      environment[name] = value
    end
    return environment
  end

  it("is the Slack of a bot in another process, to which one can talk", function()
    local environment = exports()
    local bot <close> = Process.lua("examples/hello/bot.lua", { environment = environment })
    wait_for "a bot has connected"
    typed:write "hello\n"
    wait_for "Hello, @ada!"
    typed:write "/lunch Luigi's\n"
    wait_for "Lunch at Luigi's"
    typed:write "mumble\n"
    wait_for "the bot has no answer to that"
    bot:signal()
    assert.equal(0, bot:wait(), bot:output())
    wait_for "the bot has gone"
  end)

  it("has tokens that stay the same over its starts", function()
    local environment = exports()
    assert.same({ "xoxb-local", "xapp-local" },
      { environment.SLACK_BOT_TOKEN, environment.SLACK_APP_TOKEN })
  end)

  it("ends at Ctrl-C and leaves no files behind", function()
    local authority = exports().SSL_CERT_FILE
    assert.truthy(io.open(authority)):close()
    wait_for "ada>"
    slack_here:signal "INT"
    assert.equal(0, slack_here:wait(), slack_here:output())
    assert.is_nil(io.open(authority))
  end)

  it("goes on when its input has ended", function()
    wait_for "ada>"
    typed:write "hello\n"
    typed:close()
    wait_for "no bot is connected"
    typed = assert(io.open("/dev/null", "w"))
    assert.is_true(slack_here:is_running())
  end)
end)
