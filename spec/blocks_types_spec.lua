local blocks = require "slack.blocks"
local files = require "support.files"
local rules = require "slack.blocks.rules"

-- Names of fields by class, and of functions, as the declarations for editors have them.
local function declared()
  local classes, functions, class = {}, {}, nil
  local texts = { files.read "lua/slack/types/blocks.lua" }
  for _, path in ipairs(files.tree "lua/slack/types/blocks") do
    texts[#texts + 1] = files.read(path)
  end
  for line in table.concat(texts, "\n"):gmatch "[^\n]*" do
    class = line:match "^%-%-%-@class slack%.blocks%.([%w_.]+)" or line ~= "" and class or nil
    local field = line:match "^%-%-%-@field ([%w_]+)%?"
    if class and field then
      classes[class] = classes[class] or {}
      table.insert(classes[class], field)
    end
    local owner, name = line:match "^function ([%w]+)%.([%w_]+)%("
    if owner then
      functions[owner .. "." .. name] = true
    end
    local alias = line:match "^(blocks%.[%w_]+) = rich%."
    if alias then
      functions[alias] = true
    end
  end
  return classes, functions
end

describe("declarations of blocks for editors", function()
  local classes, functions = declared()

  it("have the fields of each rule", function()
    for _, category in ipairs { "elements", "blocks", "views", "rich_text_parts" } do
      for name, rule in pairs(rules[category]) do
        if category ~= "elements" or not rules.blocks[name] then
          assert.same({ name, rule.names }, { name, classes[name] or {} })
        end
      end
    end
    for name, rule in pairs(rules.rich_text_leaves) do
      assert.same({ name, rule.names }, { name, classes["rich." .. name] })
    end
    for name, rule in pairs(rules.objects) do
      if rawget(blocks, name) then
        assert.same({ name, rule.names }, { name, classes[name] })
      end
    end
  end)

  it("have every function, and no other", function()
    local made = {}
    for name, value in pairs(blocks) do
      if type(value) == "function" then
        made["blocks." .. name] = true
      end
    end
    for name in pairs(blocks.rich) do
      made["rich." .. name] = true
    end
    assert.same(made, functions)
  end)
end)
