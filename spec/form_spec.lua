local form = require "slack.form"

describe("form", function()
  it("escapes all but the unreserved characters", function()
    assert.equal("a-Z_0.9~%20%26%3D%2B%25%0A%00%C3%BC", form.escape "a-Z_0.9~ &=+%\n\0ü")
  end)

  it("joins fields sorted by name and repeats lists", function()
    assert.equal("a=1&b=x%20y&c=2&c=true", form.encode { c = { 2, true }, b = "x y", a = 1 })
  end)

  it("has numbers in full", function()
    assert.equal("a=1099511627776&b=0.5&c=0.00001", form.encode { a = 2 ^ 40, b = 0.5, c = 1e-5 })
  end)

  it("is empty without fields", function()
    assert.equal("", form.encode {})
  end)

  describe("decoding", function()
    it("undoes percent-encoding and plus signs in names and values", function()
      local fields = form.decode "a%20b=1+2&c=%C3%BC&d=%2B"
      assert.same({ ["a b"] = "1 2", c = "ü", d = "+" }, fields)
    end)

    it("gives the first value of a name, and all of them beside", function()
      local fields, values = form.decode "a=1&b=2&a=3"
      assert.same({ a = "1", b = "2" }, fields)
      assert.same({ a = { "1", "3" }, b = { "2" } }, values)
    end)

    it("takes names without values, equals signs in values and superfluous ampersands", function()
      local fields = form.decode "&a&&b==c=&=d&"
      assert.same({ a = "", b = "=c=", [""] = "d" }, fields)
    end)

    it("gives nothing of an empty text", function()
      assert.same({}, form.decode "")
    end)

    for text, problem in pairs {
      ["a=%"] = "percent", ["a=%4"] = "percent", ["%zz=1"] = "percent", ["a=%%41"] = "percent",
      ["a=%FF"] = "UTF%-8", ["a=%C0%AF"] = "UTF%-8", ["a=%ED%A0%80"] = "UTF%-8",
      ["%C3=1"] = "UTF%-8",
    } do
      it("refuses " .. text, function()
        local fields, why = form.decode(text)
        assert.is_nil(fields)
        assert.matches(problem, why)
      end)
    end

    it("refuses more fields than any form has", function()
      assert.truthy(form.decode(("a=1&"):rep(1000)))
      assert.is_nil(form.decode(("a=1&"):rep(1001)))
    end)

    it("reads what encode has written", function()
      local fields = { ["ä &="] = "1%2B+", b = "\n", c = "" }
      assert.same(fields, form.decode(form.encode(fields)))
    end)
  end)
end)
