local child = require "support.child"

describe("what an app says of a method that it has not", function()
  it("is thought about for none of the fields that it may lack as it starts and stops", function()
    local ok, output = child.run [[
      local near_miss = require "slack.near_miss"
      local thought, counting = {}, false
      package.loaded["slack.near_miss"] = function(name, known)
        thought[#thought + 1] = counting and name or nil
        return near_miss(name, known)
      end
      require("support.live_app").run(function(here, new_app)
        counting = true
        local app = new_app { connections = 1 }
        app:message("x", function() end)
        assert(app:start())
        here:say { text = "x" }
        app:stats()
        assert(app:stop())
        assert(not pcall(function() app:mesage("x", function() end) end))
      end)
      assert(table.concat(thought, " ") == "mesage", table.concat(thought, " "))
    ]]
    assert.is_true(ok, output)
  end)
end)
