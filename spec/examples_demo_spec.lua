local child = require "support.child"
local files = require "support.files"

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
