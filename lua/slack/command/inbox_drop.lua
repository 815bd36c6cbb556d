-- `lua-slack inbox drop`

local changes = require "slack.command.inbox_changes"
local listing = require "slack.inbox.listing"
local stores = require "slack.command.stores"

-- Whether it is meant; where nobody can be asked it is.
local function confirm(given, terminal, url)
  local what = given.all and "all dead entries"
    or #given.ids == 1 and "1 entry" or ("%d entries"):format(#given.ids)
  local answer = given.yes and "y" or terminal.ask(("Drop %s of %s for good? [y/N] "):format(
    what, stores.shown(url)))
  return answer == nil or answer:lower():find "^%s*y" ~= nil
end

return {
  summary = "removes entries for good",
  words = changes.WORDS,
  notes = stores.NOTES,
  options = {
    { name = "all", text = "all that are dead" },
    { name = "yes", text = "do not ask" },
  },
  run = function(given, terminal)
    return changes.run(given, terminal, listing.drop, "dropped", confirm)
  end,
}
