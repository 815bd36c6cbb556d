local files = require "support.files"

-- Compiles one source in a directory of its own, apart from a make around the specs.
local function compile(variables)
  local directory <close> = files.temporary()
  local ok, output = files.run(("%s make --no-print-directory %s BUILD=%s %s/clock.o")
    :format("env -u MAKEFLAGS -u MFLAGS -u V", variables, directory.path, directory.path))
  assert.truthy(ok, output)
  return output
end

describe("make", function()
  it("prints one short line for a file that it compiles", function()
    assert.equal("cc src/clock.c\n", compile "")
  end)

  it("prints the whole command with V=1", function()
    assert.matches("%-Wall.* %-o %S+/clock%.o src/clock%.c\n", compile "V=1")
  end)

  it("fails when the compiler does", function()
    local directory <close> = files.temporary()
    local ok = files.run(("env -u MAKEFLAGS -u MFLAGS make CC=false BUILD=%s %s/clock.o")
      :format(directory.path, directory.path))
    assert.is_false(ok)
  end)
end)
