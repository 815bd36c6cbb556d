-- What a message of the app consists of, checked as Slack does.

local Workspace = require "slack.sandbox.workspace"
local arguments = require "slack.sandbox.methods.arguments"
local block_checks = require "slack.sandbox.block_checks"
local json = require "slack.json"
local merged = require "slack.merged"

local structure = arguments.structure

local MAX_TEXT <const>, MAX_MARKDOWN <const> = 40000, 12000
local MAX_ATTACHMENTS <const>, MAX_BLOCKS <const>, MAX_METADATA <const> = 100, 50, 8000

local M = {}

local function length(text)
  return utf8.len(text) or #text
end

-- The first so many characters of a text.
local function cut(text, count)
  if #text <= count or length(text) <= count then
    return text
  end
  local stop = utf8.offset(text, count + 1)
  return text:sub(1, stop and stop - 1 or count)
end

local function attachments_of(value)
  if value == nil or value == "" then
    return {}
  end
  local list = structure(value)
  if type(list) ~= "table" or next(list) ~= nil and #list == 0 then
    return nil, "invalid_attachments"
  elseif #list > MAX_ATTACHMENTS then
    return nil, "too_many_attachments"
  end
  local attachments = {}
  for i, one in ipairs(list) do
    if not arguments.is_object(one) then
      return nil, "invalid_attachments"
    end
    local metadata = one.blocks and block_checks.refusal { blocks = one.blocks }
    if metadata then
      return nil, "invalid_attachments", { response_metadata = metadata }
    end
    attachments[i] = merged(one, { id = i, fallback = one.fallback or one.text or
      "[no preview available]" })
  end
  return { attachments = attachments }
end

-- Metadata: an event type and a payload, or entities.
local function metadata_of(value)
  if value == nil or value == "" then
    return {}
  end
  local metadata = structure(value)
  if not arguments.is_object(metadata) then
    return nil, "invalid_metadata_format"
  elseif metadata.entities == nil and (type(metadata.event_type) ~= "string"
    or metadata.event_type == "" or type(metadata.event_payload) ~= "table") then
    return nil, "invalid_metadata_schema"
  elseif #(json.encode(metadata) or "") > MAX_METADATA then
    return nil, "metadata_too_large"
  end
  return { metadata = metadata }
end

local function text_of(args, is_cut)
  local markdown = args.markdown_text
  if markdown and (args.text or args.blocks) then
    return nil, "markdown_text_conflict"
  elseif markdown and length(tostring(markdown)) > MAX_MARKDOWN then
    return nil, "msg_too_long"
  end
  local text = tostring(args.text or markdown or "")
  if not is_cut and length(text) > MAX_TEXT then
    return nil, "msg_too_long"
  end
  return cut(text, MAX_TEXT)
end

-- Slack writes the text that a message with blocks alone has for notifications.
local function fallback_of(blocks)
  for _, block in ipairs(blocks or {}) do
    local text = block.text
    if type(text) == "table" and type(text.text) == "string" then
      return text.text
    end
  end
  return ""
end

---The content of a message: at least one of text, blocks, attachments.
---@param call slack.sandbox.Call
---@param options? { is_cut: boolean?, can_be_empty: boolean? } is_cut: a text that is too long
---  is cut, not refused
---@return table? fields
---@return string? error
---@return table? more
function M.of(call, options)
  options = options or {}
  local args = call.args
  local fields, err, more = arguments.blocks(args.blocks)
  if not fields then
    return nil, err, more
  elseif #(fields.blocks or {}) > MAX_BLOCKS then
    return nil, "invalid_blocks"
  end
  local attached, metadata, text
  attached, err, more = attachments_of(args.attachments)
  if not attached then
    return nil, err, more
  end
  metadata, err = metadata_of(args.metadata)
  if not metadata then
    return nil, err
  end
  text, err = text_of(args, options.is_cut)
  if not text then
    return nil, err
  end
  fields = merged(fields, attached, metadata)
  fields.text = text
  if args.markdown_text then
    fields.blocks = { { type = "markdown", text = text } }
    Workspace.identify(fields.blocks)
  end
  if text == "" and not fields.blocks and #(fields.attachments or {}) == 0
    and not options.can_be_empty then
    return nil, "no_text"
  elseif text == "" and fields.blocks then
    fields.text = fallback_of(fields.blocks)
  end
  return fields
end

---The app posts: as its bot or, with a person's token, in that person's name. A bot may
---take another name and picture for one message.
---@param workspace slack.sandbox.Workspace
---@param call slack.sandbox.Call
---@param fields table of the message
---@return table fields
function M.from_app(workspace, call, fields)
  for key, value in pairs(workspace:bot_fields()) do
    fields[key] = value
  end
  fields.user = call.user_id
  local args = call.args
  if call.token_type ~= "user" and (args.username or args.icon_emoji or args.icon_url) then
    fields.subtype, fields.user, fields.bot_profile = "bot_message", nil, nil
    fields.username = args.username or workspace.bot.name
    fields.icons = (args.icon_emoji or args.icon_url) and {
      emoji = args.icon_emoji, image_48 = args.icon_url,
    } or nil
  end
  return fields
end

---Whether the app may post there; public channels without its bot are for a scope of their own.
---@param call slack.sandbox.Call
---@param channel table
---@return string? error
function M.barred(call, channel)
  local is_public = not (channel.is_private or channel.is_im or channel.is_mpim)
  if channel.is_archived then
    return "is_archived"
  elseif channel.members[call.user_id] then
    return nil
  elseif is_public and call.scopes and call.scopes["chat:write.public"] then
    return nil
  end
  return is_public and "not_in_channel" or "channel_not_found"
end

return M
