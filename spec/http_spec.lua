local http = require "slack.http"

describe("http", function()
  describe("net", function()
    it("is one object for equal options", function()
      assert.equal(http.net { proxy = "" }, http.net { proxy = "", timeout = 3 })
      assert.not_equal(http.net { proxy = "" }, http.net { proxy = "", insecure = true })
      assert.not_equal(http.net {}, http.net { proxy = "" })
    end)
  end)
end)
