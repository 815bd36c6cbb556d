-- The types of arguments of Web API methods for editors: by the name of the argument, else by the
-- type that the table of methods has.

local field_types = require "generate.field_types"

local BY_NAME = {
  attachments = "slack.objects.Attachment[]",
  blocks = "slack.blocks.Block[]",
  cells = "table[]",
  changes = "{ operation: string, section_id?: string, document_content?: table }[]",
  chunks = "slack.Chunk[]",
  comments = "table[]",
  criteria = "table",
  description_blocks = "slack.blocks.Block[]",
  document_content = "{ type: \"markdown\", markdown: string }",
  initial_fields = "table[]",
  items = "table[]",
  limit = "integer",
  metadata = "slack.objects.Metadata",
  outputs = "table<string, any>",
  parse = '"full"|"none"',
  presence = '"auto"|"away"',
  profile = "slack.objects.Profile",
  prompts = "{ title: string, message: string }[]",
  schema = "table[]",
  sort_dir = '"asc"|"desc"',
  trusted_asns = "integer[]",
  unfurls = "table<string, table>",
  user_auth_blocks = "slack.blocks.Block[]",
  view = "slack.blocks.View",
  files = "{ id: slack.FileId, title?: string }[]",
  -- times and ids that the table has as text
  post_at = "integer",
  current_draft_last_updated_ts = "slack.Ts",
}

-- Of one method.
local BY_METHOD = {
  ["calls.add users"] = "slack.objects.CallUser[]",
  ["calls.participants.add users"] = "slack.objects.CallUser[]",
  ["calls.participants.remove users"] = "slack.objects.CallUser[]",
  ["blocks.validate message"] = "table",
  ["functions.completeError error"] = "string",
}

-- Lists of plain words, which are also taken as text with commas.
local WORDS = {
  additional_channels = true, channels = true, emails = true, scopes = true, types = true,
  users = true, channel_types = true, search_channel_types = true, content_types = true,
  ids = true, loading_messages = true, rich_link_preview_types = true, term_clauses = true,
  trusted_cidr = true, workspace_filter = true, slack_connect_pref_filter = true,
}

local BY_KIND = {
  array = "table", binary = "string", boolean = "boolean", channel_id = "slack.ChannelId",
  file_id = "slack.FileId", integer = "integer", json = "table", object = "table",
  timestamp = "slack.Ts", user_id = "slack.UserId",
}

local M = {}

---@param method string
---@param name string
---@param kind string of the table
---@return string type
function M.of(method, name, kind)
  local known = BY_METHOD[method .. " " .. name] or BY_NAME[name]
  if known then
    return known
  elseif WORDS[name] or name:find "_ids$" then
    return ("%s[]|string"):format(field_types.of(name, true))
  elseif kind == "array" then
    return "any[]|string"
  elseif kind == "timestamp" and name ~= "timestamp" and not name:find "^thread"
    and not name:find "^message" and name ~= "ts" then
    return "slack.Ts|number" -- a moment rather than a message
  elseif kind == "string" and (name:find "_id$" or name:find "_ts$" or name:find "^channel$") then
    return field_types.of(name, false)
  end
  return BY_KIND[kind] or "string"
end

return M
