local browsing = require "browser.browsing"

local PROGRAMS = {
  { "messages", "talk.js" },
  { "Block Kit", "elements.js" },
  { "modals", "modals.js" },
  { "home, assistant, people", "places.js" },
  { "reloads, log, controls", "developer.js" },
  { "appearance", "appearance.js" },
}

describe("the page of the local Slack", function()
  for _, program in ipairs(PROGRAMS) do
    local title, script = table.unpack(program)

    describe(title, function()
      local check

      setup(function() check = browsing.run(script) end)

      for _, name in ipairs(browsing.names(script)) do
        it(name, function() check(name) end)
      end
    end)
  end
end)
