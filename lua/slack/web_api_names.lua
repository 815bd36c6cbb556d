-- The methods of the Web API that bots call most, for advice about misspelt ones. Any other
-- can be called as well: whether it exists Slack alone knows.

local near_miss = require "slack.near_miss"

local NAMES = {}
for name in ([[
  api.test auth.test auth.revoke auth.teams.list apps.uninstall bookmarks.add bookmarks.list
  bots.info chat.delete chat.deleteScheduledMessage chat.getPermalink chat.meMessage
  chat.postEphemeral chat.postMessage chat.scheduleMessage chat.scheduledMessages.list
  chat.unfurl chat.update chat.startStream chat.appendStream chat.stopStream
  conversations.archive conversations.close conversations.create conversations.history
  conversations.info conversations.invite conversations.join conversations.kick
  conversations.leave conversations.list conversations.mark conversations.members
  conversations.open conversations.rename conversations.replies conversations.setPurpose
  conversations.setTopic dialog.open dnd.info emoji.list files.completeUploadExternal
  files.delete files.getUploadURLExternal files.info files.list functions.completeSuccess
  functions.completeError oauth.v2.access openid.connect.token pins.add pins.list pins.remove
  reactions.add reactions.get reactions.list reactions.remove reminders.add reminders.list
  search.messages team.info usergroups.list usergroups.users.list users.conversations
  users.getPresence users.info users.list users.lookupByEmail users.profile.get
  users.profile.set users.setPresence views.open views.publish views.push views.update
]]):gmatch "%S+" do
  NAMES[name] = true
end

---@param name string of a method that Slack does not know
---@return string advice to append, or ""
return function(name)
  return near_miss(name, NAMES)
end
