-- Methods about a channel's bookmarks.

local json = require "slack.json"
local new_id = require "slack.sandbox.new_id"

local MAX_BOOKMARKS <const> = 100

---@type table<string, slack.sandbox.Method>
local methods = {}

-- A method about the channel of channel_id, for members.
local function in_channel(fn)
  return function(workspace, call)
    local channel = workspace.channels[tostring(call.args.channel_id or "")]
    if not channel or not channel.members[call.user_id] then
      return nil, "channel_not_found"
    end
    channel.bookmarks = channel.bookmarks or json.list {}
    return fn(channel, call, workspace)
  end
end

-- A method about one of them.
local function on_bookmark(fn)
  return in_channel(function(channel, call, workspace)
    for position, bookmark in ipairs(channel.bookmarks) do
      if bookmark.id == call.args.bookmark_id then
        return fn(channel, call, workspace, bookmark, position)
      end
    end
    return nil, "not_found"
  end)
end

local function is_link(value)
  return type(value) == "string" and value:find "^%a[%w+.-]*://%S+$" ~= nil
end

methods["bookmarks.add"] = in_channel(function(channel, call, workspace)
  local args, now = call.args, math.floor(workspace.clock())
  if args.type ~= "link" then
    return nil, "invalid_bookmark_type"
  elseif not is_link(args.link) then
    return nil, "invalid_link"
  elseif #channel.bookmarks >= MAX_BOOKMARKS then
    return nil, "too_many_bookmarks"
  end
  local bookmark = {
    id = new_id "Bk", channel_id = channel.id, title = args.title, link = args.link,
    emoji = args.emoji or "", icon_url = json.null, type = "link", entity_id = args.entity_id,
    date_created = now, date_updated = 0, rank = ("%04d"):format(#channel.bookmarks + 1),
    last_updated_by_user_id = call.user_id, last_updated_by_team_id = workspace.id,
    shortcut_id = json.null, app_id = workspace.app_id,
  }
  table.insert(channel.bookmarks, bookmark)
  return { bookmark = bookmark }
end)

methods["bookmarks.edit"] = on_bookmark(function(_, call, workspace, bookmark)
  local args = call.args
  if args.link ~= nil and not is_link(args.link) then
    return nil, "invalid_link"
  end
  bookmark.title = args.title or bookmark.title
  bookmark.link = args.link or bookmark.link
  bookmark.emoji = args.emoji or bookmark.emoji
  bookmark.date_updated = math.floor(workspace.clock())
  bookmark.last_updated_by_user_id = call.user_id
  return { bookmark = bookmark }
end)

methods["bookmarks.remove"] = on_bookmark(function(channel, _, _, _, position)
  table.remove(channel.bookmarks, position)
  return {}
end)

methods["bookmarks.list"] = in_channel(function(channel)
  return { bookmarks = channel.bookmarks }
end)

return methods
