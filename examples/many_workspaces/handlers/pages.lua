-- The points as JSON, for a dashboard: GET /teams/T…/points. Whoever asks must know
-- the word in DASHBOARD_KEY; without one there is no such page.
local score = require "score"
local slack = require "slack"
local app = ...

local key = os.getenv "DASHBOARD_KEY"

if key then
  app:route("GET", "/teams/:team_id/points", function(c)
    if c.headers.authorization ~= "Bearer " .. key then
      return { status = 401, text = "the key is missing or wrong" }
    end
    local ranking = assert(score.ranking(app.store, c.params.team_id))
    return { json = slack.list(ranking) }
  end)
end
