-- A workspace that takes the bot away is forgotten; its tokens are already.
local score = require "score"
local app = ...

app:event("app_uninstalled", function(c)
  score.forget(app.store, c.team_id)
  c.log:info("forgot the points of %s", c.team_id)
end)
