-- The events of Slack and their fields besides type and event_ts, in the notation of shape.lua.
--
--   NAME [rtm] [retired|legacy] [SCOPE,…]: FIELDS      any one of the scopes is enough
--
-- rtm: not of the Events API. A line that is indented goes on with the one before.

return [[
accounts_changed rtm:
agent_session_stopped chat:write: channel thread_ts user streaming_message_ts[] message_ts?
agent_session_title_changed chat:write: channel thread_ts? title previous_title? user team_id
  enterprise_id?
app_context_changed assistant:write: channel? user? context{entities[{type value team_id?
  enterprise_id?}]}
app_deleted admin.apps:read: app_id app_name app_owner_id team_id team_domain
app_home_opened: user channel tab:"home"|"messages" view? context:table?
app_installed admin.apps:read: app_id app_name app_owner_id user_id team_id team_domain
app_mention app_mentions:read: user text ts channel team? thread_ts? blocks? files? attachments?
  edited? client_msg_id? bot_id? bot_profile? subtype? user_team? source_team? user_profile?
app_rate_limited: token team_id minute_rate_limited api_app_id
app_requested admin.apps:read: app_request{id app:table previous_resolution:table?
  user:slack.objects.User team:table scopes:table[] message}
app_uninstalled:
app_uninstalled_team admin.apps:read: app_id app_name app_owner_id user_id team_id team_domain
assistant_thread_context_changed assistant:write: assistant_thread{user_id context{channel_id?
  team_id? enterprise_id?} channel_id thread_ts}
assistant_thread_started assistant:write: assistant_thread{user_id context{channel_id? team_id?
  enterprise_id?} channel_id thread_ts}
bot_added rtm: bot
bot_changed rtm: bot
call_rejected: call_id user_id channel_id external_unique_id
channel_archive channels:read: channel user is_moved?
channel_created channels:read: channel:slack.objects.Channel
channel_deleted channels:read: channel actor_id?
channel_history_changed channels:history,groups:history,mpim:history: latest ts channel?
channel_id_changed: old_channel_id new_channel_id
channel_joined rtm: channel:slack.objects.Channel
channel_left channels:read: channel actor_id
channel_marked rtm: channel ts unread_count?
channel_posting_permissions channels:history,groups:history,im:history,mpim:history: channel user?
  posting_permissions?
channel_rename channels:read: channel:slack.objects.Channel
channel_shared channels:read,groups:read: connected_team_id channel
channel_unarchive channels:read: channel user
channel_unshared channels:read,groups:read: previously_connected_team_id channel is_ext_shared
commands_changed rtm:
dnd_updated dnd:read: user dnd_status
dnd_updated_user dnd:read: user dnd_status
email_domain_changed team:read: email_domain
emoji_changed emoji:read: subtype:"add"|"remove"|"rename" name? value? names[]? old_name?
  new_name?
entity_comments_requested: user external_ref{id type?} entity_url link{url domain} cursor? limit?
  thread_root_id? trigger_id
entity_details_requested: user trigger_id link{url domain} entity_url app_unfurl_url?
  external_ref{id type?}? user_locale channel? message_ts? thread_ts?
external_org_migration_finished rtm: team{id:slack.TeamId is_migrating} date_started date_finished
external_org_migration_started rtm: team{id:slack.TeamId is_migrating} date_started
file_change files:read: file_id file user_id?
file_comment_added files:read retired: comment:slack.objects.Comment file_id file
file_comment_deleted files:read legacy: comment file_id file
file_comment_edited files:read retired: comment:slack.objects.Comment file_id file
file_created files:read: file_id user_id file
file_deleted files:read: file_id channel_ids[]?
file_public files:read: file_id user_id file
file_shared files:read: file_id user_id channel_id file
file_unshared files:read: file_id user_id channel_id file
function_executed: function{id callback_id title type input_parameters:table[]
  output_parameters:table[] app_id date_created date_updated date_deleted} inputs
  function_execution_id workflow_execution_id bot_access_token
goodbye rtm: source?
grid_migration_finished: enterprise_id
grid_migration_started: enterprise_id
group_archive groups:read: channel user? actor_id? is_moved?
group_close groups:read: channel user
group_deleted groups:read: channel date_deleted? actor_id?
group_history_changed groups:history: latest ts channel?
group_joined rtm: channel:slack.objects.Channel
group_left groups:read: channel actor_id
group_marked rtm: channel ts
group_open groups:read: channel user
group_rename groups:read: channel:slack.objects.Channel
group_unarchive groups:read: channel actor_id? user?
hello rtm: region? start? host_id?
im_close im:read: channel user
im_created im:read: channel:slack.objects.Channel user
im_history_changed im:history: latest ts channel?
im_marked rtm: channel ts
im_open im:read: channel user
invite_requested admin.invites:read: invite_request{id email date_created requester_ids[]
  channel_ids[] invite_type real_name date_expire request_reason team{id name domain}}
link_shared links:read: channel is_bot_user_member user message_ts thread_ts? links[{domain url}]
  unfurl_id? source? user_locale?
manual_presence_change rtm: presence
member_joined_channel channels:read,groups:read,mpim:read: user channel
  channel_type:slack.ChannelType team inviter? enterprise?
member_left_channel channels:read,groups:read: user channel channel_type:slack.ChannelType team
  enterprise?
message channels:history,groups:history,im:history,mpim:history: channel
  channel_type:slack.ChannelType user? text ts subtype? thread_ts? team? blocks? files?
  attachments? edited? bot_id? bot_profile? app_id? client_msg_id? parent_user_id? metadata?
  hidden? message? previous_message? deleted_ts?
message_metadata_deleted metadata.message:read: app_id bot_id? user_id team_id channel_id
  previous_metadata{event_type event_payload} message_ts deleted_ts
message_metadata_posted metadata.message:read: app_id bot_id? user_id team_id channel_id
  metadata{event_type event_payload} message_ts
message_metadata_updated metadata.message:read: app_id bot_id? user_id team_id channel_id metadata
  previous_metadata message_ts
pin_added pins:read: user channel_id item:slack.objects.Pin item_user pin_count
  pinned_info{channel pinned_by pinned_ts:integer}
pin_removed pins:read: user channel_id item:slack.objects.Pin item_user pin_count pinned_info{}
  has_pins
pref_change rtm: name value:any
presence_change rtm: user? users[]? presence
presence_query rtm: ids[]
presence_sub rtm: ids[]
reaction_added reactions:read: user reaction item{type channel ts} item_user?
reaction_removed reactions:read: user reaction item{type channel ts} item_user?
reconnect_url rtm: url?
resources_added retired: resources:table[]
resources_removed retired: resources:table[]
scope_denied retired: scopes[] trigger_id
scope_granted retired: scopes[] trigger_id
shared_channel_invite_accepted conversations.connect:manage: approval_required invite
  channel:slack.objects.Channel teams_in_channel:table[] accepting_user:slack.objects.User
shared_channel_invite_approved conversations.connect:manage: invite channel:slack.objects.Channel
  approving_team_id teams_in_channel:table[] approving_user:slack.objects.User
shared_channel_invite_declined conversations.connect:manage: invite channel:slack.objects.Channel
  declining_team_id teams_in_channel:table[] declining_user:slack.objects.User
shared_channel_invite_received conversations.connect:read: invite channel{id:slack.ChannelId
  is_private is_im name}
shared_channel_invite_requested conversations.connect:manage: actor:slack.objects.User channel_id
  channel_name channel_type event_type target_users[{email invite_id}] teams_in_channel:table[]
  is_external_limited channel_date_created:integer channel_message_latest_counted_timestamp
star_added stars:read legacy: user item:slack.objects.Star
star_removed stars:read legacy: user item:slack.objects.Star
subteam_created usergroups:read: subteam
subteam_members_changed usergroups:read: subteam_id team_id date_previous_update date_update
  added_users[] added_users_count removed_users[] removed_users_count
subteam_self_added usergroups:read: subteam_id
subteam_self_removed usergroups:read: subteam_id
subteam_updated usergroups:read: subteam
team_access_granted: team_ids[]
team_access_revoked: team_ids[]
team_domain_change team:read: url domain
team_join users:read: user:slack.objects.User
team_migration_started rtm:
team_plan_change rtm: plan can_add_ura paid_features[]
team_pref_change rtm: name value:any
team_profile_change rtm: profile{fields:table[]}
team_profile_delete rtm: profile{fields:table[]}
team_profile_reorder rtm: profile{fields:table[]}
team_rename team:read: name
tokens_revoked: tokens{oauth:slack.UserId[]? bot:slack.UserId[]?}
url_verification: token challenge
user_change users:read: user:slack.objects.User cache_ts
user_connection users:write: subtype:string user trigger_id? enterprise_id?
user_connection_status_requested: user
user_huddle_changed users:read: user:slack.objects.User cache_ts
user_profile_changed users:read: user:slack.objects.User cache_ts
user_resource_denied retired: user scopes[] trigger_id
user_resource_granted retired: user scopes[] trigger_id
user_resource_removed retired: user trigger_id
user_status_changed users:read: user:slack.objects.User cache_ts
user_typing rtm: channel user
workflow_deleted workflow.steps:execute retired: workflow_id
  workflow_draft_configuration{version_id app_steps[]}
workflow_published workflow.steps:execute retired: workflow_id
  workflow_published_configuration{version_id app_steps[]}
workflow_step_deleted workflow.steps:execute retired: workflow_id workflow_draft_configuration{}
  workflow_published_configuration{}?
workflow_step_execute workflow.steps:execute retired: callback_id
  workflow_step{workflow_step_execute_id workflow_id workflow_instance_id step_id inputs
  outputs:table[]}
workflow_unpublished workflow.steps:execute retired: workflow_id workflow_draft_configuration{}
]]
