local core = require "slack.core"
local files = require "support.files"

describe("certificate", function()
  local directory, path

  before_each(function()
    directory = files.temporary()
    path = directory.path
  end)

  after_each(function() getmetatable(directory).__close() end)

  local function make(settings)
    local pem = assert(core.certificate(settings or {}))
    for name, text in pairs(pem) do
      files.write(("%s/%s.pem"):format(path, name), text)
    end
    return pem
  end

  local function verify(options)
    return files.run(("openssl verify -x509_strict -CAfile %s/authority.pem %s %s/certificate.pem")
      :format(path, options or "", path))
  end

  it("is signed by its own authority, strictly checked, for serving", function()
    make()
    local ok, output = verify "-purpose sslserver"
    assert.is_true(ok, output)
  end)

  it("holds for localhost, by name and address, unless told otherwise", function()
    make()
    assert.is_true(verify "-verify_hostname localhost")
    assert.is_true(verify "-verify_ip 127.0.0.1")
    assert.is_true(verify "-verify_ip ::1")
    assert.is_false(verify "-verify_hostname example.com")
  end)

  it("holds for the names it was made for, and no others", function()
    make { names = "DNS:slack.example,IP:127.0.0.2" }
    assert.is_true(verify "-verify_hostname slack.example")
    assert.is_true(verify "-verify_ip 127.0.0.2")
    assert.is_false(verify "-verify_hostname localhost")
  end)

  it("can have expired, or not have begun", function()
    make { starts_in = -7200, ends_in = -3600 }
    local ok, output = verify()
    assert.is_false(ok)
    assert.truthy(output:find "expired")
    make { starts_in = 3600, ends_in = 7200 }
    ok, output = verify()
    assert.is_false(ok)
    assert.truthy(output:find "not yet valid")
  end)

  it("comes with its own key", function()
    make()
    local _, from_key = files.run(("openssl pkey -in %s/key.pem -pubout"):format(path))
    local _, from_certificate =
      files.run(("openssl x509 -in %s/certificate.pem -noout -pubkey"):format(path))
    assert.are.equal(from_key, from_certificate)
  end)

  it("is different each time", function()
    local first, second = make(), make()
    for name in pairs(first) do
      assert.are_not.equal(first[name], second[name])
    end
  end)

  it("fails with words for names that are none", function()
    local made, message, code = core.certificate { names = "nonsense" }
    assert.is_nil(made)
    assert.are.equal("certificate", code)
    assert.truthy(message:find("nonsense", 1, true))
  end)
end)
