-- People of a local workspace: what is known of them, whether they are there, and the events
-- that tell of it.

local json = require "slack.json"
local merged = require "slack.merged"
local new_id = require "slack.sandbox.new_id"

---@class slack.sandbox.Accounts
local accounts = {}

local function profile_of(self, name, more)
  local real_name = name:gsub("^%l", string.upper)
  local profile = merged({
    title = "", phone = "", skype = "", fields = json.null,
    real_name = real_name, real_name_normalized = real_name,
    display_name = name, display_name_normalized = name,
    first_name = real_name, last_name = "",
    status_text = "", status_text_canonical = "", status_emoji = "",
    status_emoji_display_info = json.list {}, status_expiration = 0,
    avatar_hash = "g0123456789a", team = self.id, email = name .. "@example.com",
  }, more)
  for _, size in ipairs { 24, 32, 48, 72, 192, 512 } do
    profile["image_" .. size] = ("https://avatars.example.com/%s/%d.png"):format(name, size)
  end
  return profile
end

---Adds a person (or, with is_bot, an app's user).
---@param name string
---@param fields? table
---@return table user
function accounts:add_user(name, fields)
  fields = fields or {}
  local user = merged({
    id = self.organization and self.organization:user_id(name) or new_id "U",
    team_id = self.id,
    name = name,
    real_name = name:gsub("^%l", string.upper),
    deleted = false,
    color = "9f69e7",
    is_admin = false,
    is_owner = false,
    is_primary_owner = false,
    is_restricted = false,
    is_ultra_restricted = false,
    is_bot = false,
    is_app_user = false,
    is_email_confirmed = true,
    who_can_share_contact_card = "EVERYONE",
    tz = "Etc/UTC",
    tz_label = "Coordinated Universal Time",
    tz_offset = 0,
    updated = math.floor(self.clock()),
    profile = profile_of(self, name),
  }, fields)
  if user.is_bot then
    user.profile.email, user.is_email_confirmed = nil, nil
    user.profile.bot_id, user.profile.api_app_id = self.bot.id, self.app_id
    user.profile.always_active = true
  end
  self.users[user.id] = user
  table.insert(self.user_list, user)
  return user
end

---Somebody new comes into the workspace, and the app hears of it.
---@param name string
---@return table user
function accounts:welcome(name)
  local user = self:add_user(name)
  self.on_event {
    type = "team_join", user = self.describe_user(user), cache_ts = user.updated,
    event_ts = self:new_ts(),
  }
  return user
end

---A user as the Web API gives it, without what only the workspace itself needs to know.
---@param user table
---@return table
function accounts.describe_user(user)
  local fields = merged(user)
  fields.home, fields.presence, fields.dnd = nil, nil, nil
  return fields
end

local STATUS <const> = { status_text = true, status_emoji = true, status_expiration = true }

---Changes somebody's profile.
---@param user table
---@param changes table fields of the profile
function accounts:set_profile(user, changes)
  local has_status = false
  for name, value in pairs(changes) do
    user.profile[name] = value
    has_status = has_status or STATUS[name] ~= nil
  end
  user.profile.status_text_canonical = ""
  user.profile.display_name_normalized = user.profile.display_name
  user.profile.real_name_normalized = user.profile.real_name
  user.real_name = user.profile.real_name
  user.updated = math.floor(self.clock())
  for _, kind in ipairs {
    "user_change", "user_profile_changed", has_status and "user_status_changed" or nil,
  } do
    self.on_event {
      type = kind, user = self.describe_user(user), cache_ts = user.updated,
      event_ts = self:new_ts(),
    }
  end
end

---Whether somebody is there: as they say, or because the app's bot always is.
---@param user table
---@return "active"|"away"
function accounts.presence_of(user)
  return user.presence == "away" and "away" or "active"
end

---Whom notifications do not disturb now, and until when.
---@param user table
---@return table dnd_status
function accounts:dnd_of(user)
  local now = self.clock()
  local snooze = user.dnd and user.dnd.snooze_until or 0
  local status = {
    dnd_enabled = false, next_dnd_start_ts = 1, next_dnd_end_ts = 1,
    snooze_enabled = snooze > now,
  }
  if status.snooze_enabled then
    status.snooze_endtime = math.floor(snooze)
    status.snooze_remaining = math.floor(snooze - now)
    status.snooze_is_indefinite = false
  end
  return status
end

---Nobody is to disturb this person for a while; 0 ends it.
---@param user table
---@param seconds number
function accounts:snooze(user, seconds)
  user.dnd = { snooze_until = seconds > 0 and self.clock() + seconds or 0 }
  self.on_event {
    type = "dnd_updated_user", user = user.id, dnd_status = self:dnd_of(user),
    event_ts = self:new_ts(),
  }
end

return accounts
