-- "ada++" gives a point, /points tells who has how many.
local slack = require "slack"
local score = require "score"
local app = ...

app:message(slack.pattern "^@?([%w_.-]+)%+%+", function(c)
  local name = c.matches[1]
  local points, err = score.give(app.store, c.team_id, name)
  if not points then
    c.log:error("a point was not kept: %s", err)
    return c:say "I could not write that down. Please try again."
  end
  c:say(("%s has %d point%s"):format(name, points, points == 1 and "" or "s"))
end)

app:command("/points", function(c)
  local ranking = assert(score.ranking(app.store, c.team_id))
  if #ranking == 0 then
    return "Nobody has points yet. Write name++ to give one."
  end
  local lines = {}
  for place, entry in ipairs(ranking) do
    lines[place] = ("%d. %s: %d"):format(place, entry.name, entry.points)
  end
  return table.concat(lines, "\n")
end)
