-- A slash command with commands of its own: /todo keeps a list for each channel. In the
-- app's settings switch on "Escape channels, users, and links" for it.
--
--   lua5.4 examples/commands/bot.lua

local slack = require "slack"

local app = slack.app {}

local function list_of(c)
  return app.store:get(c.channel_id) or slack.list {}
end

local function keep(c, list)
  app.store:set(c.channel_id, list)
end

local function shown(list)
  local lines = {}
  for i, item in ipairs(list) do
    lines[i] = ("%d. %s%s"):format(i, item.what, item.who and " <@" .. item.who .. ">" or "")
  end
  return lines[1] and table.concat(lines, "\n") or "Nothing to do."
end

-- Changes the list by fn(list, its item of that number).
local function change(fn)
  return function(c)
    local list = list_of(c)
    local item = list[c.params.number]
    if not item then
      return ("There is no number %d."):format(c.params.number)
    end
    fn(list, item, c.params)
    keep(c, list)
    return shown(list)
  end
end

app:command("/todo", {
  ["add <what...>"] = function(c)
    local list = list_of(c)
    table.insert(list, { what = c.params.what })
    keep(c, list)
    return shown(list)
  end,
  ["list|ls"] = { help = "what there is to do here", function(c) return shown(list_of(c)) end },
  ["done <number:integer>"] = change(function(list, _, params)
    table.remove(list, params.number)
  end),
  ["give <number:integer> <who:user>"] = change(function(_, item, params)
    item.who = params.who
  end),
})

os.exit(app:run() or 1, true)
