-- People and channels of a test's workspace, whose ids can be read: ada is UADA, #general is
-- CGENERAL.

local M = {}

M.BOT = { id = "BBOT", user_id = "UBOT", name = "bot" }

local function id_of(prefix, name)
  return prefix .. name:upper():gsub("[^%w]", "")
end

---The person with that name or id; somebody new when there is nobody.
---@param workspace slack.sandbox.Workspace
---@param name string
---@return table user
function M.person(workspace, name)
  local bare = name:gsub("^@", "")
  return workspace:find_user(bare) or workspace:add_user(bare, { id = id_of("U", bare) })
end

---The channel with that name or id, or that of a person; a new one with everybody in it when
---there is none.
---@param workspace slack.sandbox.Workspace
---@param name string
---@return table channel
function M.channel(workspace, name)
  if name:sub(1, 1) == "@" then
    M.person(workspace, name)
  end
  local found = workspace:find_channel(name)
  if found then
    return found
  end
  local bare = name:gsub("^#", "")
  return workspace:add_channel(bare, { id = id_of("C", bare) })
end

---@param workspace slack.sandbox.Workspace
---@param options slack.TestingOptions
---@return string name of the first person
function M.move_in(workspace, options)
  local users = options.users and options.users[1] and options.users or { "ada", "grace" }
  for _, name in ipairs(users) do
    M.person(workspace, name)
  end
  for _, name in ipairs(options.channels or { "general", "random" }) do
    M.channel(workspace, name)
  end
  return users[1]
end

return M
