-- The points of people, for each workspace apart, in the bot's storage.

local M = {}

local function key(team_id, name)
  return ("points:%s:%s"):format(team_id, name)
end

---@async
---@param store slack.Store
---@param team_id string
---@param name string
---@return integer? points nil, err
function M.give(store, team_id, name)
  return store:incr(key(team_id, name))
end

---Who has how many points, most first.
---@async
---@param store slack.Store
---@param team_id string
---@return { name: string, points: integer }[]? ranking
---@return slack.Error? err
function M.ranking(store, team_id)
  local start = key(team_id, "")
  local keys, err = store:keys(start)
  if not keys then
    return nil, err
  end
  local ranking = {}
  for _, name in ipairs(keys) do
    local points = store:get(name)
    if points then -- it may have been forgotten meanwhile
      table.insert(ranking, { name = name:sub(#start + 1), points = points })
    end
  end
  table.sort(ranking, function(a, b)
    return a.points > b.points or a.points == b.points and a.name < b.name
  end)
  return ranking
end

---Forgets all of a workspace.
---@async
---@param store slack.Store
---@param team_id string
function M.forget(store, team_id)
  for _, name in ipairs(store:keys(key(team_id, "")) or {}) do
    store:delete(name)
  end
end

return M
