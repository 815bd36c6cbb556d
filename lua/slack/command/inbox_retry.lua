-- `lua-slack inbox retry`

local changes = require "slack.command.inbox_changes"
local listing = require "slack.inbox.listing"
local stores = require "slack.command.stores"

return {
  summary = "lets entries that failed for good be handled again",
  words = changes.WORDS,
  notes = stores.NOTES,
  options = { { name = "all", text = "all that are dead" } },
  run = function(given, terminal)
    return changes.run(given, terminal, listing.retry, "to be handled again")
  end,
}
