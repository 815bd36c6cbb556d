-- The types of fields that have the same meaning wherever Slack uses their names.

local OBJECTS = "slack.objects."

local BY_NAME = {
  attachments = OBJECTS .. "Attachment[]",
  blocks = "slack.blocks.Block[]",
  bookmark = OBJECTS .. "Bookmark",
  bookmarks = OBJECTS .. "Bookmark[]",
  bot = OBJECTS .. "Bot",
  bot_profile = OBJECTS .. "Bot",
  cache_ts = "integer",
  call = OBJECTS .. "Call",
  call_id = "string",
  chunks = "slack.Chunk[]",
  count = "integer",
  created = "integer",
  deleted = "boolean",
  dnd_status = OBJECTS .. "Dnd",
  domain_restrictions = "table",
  edited = OBJECTS .. "Edited",
  error_code = "string",
  expires_in = "integer",
  file = OBJECTS .. "File",
  files = OBJECTS .. "File[]",
  enterprise_subteam_id = "string",
  group = "slack.ChannelId",
  groups = "slack.ChannelId",
  hidden = "boolean",
  icons = "table<string, string>",
  inputs = "table<string, any>",
  invite = OBJECTS .. "Invite",
  item_user = "slack.UserId",
  limit = "integer",
  manifest = "table",
  metadata = OBJECTS .. "Metadata",
  minute_rate_limited = "integer",
  no_op = "boolean",
  already_closed = "boolean",
  already_open = "boolean",
  not_in_channel = "boolean",
  outputs = "table<string, any>",
  paging = OBJECTS .. "Paging",
  post_at = "integer",
  posting_permissions = "table",
  presence = '"active"|"away"',
  previous_message = OBJECTS .. "Message",
  previous_metadata = OBJECTS .. "Metadata",
  profile = OBJECTS .. "Profile",
  reactions = OBJECTS .. "Reaction[]",
  reminder = OBJECTS .. "Reminder",
  reminders = OBJECTS .. "Reminder[]",
  retention_duration = "integer",
  root = OBJECTS .. "Message",
  scheduled_message_id = "string",
  seconds = "integer",
  subtype = "slack.MessageSubtype|string",
  subteam = OBJECTS .. "Usergroup",
  total = "integer",
  topic = "string",
  unread_count = "integer",
  upload = "boolean",
  user_auth_blocks = "slack.blocks.Block[]",
  usergroup = OBJECTS .. "Usergroup",
  usergroups = OBJECTS .. "Usergroup[]",
  users = "slack.UserId",
  channels = "slack.ChannelId",
  members = "slack.UserId",
  view = OBJECTS .. "View",
  item = "table",
  items = "table",
  message = OBJECTS .. "Message",
  approval_required = "boolean",
  snooze_enabled = "boolean",
  dnd_enabled = "boolean",
  next_dnd_start_ts = "integer",
  next_dnd_end_ts = "integer",
  snooze_endtime = "integer",
  snooze_remaining = "integer",
  guest_expiration_ts = "integer",
  is_bot_user_member = "boolean",
  streaming_message_ts = "slack.Ts",
  ts = "slack.Ts",
}

local BY_PATTERN = {
  { "^is_", "boolean" }, { "^has_", "boolean" }, { "^can_", "boolean" },
  { "^user$", "slack.UserId" }, { "_user$", "slack.UserId" },
  { "user_ids?$", "slack.UserId" }, { "_users$", "slack.UserId" },
  { "^creator$", "slack.UserId" }, { "^inviter$", "slack.UserId" }, { "_by$", "slack.UserId" },
  { "^actor_id$", "slack.UserId" }, { "^requester_ids$", "slack.UserId" },
  { "^collaborator_ids$", "slack.UserId" },
  { "^channel$", "slack.ChannelId" }, { "channel_ids?$", "slack.ChannelId" },
  { "_channel$", "slack.ChannelId" }, { "_channels$", "slack.ChannelId" },
  { "^team$", "slack.TeamId" }, { "team_ids?$", "slack.TeamId" }, { "_team$", "slack.TeamId" },
  { "^enterprise$", "slack.EnterpriseId" }, { "enterprise_id$", "slack.EnterpriseId" },
  { "^org_ids?$", "slack.EnterpriseId" }, { "^file_ids?$", "slack.FileId" },
  { "usergroup_ids?$", "slack.UsergroupId" }, { "^subteam_id$", "slack.UsergroupId" },
  { "bot_id$", "slack.BotId" }, { "app_ids?$", "slack.AppId" }, { "_ts$", "slack.Ts" },
  { "^date_", "integer" }, { "^num_", "integer" }, { "_count$", "integer" },
  { "_timestamp$", "integer" }, { "_configuration$", "table" },
}

local M = {}

-- Of one of a list, where the list has a type of its own: files[] is a list of files.
local function element_of(kind)
  return kind:match "^(.*)%[%]$" or kind
end

---@param name string
---@param in_list boolean
---@return string type
function M.of(name, in_list)
  local kind = BY_NAME[name]
  for _, row in ipairs(not kind and BY_PATTERN or {}) do
    if name:find(row[1]) then
      kind = row[2]
      break
    end
  end
  kind = kind or "string"
  return in_list and element_of(kind) or kind
end

return M
