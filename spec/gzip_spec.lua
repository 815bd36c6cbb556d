local core = require "slack.core"
local files = require "support.files"

-- As the program gzip compresses it.
local function compress(text, options)
  local directory <close> = files.temporary()
  local path = directory.path .. "/text"
  files.write(path, text)
  assert(files.run(("gzip %s %s"):format(options or "", path)))
  return files.read(path .. ".gz")
end

local function assert_failure(code, pattern, text, message, got)
  assert.is_nil(text)
  assert.equal(code, got)
  assert.matches(pattern, message)
end

describe("core.gunzip", function()
  local lines = {}
  for i = 1, 20000 do
    lines[i] = ('{"user_id":"U%d","messages_posted":%d}'):format(i, i * 7)
  end
  local long = table.concat(lines, "\n")
  local packed = compress(long)

  it("gives what was compressed, be it nothing or much (S245)", function()
    assert.equal(long, core.gunzip(packed, #long))
    assert.equal("x", core.gunzip(compress("x"), 1))
    assert.equal("", core.gunzip(compress "", 1))
    assert.equal(long, core.gunzip(compress(long, "-1"), 1 << 30))
  end)

  it("joins several members, as files that were concatenated have them", function()
    assert.equal("onetwo" .. long, core.gunzip(compress "one" .. compress "two" .. packed, 1 << 30))
  end)

  it("refuses what is larger than the maximum", function()
    assert_failure("too_large", "larger than " .. #long - 1 .. " bytes$",
      core.gunzip(packed, #long - 1))
    assert_failure("too_large", "larger than 1 bytes$", core.gunzip(compress "xy", 1))
    assert_failure("too_large", "larger than 3 bytes$",
      core.gunzip(compress "one" .. compress "two", 3))
  end)

  it("refuses what ends too early, wherever that is", function()
    local short = compress("a short text")
    for length = 0, #short - 1 do
      assert_failure("invalid_gzip", "not all of it", core.gunzip(short:sub(1, length), 1000))
    end
    assert_failure("invalid_gzip", "not all of it", core.gunzip(packed:sub(1, -2), 1 << 30))
  end)

  it("refuses what is damaged, and what is no gzip", function()
    local middle = #packed // 2
    local damaged = packed:sub(1, middle) .. "\0\0\0\0" .. packed:sub(middle + 5)
    for _, data in ipairs {
      damaged,
      packed:sub(1, -9) .. "\1\2\3\4" .. packed:sub(-4), -- the checksum
      packed:sub(1, -5) .. "\1\2\3\4", -- the length
      packed .. "more",
      "plain text",
      "\x78\x9c\x03\x00\x00\x00\x00\x01", -- zlib's own wrapping
    } do
      assert_failure("invalid_gzip", "damaged", core.gunzip(data, 1 << 30))
    end
  end)

  it("refuses what would become a gigabyte", function()
    local zeros = compress(("\0"):rep(1 << 20))
    assert_failure("too_large", "1000000 bytes", core.gunzip(zeros:rep(1000), 1000000))
  end)

  it("raises when it is called wrongly", function()
    assert.has_error(function()
      core.gunzip(packed, 0)
    end, "bad argument #2 to 'gunzip' (positive integer expected)")
  end)
end)
