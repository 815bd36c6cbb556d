-- What a token may do: which kinds of token a method takes, and, where the local Slack was
-- started with `scopes`, which scopes (protocol §13.2).

local M = {}

-- Scopes of conversations begin with the kind of conversation.
local KINDS = {
  channels = "public_channel", groups = "private_channel", im = "im", mpim = "mpim",
}

---@param channel table
---@return string "public_channel"|"private_channel"|"im"|"mpim"
function M.kind_of(channel)
  return channel.is_im and "im" or channel.is_mpim and "mpim"
    or channel.is_private and "private_channel" or "public_channel"
end

-- The kinds of conversation that a call is about; nil when it is about none.
local function kinds_of(method, args, workspace)
  local id = args.channel or args.channel_id
  local channel = id and workspace.channels[tostring(id)]
  if channel then
    return { [M.kind_of(channel)] = true }
  elseif method == "conversations.create" then
    local is_private = tostring(args.is_private)
    return { [(is_private == "true" or is_private == "1") and "private_channel"
      or "public_channel"] = true }
  elseif method == "conversations.open" then
    return { [tostring(args.users or ""):find "," and "mpim" or "im"] = true }
  elseif method == "conversations.list" or method == "users.conversations" then
    local kinds = {}
    for kind in tostring(args.types or "public_channel"):gmatch "[^,%s]+" do
      kinds[kind] = true
    end
    return kinds
  end
end

local function is_one(scopes, granted)
  for _, scope in ipairs(scopes) do
    if granted[scope] then
      return true
    end
  end
  return #scopes == 0
end

-- Of the scopes that are enough for something, those that are so for this kind of conversation.
local function for_kind(scopes, kind)
  local fitting = {}
  for _, scope in ipairs(scopes) do
    local of = KINDS[scope:match "^(%w+):"]
    if not of or of == kind then
      table.insert(fitting, scope)
    end
  end
  return fitting
end

---@param scopes string[]
---@return table<string, true>
function M.set(scopes)
  local set = {}
  for _, scope in ipairs(scopes) do
    set[scope] = true
  end
  return set
end

---Whether a method takes this kind of token.
---@param known slack.Method
---@param kind "bot"|"user"|"app"|"none"
---@return boolean
function M.takes(known, kind)
  return kind == "none" or not known.tokens or known.tokens[kind] == true
    or known.name == "apps.connections.open" or known.name:find "^openid%." ~= nil
end

---The scopes of which a call needs one.
---@param known slack.Method
---@param identity slack.sandbox.Identity
---@return string[]
function M.accepted(known, identity)
  return known.scopes[identity.type] or {}
end

---What a call lacks, as an answer tells it.
---@param known slack.Method
---@param identity slack.sandbox.Identity
---@param args table
---@param workspace slack.sandbox.Workspace
---@return { needed: string, provided: string }? lacking
function M.lacking(known, identity, args, workspace)
  local accepted, granted = M.accepted(known, identity), M.set(identity.scopes)
  local needed
  if known.name == "chat.postMessage" and (args.username or args.icon_emoji or args.icon_url)
    and not granted["chat:write.customize"] and identity.type == "bot" then
    needed = { "chat:write.customize" }
  end
  local kinds = kinds_of(known.name, args, workspace)
  for kind in pairs(kinds or {}) do
    local fitting = for_kind(accepted, kind)
    if not is_one(fitting, granted) then
      needed = fitting
    end
  end
  if not kinds and not is_one(accepted, granted) then
    needed = accepted
  end
  return needed and {
    needed = table.concat(needed, ","), provided = table.concat(identity.scopes, ","),
  }
end

-- Events ---------------------------------------------------------------------------

-- Scopes of which one is needed for an event to come.
local EVENTS = {
  app_mention = { "app_mentions:read" },
  assistant_thread_context_changed = { "assistant:write" },
  assistant_thread_started = { "assistant:write" },
  channel_archive = { "channels:read" }, channel_created = { "channels:read" },
  channel_left = { "channels:read" }, channel_rename = { "channels:read" },
  channel_unarchive = { "channels:read" },
  dnd_updated_user = { "dnd:read" },
  emoji_changed = { "emoji:read" },
  file_change = { "files:read" }, file_created = { "files:read" },
  file_deleted = { "files:read" }, file_public = { "files:read" },
  file_shared = { "files:read" }, file_unshared = { "files:read" },
  group_archive = { "groups:read" }, group_left = { "groups:read" },
  group_rename = { "groups:read" }, group_unarchive = { "groups:read" },
  link_shared = { "links:read" },
  member_joined_channel = { "channels:read", "groups:read" },
  member_left_channel = { "channels:read", "groups:read" },
  ["message.channels"] = { "channels:history" }, ["message.groups"] = { "groups:history" },
  ["message.im"] = { "im:history" }, ["message.mpim"] = { "mpim:history" },
  message_metadata_deleted = { "metadata.message:read" },
  message_metadata_posted = { "metadata.message:read" },
  message_metadata_updated = { "metadata.message:read" },
  pin_added = { "pins:read" }, pin_removed = { "pins:read" },
  reaction_added = { "reactions:read" }, reaction_removed = { "reactions:read" },
  subteam_created = { "usergroups:read" }, subteam_members_changed = { "usergroups:read" },
  subteam_updated = { "usergroups:read" },
  team_join = { "users:read" }, user_change = { "users:read" },
  user_profile_changed = { "users.profile:read" }, user_status_changed = { "users:read" },
}
local MESSAGES = {
  channel = "message.channels", group = "message.groups", im = "message.im", mpim = "message.mpim",
}

---The name by which an app subscribes to an event.
---@param event table
---@return string
function M.subscription(event)
  return event.type == "message" and MESSAGES[event.channel_type] or event.type
end

---Whether the scopes let an event come.
---@param event table
---@param scopes string[]
---@return boolean
function M.lets_come(event, scopes)
  local needed = EVENTS[M.subscription(event)] or {}
  if event.channel_type == "C" or event.channel_type == "G" then
    needed = { event.channel_type == "C" and "channels:read" or "groups:read" }
  end
  return is_one(needed, M.set(scopes))
end

return M
