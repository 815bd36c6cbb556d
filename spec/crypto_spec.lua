local core = require "slack.core"

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

describe("core's cryptography", function()
  it("gives as many random bytes as asked for, others each time", function()
    local seen = {}
    for _ = 1, 100 do
      local bytes = core.random(16)
      assert.equal(16, #bytes)
      assert.is_nil(seen[bytes])
      seen[bytes] = true
    end
    assert.equal(4096, #core.random(4096))
  end)

  it("refuses counts that are none", function()
    for _, count in ipairs { 0, -1, 4097 } do
      assert.error_matches(function() core.random(count) end, "from 1 to 4096 expected")
    end
  end)

  it("hashes as FIPS 180 says", function()
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      hex(core.sha256 "abc"))
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      hex(core.sha256 ""))
  end)

  it("authenticates as RFC 4231 says", function()
    assert.equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      hex(core.hmac_sha256("Jefe", "what do ya want for nothing?")))
    assert.error_matches(function() core.hmac_sha256("", "text") end, "a key expected")
  end)

  it("compares secrets whole, zero bytes too", function()
    assert.is_true(core.is_equal("", ""))
    assert.is_true(core.is_equal("a\0b", "a\0b"))
    assert.is_false(core.is_equal("a\0b", "a\0c"))
    assert.is_false(core.is_equal("abc", "abcd"))
  end)
end)
