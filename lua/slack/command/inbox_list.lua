-- `lua-slack inbox list`

local arguments = require "slack.command.arguments"
local core = require "slack.core"
local entries = require "slack.command.entries"
local listing = require "slack.inbox.listing"
local stores = require "slack.command.stores"

local LIMIT = 100

local function show(given, terminal, list, shown)
  local more = #list > given.limit
  list[given.limit + 1] = nil
  if given.json then
    terminal.write(entries.json(list))
  elseif #list > 0 then
    terminal.write(entries.table(list, core.time()))
  else
    terminal.complain(("no %sentries in %s\n"):format(
      given.state == "all" and "" or given.state .. " ", shown))
  end
  if more then
    terminal.complain(("there are more than these %d: --limit=N shows more\n"):format(given.limit))
  end
  return 0
end

return {
  summary = "shows entries: those that failed for good, or others",
  words = "[STORE]",
  notes = stores.NOTES .. "Texts that people wrote are never shown.\n",
  options = {
    {
      name = "state", value = "STATE", default = "dead",
      text = "dead, waiting, taken, delayed or all",
      check = arguments.one_of("dead", "waiting", "taken", "delayed", "all"),
    },
    {
      name = "limit", value = "N", default = LIMIT, text = "at most so many",
      check = arguments.count,
    },
    { name = "json", text = "one JSON object a line" },
  },
  run = function(given, terminal)
    local url, problem = stores.only(given.words, terminal)
    if not url then
      return 2, problem
    end
    return stores.with(url, function(store)
      local list, err = listing.list(store, { state = given.state, limit = given.limit + 1 })
      if not list then
        return 1, err
      end
      return show(given, terminal, list, stores.shown(url))
    end)
  end,
}
