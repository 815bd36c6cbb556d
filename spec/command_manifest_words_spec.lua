local files = require "support.files"
local manifest_words = require "slack.command.manifest_words"

describe("the words of a manifest", function()
  local directory

  before_each(function()
    directory = files.temporary()
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  local function words()
    return manifest_words.beside(directory.path .. "/bot.lua")
  end

  it("are the names of the bot, its commands and shortcuts", function()
    files.write(directory.path .. "/manifest.json", [[{ "features": {
      "bot_user": { "display_name": "lunch" },
      "slash_commands": [ { "command": "/lunch", "description": "Asks", "usage_hint": "PLACE" } ],
      "shortcuts": [ { "callback_id": "note", "name": "Note this", "type": "message" } ]
    } }]])
    assert.same({
      bot_name = "lunch",
      commands = { ["/lunch"] = { description = "Asks", usage_hint = "PLACE" } },
      shortcuts = { note = { name = "Note this", type = "message_action" } },
    }, words())
  end)

  it("may stand in YAML", function()
    files.write(directory.path .. "/manifest.yaml",
      "features:\n  bot_user:\n    display_name: lunch\n")
    assert.equal("lunch", words().bot_name)
  end)

  for _, text in ipairs {
    "", "{", "[]", '{"features":[1]}', '{"features":{"slash_commands":{"a":1},"shortcuts":[5]}}',
    '{"features":{"bot_user":{"display_name":"two words"}}}',
  } do
    it("are none in " .. text, function()
      files.write(directory.path .. "/manifest.json", text)
      assert.same({ commands = {}, shortcuts = {} }, words())
    end)
  end

  it("are none where there is no manifest", function()
    assert.same({ commands = {}, shortcuts = {} }, words())
  end)
end)
