local form = require "slack.form"

describe("form", function()
  it("escapes all but the unreserved characters", function()
    assert.equal("a-Z_0.9~%20%26%3D%2B%25%0A%00%C3%BC", form.escape "a-Z_0.9~ &=+%\n\0ü")
  end)

  it("joins fields sorted by name and repeats lists", function()
    assert.equal("a=1&b=x%20y&c=2&c=true", form.encode { c = { 2, true }, b = "x y", a = 1 })
  end)

  it("is empty without fields", function()
    assert.equal("", form.encode {})
  end)
end)
