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

-- Which were left, and why.
local function explain(store, ids, count)
  local taken, err = listing.taken(store, ids)
  if not taken then
    return err
  end
  local reasons = {}
  if #taken > 0 then
    table.insert(reasons, ("in the hands of a live process, so left as they are: %s"):format(
      table.concat(taken, " ")))
  end
  local unknown = #ids - count - #taken
  if unknown > 0 then
    table.insert(reasons, ("%d of %d IDs are of no entry"):format(unknown, #ids))
  end
  return table.concat(reasons, "; ")
end

return {
  summary = "removes entries for good",
  words = changes.WORDS,
  notes = "An entry that a live process has in hand is not dropped: stop that process first.\n\n"
    .. stores.NOTES,
  options = {
    { name = "all", text = "all that are dead" },
    { name = "yes", text = "do not ask" },
  },
  run = function(given, terminal)
    return changes.run(given, terminal, {
      apply = listing.drop, done = "dropped", confirm = confirm, explain = explain,
    })
  end,
}
