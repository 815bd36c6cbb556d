-- chat.unfurl: what the app shows of the links of its domains (protocol §12).

local arguments = require "slack.sandbox.methods.arguments"
local block_checks = require "slack.sandbox.block_checks"
local merged = require "slack.merged"

local SOURCES = { composer = true, conversations_history = true }

---@type table<string, slack.sandbox.Method>
local methods = {}

-- Channel, message and links: by channel and ts, or by unfurl_id and source.
local function find_place(workspace, args)
  if args.unfurl_id or args.source then
    local shared = workspace.shared_links[tostring(args.unfurl_id)]
    if not args.source then
      return nil, "missing_source"
    elseif not SOURCES[args.source] then
      return nil, "invalid_source"
    elseif not shared then
      return nil, args.unfurl_id and "invalid_unfurl_id" or "missing_unfurl_id"
    end
    return shared.channel, workspace.find_message(shared.channel, shared.ts)
  elseif not args.channel then
    return nil, "missing_channel"
  elseif not args.ts then
    return nil, "missing_ts"
  end
  local channel = workspace.channels[tostring(args.channel)]
  if not channel then
    return nil, "cannot_find_channel"
  end
  return channel, workspace.find_message(channel, tostring(args.ts))
end

-- An attachment of the message for one link.
local function attachment_of(url, unfurl, app_id)
  if not arguments.is_object(unfurl) then
    return nil, "cannot_parse_attachment"
  end
  local metadata = unfurl.blocks and block_checks.refusal { blocks = unfurl.blocks }
  if metadata then
    return nil, "invalid_unfurls_format", { response_metadata = metadata }
  end
  local copy = merged(unfurl, {
    from_url = url, app_unfurl_url = url, is_app_unfurl = true, app_id = app_id,
    fallback = unfurl.fallback or "[no preview available]",
  })
  copy.preview, copy.hide_color = nil, nil
  return copy
end

-- The links of a message, as the app was told them.
local function urls_of(workspace, message)
  local urls = {}
  for _, link in ipairs(workspace:links_in(message.text or "")) do
    urls[link.url] = true
  end
  return urls
end

-- The attachments of a message with those of new unfurls in the place of their old ones.
local function replaced(message, new, unfurls)
  local attachments = {}
  for _, one in ipairs(message.attachments or {}) do
    if not (one.is_app_unfurl and unfurls[one.app_unfurl_url]) then
      table.insert(attachments, one)
    end
  end
  table.move(new, 1, #new, #attachments + 1, attachments)
  for i, one in ipairs(attachments) do
    one.id = i
  end
  return attachments
end

methods["chat.unfurl"] = function(workspace, call)
  local args = call.args
  local unfurls = arguments.structure(args.unfurls)
  local asks_for_login = arguments.is_set(args.user_auth_required) or args.user_auth_url
    or args.user_auth_message or args.user_auth_blocks
  if unfurls == nil and args.unfurls == nil and not asks_for_login then
    return nil, "missing_unfurls"
  elseif args.unfurls ~= nil and not arguments.is_object(unfurls) then
    return nil, "invalid_unfurls_format"
  end
  local channel, message = find_place(workspace, args)
  if not channel then
    return nil, message
  elseif not message then
    return nil, "cannot_find_message"
  elseif asks_for_login then
    workspace:show_ephemeral(channel, message.user, merged(workspace:bot_fields(), {
      text = args.user_auth_message or "Connect your account to see previews of links.",
      blocks = arguments.structure(args.user_auth_blocks), thread_ts = message.thread_ts,
    }))
    return {}
  end
  local urls, new = urls_of(workspace, message), {}
  for url, unfurl in pairs(unfurls) do
    if not urls[url] then
      return nil, "cannot_unfurl_message"
    end
    local attachment, err, more = attachment_of(url, unfurl, workspace.app_id)
    if not attachment then
      return nil, err, more
    end
    table.insert(new, attachment)
  end
  table.sort(new, function(a, b) return a.from_url < b.from_url end)
  workspace:change(channel, message, { attachments = replaced(message, new, unfurls) })
  return {}
end

return methods
