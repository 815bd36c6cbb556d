local base64 = require "slack.base64"

describe("base64", function()
  it("is RFC 4648's", function()
    for text, encoded in pairs {
      [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==",
      ["\255\239\190"] = "/+++",
    } do
      assert.equal(encoded, base64.encode(text))
      assert.equal(text, base64.decode(encoded))
    end
  end)
end)

describe("base64 of URLs", function()
  it("is RFC 4648's, without padding", function()
    for text, encoded in pairs {
      [""] = "", f = "Zg", fo = "Zm8", foo = "Zm9v", foob = "Zm9vYg", ["\255\239\190"] = "_---",
    } do
      assert.equal(encoded, base64.encode_url(text))
      assert.equal(text, base64.decode_url(encoded))
    end
  end)

  it("brings back whatever it is given", function()
    for length = 0, 70 do
      local bytes = length > 0 and require("slack.core").random(length) or ""
      assert.equal(bytes, base64.decode_url(base64.encode_url(bytes)))
    end
  end)

  it("refuses what is in another alphabet, or cannot be that long", function()
    for _, text in ipairs { "a", "abcde", "ab+/", "Zg==", "Zm9v\n" } do
      assert.is_nil(base64.decode_url(text))
    end
  end)
end)
