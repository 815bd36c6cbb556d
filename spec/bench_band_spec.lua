local band = require "bench.band"

local function compare_one(before, now)
  local verdicts, passes = band.compare({ one = before }, { one = now })
  return verdicts[1], passes
end

describe("bench.band", function()
  it("fails for 6 % more instructions and passes for 4 %", function()
    local verdict, passes = compare_one(100000, 106000)
    assert.is_false(passes)
    assert.is_true(verdict.is_failure)
    assert.equal("more than the band allows", verdict.says)
    verdict, passes = compare_one(100000, 104000)
    assert.is_true(passes)
    assert.equal("within the band", verdict.says)
    assert.near(0.04, verdict.change, 1e-9)
  end)

  it("passes for fewer, and says that the baseline can be made anew", function()
    local verdict, passes = compare_one(100000, 80000)
    assert.is_true(passes)
    assert.matches("make bench%-baseline", verdict.says)
    assert.equal("within the band", compare_one(100000, 96000).says)
  end)

  it("fails when one figure of many is over", function()
    local verdicts, passes = band.compare({ a = 100, b = 100, c = 100 },
      { a = 90, b = 106, c = 100 })
    assert.is_false(passes)
    assert.same({ false, true, false },
      { verdicts[1].is_failure, verdicts[2].is_failure, verdicts[3].is_failure })
  end)

  it("fails for what is counted and has no baseline, and for what is no longer counted", function()
    local verdicts, passes = band.compare({ old = 1 }, { new = 1 })
    assert.is_false(passes)
    assert.same({ "new", "old" }, { verdicts[1].name, verdicts[2].name })
    assert.matches("not in the baseline", verdicts[1].says)
    assert.matches("no longer counted", verdicts[2].says)
  end)

  describe("the versions", function()
    local function differences(name, before, here)
      return band.differences({ [name] = before, same = "1" }, { [name] = here, same = "1" })
    end

    it("of another release make a comparison worthless", function()
      local others, patches = differences("compiler", "GNU C11 12.2.0", "GNU C11 13.1.0")
      assert.same({ "compiler: GNU C11 13.1.0, the baseline's is GNU C11 12.2.0" }, others)
      assert.same({}, patches)
      assert.equal(1, #differences("lua", "Lua 5.4.4", "Lua 5.5.0"))
      assert.equal(1, #differences("libc", "glibc 2.36", nil))
      assert.equal(1, #differences("processor", "x86_64", "aarch64"))
    end)

    it("of another patch release are told of", function()
      local others, patches = differences("lua", "Lua 5.4.4", "Lua 5.4.6")
      assert.same({}, others)
      assert.same({ "lua: Lua 5.4.6, the baseline's is Lua 5.4.4" }, patches)
    end)

    it("of the compiler's flags must be the same", function()
      assert.equal(1, #differences("flags", "-O2 -g", "-O3 -g"))
    end)

    it("of valgrind are told of, as it counts alike", function()
      local others, patches = differences("valgrind", "valgrind-3.19.0", "valgrind-4.0.0")
      assert.same({ 0, 1 }, { #others, #patches })
    end)
  end)
end)
