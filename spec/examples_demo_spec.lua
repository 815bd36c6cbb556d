local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"
local http = require "slack.http"
local live_app = require "support.live_app"

-- The demo, with these modules, as `make demo` runs it.
local function demo(settings, input)
  return files.run(("printf '%s' | %s LUA_PATH='%s' LUA_CPATH='%s' %s examples/demo/main.lua")
    :format(input or "", settings or "", package.path, package.cpath, child.interpreter()))
end

describe("examples/demo", function()
  local greet = "examples/hello/handlers/greet.lua"
  local before, ok, output

  setup(function()
    before = files.read(greet)
    ok, output = demo()
  end)

  it("plays its conversation with examples/hello to the end and exits with 0", function()
    assert.truthy(ok, output)
    for _, line in ipairs {
      "Hello, @ada!", "Lunch at Luigi's", "A table for 4, Friday.", "Ahoy, @ada!",
      "asked to stop and ended",
    } do
      assert.truthy(output:find(line, 1, true), output)
    end
  end)

  it("keeps both connections through the saves of a script", function()
    assert.truthy(output:find("2 connections over TLS, the same ones from first to last", 1, true),
      output)
  end)

  it("reloads a handler that is edited, and keeps the old one when the text is broken", function()
    assert.matches("Hello, @ada!.*reloaded greet.lua.*Ahoy, @ada!.*greet.lua was not loaded.*Ahoy,",
      output)
  end)

  it("leaves the example's own files as they are", function()
    assert.equal(before, files.read(greet))
  end)

  it("prints the address of its page, where the same conversation stands", function()
    local here <close> = Process.start(child.interpreter() .. " examples/demo/main.lua", {
      environment = { LUA_PATH = package.path, LUA_CPATH = package.cpath },
    })
    local url = live_app.wait(function()
      return here:output():match "page +(http://127%.0%.0%.1:%d+/%x+/)\n"
        or not here:is_running() and error(here:output())
    end)
    local page = assert(http.request { url = url })
    assert.equal(200, page.status)
    assert.equal(0, here:wait(), here:output())
  end)

  it("with STAY=1 takes lines as messages and commands, and ends with its input", function()
    local stayed, text = demo("STAY=1", "hello\\n/as grace\\n/as nobody\\n/click 9\\n")
    assert.truthy(stayed, text)
    for _, line in ipairs { "grace>", "there is nobody called nobody", "there is no button 9" } do
      assert.truthy(text:find(line, 1, true), text)
    end
  end)

  it("with STAY=1 holds conversations, in messages and in a modal", function()
    local directory <close> = files.temporary()
    local input = directory.path .. "/input"
    assert(files.run("mkfifo " .. input))
    local here <close> = Process.start(child.interpreter() .. " examples/demo/main.lua", {
      environment = { STAY = "1", LUA_PATH = package.path, LUA_CPATH = package.cpath },
      input = input,
    })
    local typed <close> = assert(io.open(input, "w"))
    typed:setvbuf "no"
    local from = 1
    local function wait_for(text)
      live_app.wait(function()
        local is_over = not here:is_running()
        local _, last = here:output():find(text, from, true)
        from = last or from
        return last or is_over and error(here:output())
      end)
    end
    wait_for "ada>"
    for _, line in ipairs {
      { "book a table", "Which day?" }, { "Friday", "[6: 4]" }, { "/click 6", "A table for 4" },
      { "/rate", "stars: Stars" }, { "/fill stars 9\n/submit", "stars: From one to five." },
      { "/fill stars 4\n/submit", "@ada gives lunch 4 of 5 stars." },
      { "/quit", "asked to stop and ended" },
    } do
      typed:write(line[1], "\n")
      wait_for(line[2])
    end
    assert.equal(0, here:wait(), here:output())
  end)

  it("ends at Ctrl-C with its bot, and without a traceback", function()
    local here <close> = Process.lua "examples/demo/main.lua"
    live_app.wait(function() return here:output():find("listens on", 1, true) end)
    here:signal "INT"
    live_app.wait(function() return not here:is_running() end)
    assert.equal(1, here:wait(), here:output())
    assert.truthy(here:output():find "Interrupted\n.*The bot was asked to stop", here:output())
    assert.is_nil(here:output():find "traceback", here:output())
  end)
end)
