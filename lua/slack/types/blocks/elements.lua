---@meta _

-- The constructors of slack.blocks: elements of Block Kit.

---@class (partial) slack.blocks
local blocks = {}

---@class slack.blocks.button
---@field accessibility_label? string at most 75 characters
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field style? "primary"|"danger"
---@field text? string|slack.blocks.Text required; at most 75 characters
---@field url? string at most 3000 characters
---@field value? string at most 2000 characters

---@param text? string|slack.blocks.Text|slack.blocks.button
---@param action_id? string|slack.blocks.button
---@param value? string|slack.blocks.button
---@param ... slack.blocks.button
---@return slack.blocks.Element
function blocks.button(text, action_id, value, ...) end

---@class slack.blocks.channels_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_channel? string
---@field placeholder? string|slack.blocks.Text at most 150 characters
---@field response_url_enabled? boolean

---@param action_id? string|slack.blocks.channels_select
---@param ... slack.blocks.channels_select
---@return slack.blocks.Element
function blocks.channels_select(action_id, ...) end

---@class slack.blocks.checkboxes
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_options? (string|slack.blocks.option|table)[] at most 10
---@field options? (string|slack.blocks.option|table)[] at most 10
---@field [integer] string|slack.blocks.option|table

---@param action_id? string|slack.blocks.checkboxes
---@param ... slack.blocks.checkboxes|string|slack.blocks.option|table
---@return slack.blocks.Element
function blocks.checkboxes(action_id, ...) end

---@class slack.blocks.conversations_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field default_to_current_conversation? boolean
---@field filter? slack.blocks.conversation_filter|table
---@field focus_on_load? boolean
---@field initial_conversation? string
---@field placeholder? string|slack.blocks.Text at most 150 characters
---@field response_url_enabled? boolean

---@param action_id? string|slack.blocks.conversations_select
---@param ... slack.blocks.conversations_select
---@return slack.blocks.Element
function blocks.conversations_select(action_id, ...) end

---@class slack.blocks.datepicker
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_date? string a date as 2026-01-31
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.datepicker
---@param ... slack.blocks.datepicker
---@return slack.blocks.Element
function blocks.datepicker(action_id, ...) end

---@class slack.blocks.datetimepicker
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_date_time? integer at least 1000000000, at most 9999999999

---@param action_id? string|slack.blocks.datetimepicker
---@param ... slack.blocks.datetimepicker
---@return slack.blocks.Element
function blocks.datetimepicker(action_id, ...) end

---@class slack.blocks.email_text_input
---@field action_id? string at most 255 characters
---@field dispatch_action_config? slack.blocks.dispatch_action_config|table
---@field focus_on_load? boolean
---@field initial_value? string
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.email_text_input
---@param ... slack.blocks.email_text_input
---@return slack.blocks.Element
function blocks.email_text_input(action_id, ...) end

---@class slack.blocks.external_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_option? string|slack.blocks.option|table
---@field min_query_length? integer at least 0
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.external_select
---@param ... slack.blocks.external_select
---@return slack.blocks.Element
function blocks.external_select(action_id, ...) end

---@class slack.blocks.feedback_buttons
---@field action_id? string at most 255 characters
---@field negative_button? slack.blocks.feedback_button|table required
---@field positive_button? slack.blocks.feedback_button|table required

---@param action_id? string|slack.blocks.feedback_buttons
---@param ... slack.blocks.feedback_buttons
---@return slack.blocks.Element
function blocks.feedback_buttons(action_id, ...) end

---@class slack.blocks.file_input
---@field action_id? string at most 255 characters
---@field filetypes? string[]
---@field max_files? integer at least 1, at most 10

---@param action_id? string|slack.blocks.file_input
---@param ... slack.blocks.file_input
---@return slack.blocks.Element
function blocks.file_input(action_id, ...) end

---@class slack.blocks.icon_button
---@field accessibility_label? string at most 75 characters
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field icon? string required
---@field text? string|slack.blocks.Text required; at most 75 characters
---@field value? string at most 2000 characters
---@field visible_to_user_ids? string[]

---@param text? string|slack.blocks.Text|slack.blocks.icon_button
---@param action_id? string|slack.blocks.icon_button
---@param ... slack.blocks.icon_button
---@return slack.blocks.Element
function blocks.icon_button(text, action_id, ...) end

---@class slack.blocks.mrkdwn
---@field text? string required; at most 3000 characters
---@field verbatim? boolean

---@param text? string|slack.blocks.mrkdwn
---@param ... slack.blocks.mrkdwn
---@return slack.blocks.Text
function blocks.mrkdwn(text, ...) end

---@class slack.blocks.multi_channels_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_channels? string[]
---@field max_selected_items? integer at least 1
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.multi_channels_select
---@param ... slack.blocks.multi_channels_select
---@return slack.blocks.Element
function blocks.multi_channels_select(action_id, ...) end

---@class slack.blocks.multi_conversations_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field default_to_current_conversation? boolean
---@field filter? slack.blocks.conversation_filter|table
---@field focus_on_load? boolean
---@field initial_conversations? string[]
---@field max_selected_items? integer at least 1
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.multi_conversations_select
---@param ... slack.blocks.multi_conversations_select
---@return slack.blocks.Element
function blocks.multi_conversations_select(action_id, ...) end

---@class slack.blocks.multi_external_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_options? (string|slack.blocks.option|table)[] at most 100
---@field max_selected_items? integer at least 1
---@field min_query_length? integer at least 0
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.multi_external_select
---@param ... slack.blocks.multi_external_select
---@return slack.blocks.Element
function blocks.multi_external_select(action_id, ...) end

---@class slack.blocks.multi_static_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_options? (string|slack.blocks.option|table)[] at most 100
---@field max_selected_items? integer at least 1
---@field option_groups? (slack.blocks.option_group|table)[] at most 100
---@field options? (string|slack.blocks.option|table)[] at most 100
---@field placeholder? string|slack.blocks.Text at most 150 characters
---@field [integer] string|slack.blocks.option|table

---@param action_id? string|slack.blocks.multi_static_select
---@param ... slack.blocks.multi_static_select|string|slack.blocks.option|table
---@return slack.blocks.Element
function blocks.multi_static_select(action_id, ...) end

---@class slack.blocks.multi_users_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_users? string[]
---@field max_selected_items? integer at least 1
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.multi_users_select
---@param ... slack.blocks.multi_users_select
---@return slack.blocks.Element
function blocks.multi_users_select(action_id, ...) end

---@class slack.blocks.number_input
---@field action_id? string at most 255 characters
---@field dispatch_action_config? slack.blocks.dispatch_action_config|table
---@field focus_on_load? boolean
---@field initial_value? number|string
---@field is_decimal_allowed? boolean
---@field max_value? number|string
---@field min_value? number|string
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.number_input
---@param ... slack.blocks.number_input
---@return slack.blocks.Element
function blocks.number_input(action_id, ...) end

---@class slack.blocks.overflow
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field options? (string|slack.blocks.option|table)[] at most 5
---@field [integer] string|slack.blocks.option|table

---@param action_id? string|slack.blocks.overflow
---@param ... slack.blocks.overflow|string|slack.blocks.option|table
---@return slack.blocks.Element
function blocks.overflow(action_id, ...) end

---@class slack.blocks.plain_text
---@field emoji? boolean
---@field text? string required; at most 3000 characters

---@param text? string|slack.blocks.plain_text
---@param ... slack.blocks.plain_text
---@return slack.blocks.Text
function blocks.plain_text(text, ...) end

---@class slack.blocks.plain_text_input
---@field action_id? string at most 255 characters
---@field dispatch_action_config? slack.blocks.dispatch_action_config|table
---@field focus_on_load? boolean
---@field initial_value? string at most 3000 characters
---@field max_length? integer at least 1, at most 3000
---@field min_length? integer at least 0, at most 3000
---@field multiline? boolean
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.plain_text_input
---@param ... slack.blocks.plain_text_input
---@return slack.blocks.Element
function blocks.plain_text_input(action_id, ...) end

---@class slack.blocks.radio_buttons
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_option? string|slack.blocks.option|table
---@field options? (string|slack.blocks.option|table)[] at most 10
---@field [integer] string|slack.blocks.option|table

---@param action_id? string|slack.blocks.radio_buttons
---@param ... slack.blocks.radio_buttons|string|slack.blocks.option|table
---@return slack.blocks.Element
function blocks.radio_buttons(action_id, ...) end

---@class slack.blocks.rich_text_input
---@field action_id? string at most 255 characters
---@field dispatch_action_config? slack.blocks.dispatch_action_config|table
---@field focus_on_load? boolean
---@field initial_value? slack.blocks.Block
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.rich_text_input
---@param ... slack.blocks.rich_text_input
---@return slack.blocks.Element
function blocks.rich_text_input(action_id, ...) end

---@class slack.blocks.static_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_option? string|slack.blocks.option|table
---@field option_groups? (slack.blocks.option_group|table)[] at most 100
---@field options? (string|slack.blocks.option|table)[] at most 100
---@field placeholder? string|slack.blocks.Text at most 150 characters
---@field [integer] string|slack.blocks.option|table

---@param action_id? string|slack.blocks.static_select
---@param ... slack.blocks.static_select|string|slack.blocks.option|table
---@return slack.blocks.Element
function blocks.static_select(action_id, ...) end

---@class slack.blocks.timepicker
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_time? string a time as 09:30
---@field placeholder? string|slack.blocks.Text at most 150 characters
---@field timezone? string

---@param action_id? string|slack.blocks.timepicker
---@param ... slack.blocks.timepicker
---@return slack.blocks.Element
function blocks.timepicker(action_id, ...) end

---@class slack.blocks.url_text_input
---@field action_id? string at most 255 characters
---@field dispatch_action_config? slack.blocks.dispatch_action_config|table
---@field focus_on_load? boolean
---@field initial_value? string
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.url_text_input
---@param ... slack.blocks.url_text_input
---@return slack.blocks.Element
function blocks.url_text_input(action_id, ...) end

---@class slack.blocks.users_select
---@field action_id? string at most 255 characters
---@field confirm? string|slack.blocks.confirm|table
---@field focus_on_load? boolean
---@field initial_user? string
---@field placeholder? string|slack.blocks.Text at most 150 characters

---@param action_id? string|slack.blocks.users_select
---@param ... slack.blocks.users_select
---@return slack.blocks.Element
function blocks.users_select(action_id, ...) end

---@class slack.blocks.workflow_button
---@field accessibility_label? string at most 75 characters
---@field action_id? string at most 255 characters
---@field style? "primary"|"danger"
---@field text? string|slack.blocks.Text required; at most 75 characters
---@field workflow? slack.blocks.workflow|table required

---@param text? string|slack.blocks.Text|slack.blocks.workflow_button
---@param action_id? string|slack.blocks.workflow_button
---@param ... slack.blocks.workflow_button
---@return slack.blocks.Element
function blocks.workflow_button(text, action_id, ...) end
