-- `lua-slack inbox retry`

local changes = require "slack.command.inbox_changes"
local listing = require "slack.inbox.listing"
local stores = require "slack.command.stores"

local function explain(_, ids, count)
  return ("%d of %d IDs are of no dead entry"):format(#ids - count, #ids)
end

return {
  summary = "lets entries that failed for good be handled again",
  words = changes.WORDS,
  notes = stores.NOTES,
  options = { { name = "all", text = "all that are dead" } },
  run = function(given, terminal)
    return changes.run(given, terminal, {
      apply = listing.retry, done = "to be handled again", explain = explain,
    })
  end,
}
