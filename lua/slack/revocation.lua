-- Events that end installations: what they name is removed, no more, whether or not
-- a listener takes them. They may come twice, in either order, and after the app has
-- been installed again.

local authorization_query = require "slack.authorization_query"
local merged = require "slack.merged"
local payload = require "slack.payload"

local as_table = payload.as_table

local M = {}

-- No token is of use for these; their handlers run without one.
local UNAUTHORIZED = { app_uninstalled = true, tokens_revoked = true, team_access_revoked = true }

---Whether no installation can be expected behind an event.
---@param event table
---@return boolean
function M.is_unauthorized(event)
  return UNAUTHORIZED[event.type] == true
end

local function place(body)
  local enterprise_id, team_id, is_enterprise_install = authorization_query.place(body)
  return {
    enterprise_id = enterprise_id, team_id = team_id,
    is_enterprise_install = is_enterprise_install or nil, before = tonumber(body.event_time),
  }
end

-- The places that a workspace's event may mean: its own, as it is now and as it was
-- before it joined an organization.
local function own_places(body)
  local query = place(body)
  if query.enterprise_id and query.team_id and not query.is_enterprise_install then
    return { query, { team_id = query.team_id, before = query.before } }
  end
  return { query }
end

local REMOVE = {}

function REMOVE.app_uninstalled(installations, body)
  local any = false
  for _, query in ipairs(own_places(body)) do
    local deleted, err = installations:delete(query)
    if deleted == nil then
      return nil, err
    end
    any = any or deleted
  end
  return any
end

local function ids(tokens, name)
  local list = {}
  for _, id in ipairs(as_table(tokens) and as_table(tokens[name]) or {}) do
    if type(id) == "string" then
      list[#list + 1] = id
    end
  end
  return list
end

local function delete_at(installations, found, query, more)
  return installations:delete(merged({
    enterprise_id = found.enterprise_id, team_id = found.team_id, before = query.before,
  }, more))
end

local function remove_user(installations, query, user_id)
  local record, err, found = installations:find_user(merged(query, { user_id = user_id }))
  if err then
    return nil, err
  elseif not record then
    return false
  end
  return delete_at(installations, found, query, { user_id = user_id })
end

-- The bot of the workspace, else that of its organization.
local function remove_bot(installations, query, bot_user_id)
  for _, is_enterprise_install in ipairs { query.is_enterprise_install or false, true } do
    local record, err, found = installations:find_latest(merged(query, {
      is_enterprise_install = is_enterprise_install,
    }))
    if err then
      return nil, err
    elseif record and record.bot_token
      and (record.bot_user_id == nil or record.bot_user_id == bot_user_id) then
      return delete_at(installations, found, query, { bot_only = true })
    end
  end
  return false
end

function REMOVE.tokens_revoked(installations, body)
  local query, tokens, whose = place(body), as_table(body.event).tokens, {}
  for _, half in ipairs { { "oauth", "user", remove_user }, { "bot", "bot", remove_bot } } do
    local name, word, remove = table.unpack(half)
    for _, user_id in ipairs(ids(tokens, name)) do
      local deleted, err = remove(installations, query, user_id)
      if deleted == nil then
        return nil, err
      elseif deleted then
        whose[#whose + 1] = word .. " " .. user_id
      end
    end
  end
  return #whose > 0, nil, table.concat(whose, ", ")
end

-- The organization's install goes on in its other workspaces.
function REMOVE.team_access_revoked()
  return false
end

---Removes what an event says is gone.
---@async
---@param installations slack.Installations
---@param body table with an event for which is_unauthorized holds
---@return boolean? removed whether there was anything
---@return slack.Error? err of the store
---@return string? whose tokens they were, "user U1, bot U2", when not all of the place is gone
function M.apply(installations, body)
  return REMOVE[body.event.type](installations, body)
end

return M
