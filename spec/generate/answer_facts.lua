-- What methods answer besides ok, warning and response_metadata, in the notation of shape.lua:
-- METHOD: FIELDS. Of methods that are not here nothing is told. A line that is indented goes on
-- with the one before.

return [[
admin.apps.approved.list: approved_apps:table[]
admin.apps.requests.list: app_requests:table[]
admin.apps.restricted.list: restricted_apps:table[]
admin.conversations.create: channel_id
admin.conversations.getTeams: team_ids[]
admin.conversations.search: conversations:slack.objects.Channel[] next_cursor? total_count?
admin.emoji.list: emoji:table<string,{url:string,date_created:integer,uploaded_by:string}>
admin.inviteRequests.list: invite_requests:table[]
admin.roles.listAssignments: role_assignments[{role_id entity_id user_id date_create}]
admin.teams.admins.list: admin_ids:slack.UserId[]
admin.teams.create: team:slack.TeamId
admin.teams.list: teams:slack.objects.Team[]
admin.teams.owners.list: owner_ids:slack.UserId[]
admin.teams.settings.info: team:slack.objects.Team
admin.usergroups.listChannels: channels:slack.objects.Channel[]
admin.users.list: users[{id:slack.UserId email is_admin is_owner is_primary_owner is_restricted
  is_ultra_restricted is_bot is_active username full_name date_created expiration_ts:integer?
  workspaces:slack.TeamId[]?}]
admin.users.session.list: active_sessions:table[]
agents.sessions.rename: title
agents.sessions.setStatus: status?
api.test: args:table<string,string>? error?
apps.auth.external.get: external_token
apps.connections.open: url
apps.datastore.bulkGet: datastore items:table[] failed_items:table[]?
apps.datastore.count: datastore count
apps.datastore.get: datastore item
apps.datastore.put: datastore item
apps.datastore.query: datastore items:table[]
apps.datastore.update: datastore item
apps.event.authorizations.list: authorizations[{enterprise_id? team_id? user_id is_bot
  is_enterprise_install}]
apps.manifest.create: app_id credentials{client_id client_secret verification_token
  signing_secret} oauth_authorize_url
apps.manifest.export: manifest
apps.manifest.update: app_id permissions_updated:boolean
apps.manifest.validate: errors[{message pointer}]?
assistant.search.context: results:table
assistant.search.info: is_ai_search_enabled
auth.revoke: revoked:boolean
auth.teams.list: teams:slack.objects.Team[]
auth.test: url team:string user:string team_id user_id bot_id? enterprise_id?
  is_enterprise_install expires_in? app_id? app_name?
blocks.validate:
bookmarks.add: bookmark
bookmarks.edit: bookmark
bookmarks.list: bookmarks
bookmarks.remove:
bots.info: bot
calls.add: call
calls.end:
calls.info: call
calls.participants.add:
calls.participants.remove:
calls.update: call
canvases.access.delete: failed_to_update_channel_ids[]? failed_to_update_user_ids[]?
canvases.access.set: failed_to_update_channel_ids[]? failed_to_update_user_ids[]?
canvases.create: canvas_id:slack.FileId
canvases.delete:
canvases.edit:
canvases.sections.lookup: sections[{id}]
chat.appendStream: channel ts
chat.delete: channel ts
chat.deleteScheduledMessage:
chat.getPermalink: channel permalink
chat.meMessage: channel ts
chat.postEphemeral: message_ts
chat.postMessage: channel ts message
chat.scheduleMessage: channel scheduled_message_id post_at message
chat.scheduledMessages.list: scheduled_messages:slack.objects.ScheduledMessage[]
chat.startStream: channel ts
chat.stopStream: channel ts message?
chat.unfurl:
chat.update: channel ts text message
conversations.acceptSharedInvite: implicit_approval:boolean channel_id invite_id
conversations.approveSharedInvite:
conversations.archive:
conversations.canvases.create: canvas_id:slack.FileId
conversations.close: no_op? already_closed?
conversations.create: channel:slack.objects.Channel
conversations.declineSharedInvite:
conversations.history: messages:slack.objects.Message[] has_more pin_count? latest?
  channel_actions_ts:integer? channel_actions_count?
conversations.info: channel:slack.objects.Channel
conversations.invite: channel:slack.objects.Channel errors:table[]?
conversations.inviteShared: invite_id conf_code? url? is_legacy_shared_channel?
conversations.join: channel:slack.objects.Channel
conversations.kick: errors:table?
conversations.leave: not_in_channel?
conversations.list: channels:slack.objects.Channel[]
conversations.listConnectInvites: invites[{direction status date_last_updated invite_type? invite
  channel:slack.objects.Channel acceptances:table[]?}]
conversations.mark:
conversations.members: members[]
conversations.open: channel:slack.objects.Channel no_op? already_open?
conversations.rename: channel:slack.objects.Channel
conversations.replies: messages:slack.objects.Message[] has_more
conversations.requestSharedInvite.list: invite_requests:table[]
conversations.setPurpose: channel:slack.objects.Channel purpose?
conversations.setTopic: channel:slack.objects.Channel topic?
conversations.unarchive:
dialog.open:
dnd.endDnd:
dnd.endSnooze: dnd_enabled next_dnd_start_ts next_dnd_end_ts snooze_enabled
dnd.info: dnd_enabled next_dnd_start_ts next_dnd_end_ts snooze_enabled? snooze_endtime?
  snooze_remaining? snooze_is_indefinite:boolean?
dnd.setSnooze: snooze_enabled snooze_endtime snooze_remaining
dnd.teamInfo: users:table<slack.UserId,slack.objects.Dnd>
emoji.list: emoji:table<string,string> cache_ts:string categories:table[]? categories_version?
files.completeUploadExternal: files
files.delete:
files.getUploadURLExternal: upload_url file_id
files.info: file content? content_html? content_highlight_html? is_truncated?
  comments:slack.objects.Comment[]? paging?
files.list: files paging
files.remote.add: file:slack.objects.RemoteFile
files.remote.info: file:slack.objects.RemoteFile
files.remote.list: files:slack.objects.RemoteFile[]
files.remote.remove:
files.remote.share: file:slack.objects.RemoteFile
files.remote.update: file:slack.objects.RemoteFile
files.revokePublicURL: file
files.sharedPublicURL: file
functions.completeError:
functions.completeSuccess:
migration.exchange: team_id enterprise_id user_id_map:table<slack.UserId,slack.UserId>
  invalid_user_ids[]?
oauth.access: access_token scope user_id? team_name? team_id? bot{bot_user_id bot_access_token}?
oauth.v2.access: access_token? token_type? scope? bot_user_id? app_id refresh_token? expires_in?
  team{id:slack.TeamId name}? enterprise:slack.objects.Enterprise? is_enterprise_install
  authed_user{id:slack.UserId scope? access_token? token_type? refresh_token? expires_in?}?
  incoming_webhook{channel:string channel_id configuration_url url}?
oauth.v2.exchange: access_token refresh_token expires_in token_type? scope? bot_user_id? app_id
  team{id:slack.TeamId name}? enterprise:slack.objects.Enterprise? is_enterprise_install
oauth.v2.user.access: access_token? token_type? scope? refresh_token? expires_in? app_id? user_id?
  team{id:slack.TeamId name}? enterprise:slack.objects.Enterprise? is_enterprise_install?
openid.connect.token: access_token token_type id_token refresh_token? expires_in? state?
openid.connect.userInfo: sub email? email_verified:boolean? name? picture? given_name?
  family_name? locale? date_email_verified?
pins.add:
pins.list: items:slack.objects.Pin[]
pins.remove:
reactions.add:
reactions.get: type:"message"|"file"|"file_comment" channel? message? file?
  comment:slack.objects.Comment?
reactions.list: items[{type channel? message? file? comment:slack.objects.Comment?}] paging?
reactions.remove:
reminders.add: reminder
reminders.complete:
reminders.delete:
reminders.info: reminder
reminders.list: reminders
rtm.connect: url team{id:slack.TeamId name domain} self{id:slack.UserId name}
search.all: query messages{matches:slack.objects.Match[] total paging} files{matches total paging}
  posts:table?
search.files: query files{matches:slack.objects.File[] total paging}
search.messages: query messages{matches:slack.objects.Match[] total paging}
slackLists.create: list_id:slack.FileId list_metadata:table
slackLists.items.create: item
slackLists.items.info: record:table list:table? subtasks:table[]?
slackLists.items.list: items:table[]
stars.list: items:slack.objects.Star[] paging?
team.accessLogs: logins[{user_id username date_first:integer date_last:integer count ip user_agent
  isp country region}] paging?
team.billableInfo: billable_info:table<slack.UserId,{billing_active:boolean}>
team.billing.info: plan
team.info: team:slack.objects.Team
team.integrationLogs: logs:table[] paging
team.preferences.list: allow_message_deletion:boolean? display_real_names:boolean?
  disable_file_uploads? msg_edit_window_mins:integer? who_can_post_general?
team.profile.get: profile{fields[{id ordering:integer label hint? type is_hidden
  possible_values:string[]? options:table? section_id?}] sections:table[]?}
tooling.tokens.rotate: token refresh_token team_id user_id iat:integer exp:integer
usergroups.create: usergroup
usergroups.disable: usergroup
usergroups.enable: usergroup
usergroups.list: usergroups
usergroups.update: usergroup
usergroups.users.list: users[]
usergroups.users.update: usergroup
users.conversations: channels:slack.objects.Channel[]
users.deletePhoto:
users.discoverableContacts.lookup: user_id? is_discoverable?
users.getPresence: presence online:boolean? auto_away:boolean? manual_away:boolean?
  connection_count? last_activity:integer?
users.identity: user{id:slack.UserId name email? image_24? image_48? image_192? image_512?}
  team{id:slack.TeamId name? domain?}
users.info: user:slack.objects.User
users.list: members:slack.objects.User[] cache_ts
users.lookupByEmail: user:slack.objects.User
users.profile.get: profile
users.profile.set: profile username?
users.setActive:
users.setPhoto: profile
users.setPresence:
views.open: view
views.publish: view
views.push: view
views.update: view
workflows.featured.list: featured_workflows:table[]
]]
