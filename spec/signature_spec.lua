local cjson = require "cjson.safe"
local core = require "slack.core"
local files = require "support.files"
local samples = require "support.samples"

local SECRET = "0123456789abcdef0123456789abcdef"
local NOW = 1767610800

-- Computed with openssl dgst -sha256 -hmac SECRET over v0:TIMESTAMP:BODY.
local vectors = {
  {
    "JSON", "1767610800", '{"type":"url_verification","token":"t","challenge":"abc"}',
    "v0=d01c1d027a15938381ecf190e777e46c6509933f5489cf057a390c1f4e0361e1",
  },
  {
    "UTF-8 as it stands", "1767610800", '{"text":"Grüße, 世界 🚀"}',
    "v0=e6e5131383d7a540e878f96b21cc88600ccb7087d27f787b86d53883e3ab5ade",
  },
  {
    "the same text escaped", "1767610800",
    [[{"text":"Gr\u00fc\u00dfe, \u4e16\u754c \ud83d\ude80"}]],
    "v0=f4de46ab648b685644c195d7b2199aebfd8a1890f21b161adfcd55f64fb5ea34",
  },
  {
    "an empty body", "1767610800", "",
    "v0=ff372f9b6f77b250a6ea95d2de57d9602bf36e6918551c4b1dfa5f380d27ab08",
  },
  {
    "a form", "1767610801", "command=%2Fdeploy&text=a+b%26c%3Dd&user_id=U03ADA5K1QW",
    "v0=f6b022bd23102f8551515920ab21f8d2c7ded6410355bf900b17279956790e0c",
  },
  {
    "the same form encoded otherwise", "1767610801",
    "command=%2fdeploy&text=a%20b%26c%3dd&user_id=U03ADA5K1QW",
    "v0=5ca575e8e4b8e30d68e39de05aa5202abf4e5fc3d4b5734958a6706cc8313052",
  },
  {
    "an interaction", "1767610802",
    "payload=%7B%22type%22%3A%22shortcut%22%2C%22callback_id%22%3A%22new_deploy%22%7D",
    "v0=3624d5cd7c9898030d4bb43e6c877c733364c59f04164ca4d3b41fc92b4716df",
  },
}

describe("sign and verify", function()
  for _, vector in ipairs(vectors) do
    local name, timestamp, body, signature = table.unpack(vector)
    it("agree with openssl on " .. name .. " (S085, S097)", function()
      assert.equal(signature, core.sign(SECRET, timestamp, body))
      assert.is_true(core.verify(SECRET, timestamp, signature, body, NOW))
    end)
  end

  local _, TIMESTAMP, BODY, SIGNATURE = table.unpack(vectors[1])

  local function refusal(settings)
    local valid, why = core.verify(
      settings.secret or SECRET,
      settings.timestamp or TIMESTAMP,
      settings.signature or SIGNATURE,
      settings.body or BODY,
      settings.now or NOW
    )
    assert.is_false(valid)
    return why
  end

  it("refuse another secret, body or timestamp (S086)", function()
    assert.equal("mismatch", refusal { secret = "c0ffee00c0ffee00c0ffee00c0ffee00" })
    assert.equal("mismatch", refusal { secret = SECRET .. "0" })
    assert.equal("mismatch", refusal { body = BODY .. "\n" })
    assert.equal("mismatch", refusal { body = BODY:sub(1, -2) })
    assert.equal("mismatch", refusal { body = "" })
    assert.equal("mismatch", refusal { timestamp = "1767610801" })
    assert.equal("mismatch", refusal { timestamp = "01767610800" })
  end)

  it("refuse a signature that differs in any one character", function()
    for at = 4, #SIGNATURE do
      local other = SIGNATURE:sub(at, at) == "0" and "1" or "0"
      local signature = SIGNATURE:sub(1, at - 1) .. other .. SIGNATURE:sub(at + 1)
      assert.equal("mismatch", refusal { signature = signature })
    end
  end)

  it("refuse what is no v0 signature in lower-case hex", function()
    local malformed = {
      "", "v0", "v0=", SIGNATURE:sub(1, -2), SIGNATURE .. "0", SIGNATURE .. "\0",
      SIGNATURE:gsub("^v0", "v1"), SIGNATURE:gsub("^v0", "V0"), SIGNATURE:gsub("=", ":"),
      SIGNATURE:sub(4), SIGNATURE:upper(), "v0=" .. SIGNATURE:sub(4):upper(), " " .. SIGNATURE,
      "v0=" .. ("g"):rep(64), "v0=" .. ("\0"):rep(64),
    }
    for _, signature in ipairs(malformed) do
      assert.equal("bad_format", refusal { signature = signature })
    end
  end)

  it("refuse a timestamp that is not purely digits (S088)", function()
    local malformed = {
      "", "abc", "1767610800x", "x1767610800", "-1", "+1767610800", " 1767610800", "1767610800 ",
      "1767610800.0", "1e9", "0x10", "1767610800\0", ("9"):rep(19), ("9"):rep(100),
    }
    for _, timestamp in ipairs(malformed) do
      local signature = core.sign(SECRET, timestamp, BODY)
      assert.equal("bad_timestamp", refusal { timestamp = timestamp, signature = signature })
    end
  end)

  it("refuse what is more than 300 seconds old or ahead (S089, S090)", function()
    assert.is_true(core.verify(SECRET, TIMESTAMP, SIGNATURE, BODY, NOW + 300))
    assert.is_true(core.verify(SECRET, TIMESTAMP, SIGNATURE, BODY, NOW - 300))
    assert.equal("stale", refusal { now = NOW + 301 })
    assert.equal("stale", refusal { now = NOW - 301 })
    assert.equal("stale", refusal { timestamp = ("9"):rep(18) })
    assert.equal("stale", refusal { timestamp = "0" })
  end)

  it("take the clock when no time is given", function()
    local timestamp = tostring(os.time())
    assert.is_true(core.verify(SECRET, timestamp, core.sign(SECRET, timestamp, BODY), BODY))
    assert.same({ false, "stale" }, { core.verify(SECRET, "1000000000", SIGNATURE, BODY) })
  end)

  it("sign bodies with any bytes, NUL included", function()
    assert.equal(
      "v0=987a26df2dfedd64c5afb93539b17aa8372dfd069ca3ae96c6a75b1130d63b09",
      core.sign(SECRET, "1767610804", "\0\xff\xfe\n\r\0\x80end")
    )
  end)

  it("raise on an empty secret (S009)", function()
    assert.error_matches(function()
      core.sign("", TIMESTAMP, BODY)
    end, "empty")
    assert.error_matches(function()
      core.verify("", TIMESTAMP, SIGNATURE, BODY)
    end, "empty")
  end)

  if samples.ARE_THERE then
    local data = assert(cjson.decode(files.read(samples.PATH .. "http/signature-vectors.json")))
    for _, vector in ipairs(data.vectors) do
      if vector.body then
        it("agree with the recorded vector " .. vector.name, function()
          local signature = core.sign(vector.secret, vector.timestamp, vector.body)
          assert.equal(vector.signature, signature)
        end)
      end
    end
  end
end)
