-- What the app hears of messages because it asked for it: links of its domains, metadata of
-- its kinds (protocol §12).

local json = require "slack.json"
local new_id = require "slack.sandbox.new_id"

---@class slack.sandbox.Links
local links = {}

-- The domain of the app's that a host is, or is below.
local function domain_of(domains, host)
  for _, domain in ipairs(domains) do
    if host == domain or host:sub(-#domain - 1) == "." .. domain then
      return domain
    end
  end
end

-- The URLs in a text, bare or as <URL> and <URL|label>.
local function find_urls(text)
  local found, seen = {}, {}
  for url in text:gmatch "https?://[^%s<>|]+" do
    url = url:match "^.*[^.,;:!?)]"
    if not seen[url] then
      seen[url] = true
      table.insert(found, url)
    end
  end
  return found
end

---The links of the app's domains in a text.
---@param text string
---@return table[] links
function links:links_in(text)
  local found = json.list {}
  for _, url in ipairs(find_urls(text)) do
    local host = url:match "^https?://([^/?#:@]+)"
    local domain = host and domain_of(self.unfurl_domains, host:lower())
    if domain then
      table.insert(found, { domain = domain, url = url })
    end
  end
  return found
end

---Tells the app of the links of its domains in a message; those of its own are not told.
---@param channel table
---@param message table
function links:tell_links(channel, message)
  if #self.unfurl_domains == 0 or message.bot_id == self.bot.id or not message.text then
    return
  end
  local found = self:links_in(message.text)
  if #found == 0 then
    return
  end
  local id = ("%s.%s.%s"):format(channel.id, message.ts, new_id "":lower())
  self.shared_links[id] = { channel = channel, ts = message.ts, links = found }
  self.on_event {
    type = "link_shared",
    channel = channel.id,
    is_bot_user_member = channel.members[self.bot.user_id] == true,
    user = message.user,
    message_ts = message.ts,
    thread_ts = message.thread_ts,
    unfurl_id = id,
    source = "conversations_history",
    links = found,
    user_locale = "en-US",
    event_ts = self:new_ts(),
  }
end

---Tells the app of the metadata of a message, of its own messages too.
---@param what "posted"|"updated"|"deleted"
---@param channel table
---@param message table
---@param before? table the metadata as it was
function links:tell_metadata(what, channel, message, before)
  local metadata = what ~= "deleted" and message.metadata or before
  if not metadata or not (self.metadata_events[metadata.event_type] or self.metadata_events["*"])
    or what == "updated" and metadata == before then
    return
  end
  self:emit(channel, {
    type = "message_metadata_" .. what,
    app_id = message.app_id or self.app_id,
    bot_id = message.bot_id,
    user_id = message.user,
    team_id = self.team.id,
    channel_id = channel.id,
    metadata = what ~= "deleted" and metadata or nil,
    previous_metadata = before,
    message_ts = message.ts,
    deleted_ts = what == "deleted" and self:new_ts() or nil,
    event_ts = self:new_ts(),
  })
end

return links
