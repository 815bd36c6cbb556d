-- What the catalogue of Web API methods does not say, kept by hand. A name with % or ^ or $ in it
-- is a Lua pattern. spec/generate/methods.lua puts it into lua/slack/web_api/method_table.lua.

local M = {}

-- Methods that only read, by their last word: the catalogue's GET is no guide, some that
-- write have it (admin.emoji.add, users.deletePhoto).
M.reads = {
  "%.get%u?%w*$", "%.list%u?%w*$", "%.info$", "%.history$", "%.replies$", "%.members$", "%.test$",
  "%.lookup%u?%w*$", "%.search$", "^search%.", "^assistant%.search%.", "%.count$", "%.query$",
  "^auth%.teams%.", "%.validate$", "%.export$", "%.teamInfo$", "%.billableInfo$", "%.accessLogs$",
  "%.integrationLogs$", "%.userInfo$", "^users%.conversations$", "^users%.identity$",
  "^apps%.datastore%.bulkGet$", "^migration%.exchange$",
  "^admin%.analytics%.messages%.",
}

-- Taken for readers by their name, and they are not.
M.writes = {
  "files.getUploadURLExternal", -- makes a place for a file
  "functions.workflows.steps.responses.export", -- sends a file to a person
  "admin.users.unsupportedVersions.export", -- sends a message to an admin
}

-- Writes of which a second execution leaves everything as the first one did. Not here: what
-- posts, adds a further one, or is refused the second time with a word that hides the success.
M.repeatable = {
  -- another URL, and nobody connects with the first
  "apps.connections.open", "rtm.connect", "rtm.start",
  -- another place for bytes, and nobody fills the first
  "files.getUploadURLExternal",
  -- the same content again
  "chat.update", "chat.unfurl", "views.update", "views.publish", "bookmarks.edit", "calls.update",
  "files.remote.update", "slackLists.update", "apps.datastore.put", "apps.datastore.bulkPut",
  "apps.datastore.update", "apps.manifest.update", "usergroups.update", "usergroups.users.update",
  "slackLists.items.update", "admin.barriers.update", "agents.sessions.rename",
  "conversations.rename", "admin.conversations.rename",
  -- the same place in a channel, the same DM, a channel one is in or out of already
  "conversations.mark", "conversations.open", "conversations.close", "conversations.join",
  "conversations.leave",
  -- Slack says that it is so already: already_reacted, no_reaction, already_pinned, no_pin
  "reactions.add", "reactions.remove", "pins.add", "pins.remove",
  -- what is not there stays away
  "apps.datastore.delete", "apps.datastore.bulkDelete",
  -- a value is set to what it is
  "%.set$", "%.set%u%w*$", "^dnd%.endDnd$",
}

-- Set a value and tell the channel so: twice would be two notices.
M.not_repeatable = {
  "conversations.setPurpose", "conversations.setTopic",
  "channels.setPurpose", "channels.setTopic", "groups.setPurpose", "groups.setTopic",
}

-- Called before there is a token.
M.no_token = {
  "api.test", "oauth.access", "oauth.token", "oauth.v2.access", "oauth.v2.exchange",
  "oauth.v2.user.access", "openid.connect.token", "tooling.tokens.rotate",
}

-- Kinds of token where the catalogue names no scope.
M.tokens = {
  ["apps.connections.open"] = "app=connections:write",
  ["apps.event.authorizations.list"] = "app=authorizations:read",
  ["apps.auth.external.delete"] = "bot",
  ["apps.auth.external.get"] = "bot",
  ["apps.uninstall"] = "bot,user",
  ["auth.revoke"] = "bot,user",
  ["auth.teams.list"] = "bot,user",
  ["auth.test"] = "bot,user",
  ["blocks.validate"] = "bot,user",
  ["chat.getPermalink"] = "bot,user",
  ["chat.scheduledMessages.list"] = "bot,user",
  ["functions.completeError"] = "bot",
  ["functions.completeSuccess"] = "bot",
  ["rtm.connect"] = "bot,user",
  ["views.open"] = "bot,user",
  ["views.publish"] = "bot,user",
  ["views.push"] = "bot,user",
  ["views.update"] = "bot,user",
}

-- The list inside each page, or the object with names for its fields; of a search the object
-- with the list of matches. Without one the pages look for the only list of the answer.
M.items = {
  ["admin.apps.activities.list"] = "activities",
  ["admin.apps.approved.list"] = "approved_apps",
  ["admin.apps.requests.list"] = "app_requests",
  ["admin.apps.restricted.list"] = "restricted_apps",
  ["admin.auth.policy.getEntities"] = "entities",
  ["admin.barriers.list"] = "barriers",
  ["admin.conversations.ekm.listOriginalConnectedChannelInfo"] = "channels",
  ["admin.conversations.getTeams"] = "team_ids",
  ["admin.conversations.lookup"] = "channel_ids",
  ["admin.conversations.search"] = "conversations",
  ["admin.emoji.list"] = "emoji",
  ["admin.functions.list"] = "functions",
  ["admin.inviteRequests.approved.list"] = "approved_requests",
  ["admin.inviteRequests.denied.list"] = "denied_requests",
  ["admin.inviteRequests.list"] = "invite_requests",
  ["admin.roles.listAssignments"] = "role_assignments",
  ["admin.teams.admins.list"] = "admin_ids",
  ["admin.teams.list"] = "teams",
  ["admin.teams.owners.list"] = "owner_ids",
  ["admin.users.list"] = "users",
  ["admin.users.session.list"] = "active_sessions",
  ["admin.workflows.search"] = "workflows",
  ["apps.activities.list"] = "activities",
  ["apps.datastore.query"] = "items",
  ["apps.event.authorizations.list"] = "authorizations",
  ["auth.teams.list"] = "teams",
  ["chat.scheduledMessages.list"] = "scheduled_messages",
  ["conversations.history"] = "messages",
  ["conversations.list"] = "channels",
  ["conversations.listConnectInvites"] = "invites",
  ["conversations.members"] = "members",
  ["conversations.replies"] = "messages",
  ["conversations.requestSharedInvite.list"] = "invite_requests",
  ["files.info"] = "comments",
  ["files.list"] = "files",
  ["files.remote.list"] = "files",
  ["reactions.list"] = "items",
  ["search.files"] = "files",
  ["search.messages"] = "messages",
  ["slackLists.items.list"] = "items",
  ["stars.list"] = "items",
  ["team.accessLogs"] = "logins",
  ["team.billableInfo"] = "billable_info",
  ["team.externalTeams.list"] = "organizations",
  ["team.integrationLogs"] = "logs",
  ["users.conversations"] = "channels",
  ["users.list"] = "members",
}

-- The cursor stands beside the list instead of in response_metadata.
M.top_cursor = { "admin.conversations.search" }

-- What to call instead of a method that has been removed or will be.
M.instead = {
  ["admin.conversations.whitelist.add"] = "admin.conversations.restrictAccess.addGroup",
  ["admin.conversations.whitelist.listGroupsLinkedToChannel"] =
    "admin.conversations.restrictAccess.listGroups",
  ["admin.conversations.whitelist.remove"] = "admin.conversations.restrictAccess.removeGroup",
  ["dialog.open"] = "views.open",
  ["files.share"] = "files.completeUploadExternal",
  ["files.upload"] = "files.getUploadURLExternal",
  ["groups.createChild"] = "conversations.create",
  ["im.open"] = "conversations.open",
  ["mpim.open"] = "conversations.open",
  ["oauth.access"] = "oauth.v2.access",
  ["oauth.token"] = "oauth.v2.access",
  ["presence.set"] = "users.setPresence",
  ["rtm.start"] = "rtm.connect",
  ["search.files"] = "assistant.search.context",
  ["users.identity"] = "openid.connect.userInfo",
  ["workflows.stepCompleted"] = "functions.completeSuccess",
  ["workflows.stepFailed"] = "functions.completeError",
}

-- The families that became conversations.*, with the same last word.
M.instead_families = { "channels", "groups", "im", "mpim" }

return M
