local files = require "support.files"

describe("the scenarios without a spec", function()
  local listed = {}
  for row in files.read("spec/README.md"):gmatch "\n| (S[^|]+)" do
    for number in row:gmatch "S%d%d%d" do
      listed[number] = true
    end
  end

  it("are listed with a reason, and shown by none", function()
    assert.truthy(listed.S166)
    for _, path in ipairs(files.tree "spec") do
      if path:find "_spec%.lua$" and not path:find "scenarios_spec" then
        for number in files.read(path):gmatch "%f[%w]S%d%d%d%f[%W]" do
          assert.is_nil(listed[number], ("%s is in %s"):format(number, path))
        end
      end
    end
  end)
end)
