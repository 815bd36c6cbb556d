-- The objects in answers and events, in the notation of shape.lua: NAME: FIELDS. Slack leaves out
-- what does not apply, so most fields may be missing. A line that is indented goes on with the
-- one before.

return [[
Answer: ok:true warning? response_metadata:slack.objects.ResponseMetadata?
Attachment: id:integer? fallback? color? pretext? author_name? author_link? author_icon? title?
  title_link? text? fields:slack.objects.AttachmentField[]? blocks? image_url? thumb_url? footer?
  footer_icon? ts:slack.Ts|integer? mrkdwn_in:string[]? callback_id? actions:table[]? from_url?
  original_url? channel_id? message_blocks:table[]? is_share? is_msg_unfurl? is_app_unfurl?
  app_unfurl_url? bot_id?
AttachmentField: title value short:boolean?
Bookmark: id channel_id title link? emoji? icon_url? type entity_id? date_created date_updated
  rank? last_updated_by_user_id? last_updated_by_team_id? shortcut_id? app_id? app_action_id?
  parent_id?
Bot: id:slack.BotId app_id name user_id? icons? updated:integer? deleted? team_id?
Call: id date_start title? join_url desktop_app_join_url? external_unique_id external_display_id?
  created_by? users:slack.objects.CallUser[]? channels[]?
CallUser: slack_id:slack.UserId? external_id? display_name? avatar_url?
Channel: id:slack.ChannelId name? name_normalized? is_channel? is_group? is_im? is_mpim?
  is_private? is_archived? is_general? is_shared? is_org_shared? is_ext_shared?
  is_pending_ext_shared? is_member? is_open? is_read_only? is_thread_only? is_user_deleted?
  is_frozen? created updated? creator? user? unlinked:integer? context_team_id?
  conversation_host_id? shared_team_ids[]? connected_team_ids[]? internal_team_ids[]?
  pending_shared[]? pending_connected_team_ids[]? previous_names:string[]? num_members? last_read?
  latest:slack.objects.Message? unread_count? unread_count_display? locale? parent_conversation?
  priority:number? topic:slack.objects.Topic? purpose:slack.objects.Topic? properties:table?
Comment: id created timestamp:integer user comment is_intro?
Dnd: dnd_enabled next_dnd_start_ts next_dnd_end_ts snooze_enabled? snooze_endtime?
  snooze_remaining? snooze_is_indefinite:boolean?
Edited: user ts
Enterprise: id:slack.EnterpriseId name domain?
File: id:slack.FileId name? title? user? created? timestamp:integer? mimetype? filetype?
  pretty_type? mode? editable:boolean? is_external? external_type? external_id? external_url?
  size:integer? url_private? url_private_download? permalink? permalink_public? is_public?
  public_url_shared:boolean? display_as_bot:boolean? username? preview? lines:integer?
  lines_more:integer? alt_txt? thumb_64? thumb_80? thumb_160? thumb_360? thumb_480? thumb_720?
  thumb_960? thumb_1024? original_w:integer? original_h:integer? duration_ms:integer? channels[]?
  groups[]? ims:slack.ChannelId[]? shares:slack.objects.FileShares? comments_count?
  has_rich_preview? file_access? is_starred? subject? to:table[]? from:table[]? cc:table[]?
  headers:table? attachments:table[]?
FileShare: ts thread_ts? channel_name? team_id? share_user_id? reply_count? reply_users[]?
  reply_users_count? latest_reply:slack.Ts?
FileShares: public:table<slack.ChannelId,slack.objects.FileShare[]>?
  private:table<slack.ChannelId,slack.objects.FileShare[]>?
Invite: id date_created date_invalid? inviting_team:table? inviting_user:slack.objects.User?
  recipient_email? recipient_user_id? link? is_sponsored? is_external_limited?
Match: ts text channel:slack.objects.Channel user? username? team? type? iid? permalink blocks?
  attachments? score:number?
Message: type ts text user? subtype? channel? team? thread_ts? parent_user_id? bot_id? app_id?
  bot_profile? username? icons? blocks? attachments? files? edited? metadata? reactions?
  client_msg_id? reply_count? reply_users[]? reply_users_count? latest_reply:slack.Ts?
  subscribed:boolean? last_read? is_locked? is_starred? pinned_to:slack.ChannelId[]? permalink?
  root? hidden? inviter? topic? purpose? upload? display_as_bot:boolean?
Metadata: event_type event_payload:table<string,any>
Paging: count total page:integer pages:integer
Pin: type:"message"|"file" channel? created created_by message? file?
Profile: real_name? real_name_normalized? display_name? display_name_normalized? first_name?
  last_name? email? phone? skype? title? pronouns? team? status_text? status_text_canonical?
  status_emoji? status_expiration:integer? avatar_hash? image_24? image_32? image_48? image_72?
  image_192? image_512? image_1024? image_original? is_custom_image? start_date?
  always_active:boolean? bot_id? api_app_id? fields:table<string,slack.objects.ProfileField>?
  huddle_state? huddle_state_expiration_ts:integer? huddle_state_call_id?
ProfileField: value alt? label?
Reaction: name count users[]
Reminder: id creator user text recurring:boolean time:integer? complete_ts:integer?
RemoteFile: id:slack.FileId external_id? external_type? external_url? title? created? user?
  filetype? permalink? is_external? channels[]? shares:slack.objects.FileShares?
ResponseMetadata: next_cursor? messages:string[]? warnings:string[]? scopes:string[]?
  accepted_scopes:string[]?
ScheduledMessage: id channel_id post_at date_created text
Star: type channel? message? file? date_create
Team: id:slack.TeamId name domain url? email_domain? icon:table? enterprise_id? enterprise_name?
  enterprise_domain? discoverable? avatar_base_url? is_verified? locale? is_assigned?
Topic: value creator last_set:integer
User: id:slack.UserId team_id? name? deleted? color? real_name? tz? tz_label? tz_offset:integer?
  profile is_admin? is_owner? is_primary_owner? is_restricted? is_ultra_restricted? is_bot?
  is_app_user? is_stranger? is_invited_user? is_email_confirmed? is_workflow_bot? has_2fa?
  two_factor_type? locale? updated:integer? who_can_share_contact_card? presence?
  enterprise_user:slack.objects.EnterpriseUser?
EnterpriseUser: id:slack.UserId enterprise_id enterprise_name is_admin is_owner is_primary_owner?
  teams:slack.TeamId[]
Usergroup: id:slack.UsergroupId team_id name handle description is_usergroup? is_subteam?
  is_external? date_create date_update date_delete auto_type? auto_provision:boolean? created_by
  updated_by deleted_by? prefs{channels[] groups[]}? users[]? user_count:integer?
  enterprise_subteam_id? channel_count?
View: id team_id type:"modal"|"home" callback_id? external_id? private_metadata? hash?
  state:slack.objects.ViewState? blocks title:slack.blocks.Text? submit:slack.blocks.Text?
  close:slack.blocks.Text? previous_view_id? root_view_id? app_id? app_installed_team_id? bot_id?
  clear_on_close:boolean? notify_on_close:boolean? submit_disabled:boolean?
ViewState: values:table<string,table<string,slack.objects.ViewValue>>
ViewValue: type value? selected_option:slack.blocks.option?
  selected_options:slack.blocks.option[]? selected_user:slack.UserId? selected_users[]?
  selected_channel:slack.ChannelId? selected_channels:slack.ChannelId[]?
  selected_conversation:slack.ChannelId? selected_conversations:slack.ChannelId[]? selected_date?
  selected_time? selected_date_time:integer? timezone? rich_text_value:table? files?
]]
