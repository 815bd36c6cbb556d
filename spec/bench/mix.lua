-- What the apps under test share: where deliveries are kept, if anywhere (BENCH_STORAGE and
-- BENCH_DURABILITY say), and listeners for each kind of event in the mix.
local slack = require "slack"

local M = {}

local characters = 0

---@param options table of slack.app
---@return slack.App
function M.app(options)
  local durability = os.getenv "BENCH_DURABILITY" or ""
  options.token, options.log = "xoxb-bench", "error"
  options.storage = os.getenv "BENCH_STORAGE"
  options.inbox = durability ~= "" and { durability = durability } or nil
  return slack.app(options)
end

---As the handlers of the peers do: it looks at what came.
---@param c slack.Context
function M.read_text(c)
  local text = c.event.text
  if text then
    characters = characters + #text
  end
end

---@return integer seen by it
function M.characters()
  return characters
end

---@param app slack.App
---@param handler function
function M.listen(app, handler)
  app:event("message", handler)
  app:event("app_mention", handler)
  app:event("reaction_added", handler)
end

return M
