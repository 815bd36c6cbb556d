local child = require "support.child"
local files = require "support.files"
local use_installed = require "support.use_installed"

local BUILD = os.getenv "SLACK_CORE_DIR" or "build"

describe("make install", function()
  it("fills PREFIX so that a bot runs from an empty directory", function()
    local prefix <close> = files.temporary()
    local installed, made = files.run(("make install BUILD=%s PREFIX=%s")
      :format(BUILD, prefix.path))
    assert.truthy(installed, made)

    local ok, output = use_installed.run(prefix.path)

    assert.truthy(ok, output)
    for _, path in ipairs { "/lib/lua/5.4/slack/core.so", "/share/lua/5.4/slack/init.lua" } do
      assert.truthy(output:find(prefix.path .. path, 1, true), output)
    end
    assert.matches("answered\n$", output)
  end)

  it("brings the command, which finds its modules by itself", function()
    local prefix <close> = files.temporary()
    files.run(("make install BUILD=%s PREFIX=%s"):format(BUILD, prefix.path))
    local path = prefix.path .. "/bin/lua-slack"
    -- Its first line names the plain interpreter, which runs no module built with a sanitizer.
    assert.truthy(files.run("test -x " .. path))
    assert.matches("^#!/usr/bin/env lua5%.4\n", files.read(path))
    local ok, output = use_installed.command(child.interpreter() .. " " .. path, "version")
    assert.truthy(ok, output)
    assert.matches("^lua%-slack +%d", output)
  end)

  it("puts nothing outside PREFIX's share, lib and bin", function()
    local prefix <close> = files.temporary()
    files.run(("make install BUILD=%s PREFIX=%s"):format(BUILD, prefix.path))
    assert.same({ prefix.path .. "/bin", prefix.path .. "/lib", prefix.path .. "/share" },
      files.list(prefix.path, ""))
    assert.same({ prefix.path .. "/bin/lua-slack" }, files.list(prefix.path .. "/bin", ""))
  end)
end)
