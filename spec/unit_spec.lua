local files = require "support.files"

local BUILD = os.getenv "SLACK_CORE_DIR" or "build"

-- C concepts without a Lua face; `make test` builds the programs.
describe("unit test program", function()
  for _, source in ipairs(files.list("spec/unit", "_test%.c$")) do
    local name = source:match "([%w_]+)%.c$"
    it(name .. " finds all as it must be", function()
      local ok, output = files.run(BUILD .. "/unit/" .. name)
      assert.is_true(ok, output .. "\n(built by: make unit)")
    end)
  end
end)
