---@meta slack.blocks

-- The constructors of Block Kit for editors. Each takes its main values in order and
-- then a table with the rest, or the table alone; misuse, and what Slack would refuse,
-- raises at the caller's line. The rules themselves are in lua/slack/blocks.

---@class slack.blocks.Text
---@field type "plain_text"|"mrkdwn"
---@field text string
---@field emoji? boolean
---@field verbatim? boolean

---@class slack.blocks.Block
---@field type string
---@field block_id? string
---@field [string] any

---@class slack.blocks.Element
---@field type string
---@field action_id? string
---@field [string] any

---@class slack.blocks.View
---@field type "modal"|"home"
---@field blocks slack.blocks.Block[]
---@field [string] any

---@class slack.blocks.RichTextPart
---@field type string
---@field [string] any

---@class slack.blocks.RichTextLeaf
---@field type string
---@field [string] any

---@class slack.blocks.Cell
---@field type "raw_text"|"rich_text"
---@field [string] any

---@class slack.blocks.parameter
---@field name? string required
---@field value? any required

---@class slack.blocks.attachment
---@field blocks? slack.blocks.Block[] at most 50
---@field [string] any

---@class slack.blocks
---@field rich slack.blocks.rich
local blocks = {}

---@class slack.blocks.rich
local rich = {}
blocks.rich = rich

---What Slack would refuse of blocks, a message, a view, or one block or element.
---@param value table left as it is
---@param options? slack.blocks.CheckOptions
---@return true? ok
---@return slack.blocks.Error? err
function blocks.check(value, options) end

---The answer of an options listener: those whose text has what was typed, at most 100.
---@param all (string|any[]|table)[] options or groups
---@param query? string
---@return { options: table[]?, option_groups: table[]? }
function blocks.options(all, query) end

-- Composition objects -----------------------------------------------------------

---@class slack.blocks.option
---@field description? string|slack.blocks.Text at most 75 characters
---@field text? string|slack.blocks.Text required; at most 75 characters
---@field url? string at most 3000 characters
---@field value? string required; at most 150 characters

---@param text? string|slack.blocks.Text|slack.blocks.option
---@param value? string|slack.blocks.option
---@param description? string|slack.blocks.Text|slack.blocks.option
---@param ... slack.blocks.option
---@return slack.blocks.option
function blocks.option(text, value, description, ...) end

---@class slack.blocks.option_group
---@field label? string|slack.blocks.Text required; at most 75 characters
---@field options? (string|slack.blocks.option|table)[] at most 100
---@field [integer] string|slack.blocks.option|table

---@param label? string|slack.blocks.Text|slack.blocks.option_group
---@param ... slack.blocks.option_group|string|slack.blocks.option|table
---@return slack.blocks.option_group
function blocks.option_group(label, ...) end

---@class slack.blocks.confirm
---@field confirm? string|slack.blocks.Text at most 30 characters
---@field deny? string|slack.blocks.Text at most 30 characters
---@field style? "primary"|"danger"
---@field text? string|slack.blocks.Text required; at most 300 characters
---@field title? string|slack.blocks.Text at most 100 characters

---@param text? string|slack.blocks.Text|slack.blocks.confirm
---@param ... slack.blocks.confirm
---@return slack.blocks.confirm
function blocks.confirm(text, ...) end

---@class slack.blocks.conversation_filter
---@field exclude_bot_users? boolean
---@field exclude_external_shared_channels? boolean
---@field include? ("im"|"mpim"|"private"|"public")[] at most 4
---@field [integer] "im"|"mpim"|"private"|"public"

---@param items? string|string[]|slack.blocks.conversation_filter
---@param ... slack.blocks.conversation_filter|"im"|"mpim"|"private"|"public"
---@return slack.blocks.conversation_filter
function blocks.conversation_filter(items, ...) end

---@class slack.blocks.dispatch_action_config
---@field trigger_actions_on? ("on_enter_pressed"|"on_character_entered")[] at most 2
---@field [integer] "on_enter_pressed"|"on_character_entered"

---@param items? string|string[]|slack.blocks.dispatch_action_config
---@param ... slack.blocks.dispatch_action_config|"on_enter_pressed"|"on_character_entered"
---@return slack.blocks.dispatch_action_config
function blocks.dispatch_action_config(items, ...) end

---@class slack.blocks.slack_file
---@field id? string
---@field url? string at most 3000 characters

---@param id? string|slack.blocks.slack_file
---@param ... slack.blocks.slack_file
---@return slack.blocks.slack_file
function blocks.slack_file(id, ...) end

---@class slack.blocks.trigger
---@field customizable_input_parameters? (slack.blocks.parameter|table)[]
---@field url? string required

---@param url? string|slack.blocks.trigger
---@param ... slack.blocks.trigger
---@return slack.blocks.trigger
function blocks.trigger(url, ...) end

---@class slack.blocks.workflow
---@field trigger? slack.blocks.trigger|table required

---@param trigger? slack.blocks.trigger|table|slack.blocks.workflow
---@param ... slack.blocks.workflow
---@return slack.blocks.workflow
function blocks.workflow(trigger, ...) end

---@class slack.blocks.feedback_button
---@field accessibility_label? string at most 75 characters
---@field text? string|slack.blocks.Text required; at most 75 characters
---@field value? string required; at most 2000 characters

---@param text? string|slack.blocks.Text|slack.blocks.feedback_button
---@param value? string|slack.blocks.feedback_button
---@param ... slack.blocks.feedback_button
---@return slack.blocks.feedback_button
function blocks.feedback_button(text, value, ...) end

---@class slack.blocks.column_setting
---@field align? "left"|"center"|"right"
---@field is_wrapped? boolean

---@param ... slack.blocks.column_setting
---@return slack.blocks.column_setting
function blocks.column_setting(...) end

---@class slack.blocks.raw_text
---@field text? string required

---@param text? string|slack.blocks.raw_text
---@param ... slack.blocks.raw_text
---@return slack.blocks.raw_text
function blocks.raw_text(text, ...) end

---@class slack.blocks.url_source
---@field text? string required
---@field url? string required

---@param url? string|slack.blocks.url_source
---@param text? string|slack.blocks.url_source
---@param ... slack.blocks.url_source
---@return slack.blocks.url_source
function blocks.url_source(url, text, ...) end

---@class slack.blocks.message
---@field attachments? (slack.blocks.attachment|table)[]
---@field blocks? (string|slack.blocks.Block)[] at most 50
---@field text? string
---@field [integer] string|slack.blocks.Block

---@param text? string|slack.blocks.message
---@param ... slack.blocks.message|string|slack.blocks.Block
---@return slack.blocks.message
function blocks.message(text, ...) end

-- Elements ----------------------------------------------------------------------

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

-- Blocks ------------------------------------------------------------------------

---@class slack.blocks.actions
---@field block_id? string at most 255 characters
---@field elements? slack.blocks.Element[] at most 25
---@field [integer] slack.blocks.Element

---@param items? slack.blocks.Element|slack.blocks.Element[]|slack.blocks.actions
---@param ... slack.blocks.actions|slack.blocks.Element
---@return slack.blocks.Block
function blocks.actions(items, ...) end

---@class slack.blocks.alert
---@field block_id? string at most 255 characters
---@field level? "default"|"info"|"warning"|"error"|"success"
---@field text? string|slack.blocks.Text required

---@param text? string|slack.blocks.Text|slack.blocks.alert
---@param ... slack.blocks.alert
---@return slack.blocks.Block
function blocks.alert(text, ...) end

---@class slack.blocks.call
---@field block_id? string at most 255 characters

---@param ... slack.blocks.call
---@return slack.blocks.Block
function blocks.call(...) end

---@class slack.blocks.card
---@field actions? slack.blocks.Element[]
---@field block_id? string at most 255 characters
---@field body? string|slack.blocks.Text at most 200 characters
---@field hero_image? slack.blocks.Element
---@field icon? slack.blocks.Element
---@field subtitle? string|slack.blocks.Text at most 150 characters
---@field title? string|slack.blocks.Text at most 150 characters

---@param title? string|slack.blocks.Text|slack.blocks.card
---@param ... slack.blocks.card
---@return slack.blocks.Block
function blocks.card(title, ...) end

---@class slack.blocks.carousel
---@field block_id? string at most 255 characters
---@field elements? slack.blocks.Block[] at most 10
---@field [integer] slack.blocks.Block

---@param items? slack.blocks.Block|slack.blocks.Block[]|slack.blocks.carousel
---@param ... slack.blocks.carousel|slack.blocks.Block
---@return slack.blocks.Block
function blocks.carousel(items, ...) end

---@class slack.blocks.container
---@field block_id? string at most 255 characters
---@field child_blocks? (string|slack.blocks.Block)[] at most 10
---@field default_collapsed? boolean
---@field has_header_divider? boolean
---@field is_collapsible? boolean
---@field subtitle? string|slack.blocks.Text at most 150 characters
---@field title? string|slack.blocks.Text at most 150 characters
---@field [integer] string|slack.blocks.Block

---@param title? string|slack.blocks.Text|slack.blocks.container
---@param ... slack.blocks.container|string|slack.blocks.Block
---@return slack.blocks.Block
function blocks.container(title, ...) end

---@class slack.blocks.context
---@field block_id? string at most 255 characters
---@field elements? (string|slack.blocks.Element)[] at most 10
---@field [integer] string|slack.blocks.Element

---@param items? string|slack.blocks.Element|(string|slack.blocks.Element)[]|slack.blocks.context
---@param ... slack.blocks.context|string|slack.blocks.Element
---@return slack.blocks.Block
function blocks.context(items, ...) end

---@class slack.blocks.context_actions
---@field block_id? string at most 255 characters
---@field elements? slack.blocks.Element[] at most 5
---@field [integer] slack.blocks.Element

---@param items? slack.blocks.Element|slack.blocks.Element[]|slack.blocks.context_actions
---@param ... slack.blocks.context_actions|slack.blocks.Element
---@return slack.blocks.Block
function blocks.context_actions(items, ...) end

---@class slack.blocks.data_table
---@field block_id? string at most 255 characters

---@param ... slack.blocks.data_table
---@return slack.blocks.Block
function blocks.data_table(...) end

---@class slack.blocks.data_visualization
---@field block_id? string at most 255 characters

---@param ... slack.blocks.data_visualization
---@return slack.blocks.Block
function blocks.data_visualization(...) end

---@class slack.blocks.divider
---@field block_id? string at most 255 characters

---@param ... slack.blocks.divider
---@return slack.blocks.Block
function blocks.divider(...) end

---@class slack.blocks.file
---@field block_id? string at most 255 characters
---@field external_id? string required
---@field source? "remote"

---@param external_id? string|slack.blocks.file
---@param ... slack.blocks.file
---@return slack.blocks.Block
function blocks.file(external_id, ...) end

---@class slack.blocks.header
---@field block_id? string at most 255 characters
---@field text? string|slack.blocks.Text required; at most 150 characters

---@param text? string|slack.blocks.Text|slack.blocks.header
---@param ... slack.blocks.header
---@return slack.blocks.Block
function blocks.header(text, ...) end

---@class slack.blocks.image
---@field alt_text? string required; at most 2000 characters
---@field block_id? string at most 255 characters
---@field image_url? string at most 3000 characters
---@field slack_file? slack.blocks.slack_file|table
---@field title? string|slack.blocks.Text at most 2000 characters

---@param image_url? string|slack.blocks.image
---@param alt_text? string|slack.blocks.image
---@param ... slack.blocks.image
---@return slack.blocks.Block
function blocks.image(image_url, alt_text, ...) end

---@class slack.blocks.input
---@field block_id? string at most 255 characters
---@field dispatch_action? boolean
---@field element? slack.blocks.Element required
---@field hint? string|slack.blocks.Text at most 2000 characters
---@field label? string|slack.blocks.Text required; at most 2000 characters
---@field optional? boolean

---@param label? string|slack.blocks.Text|slack.blocks.input
---@param element? slack.blocks.Element|slack.blocks.input
---@param ... slack.blocks.input
---@return slack.blocks.Block
function blocks.input(label, element, ...) end

---@class slack.blocks.markdown
---@field block_id? string at most 255 characters
---@field text? string required; at most 12000 characters

---@param text? string|slack.blocks.markdown
---@param ... slack.blocks.markdown
---@return slack.blocks.Block
function blocks.markdown(text, ...) end

---@class slack.blocks.plan
---@field block_id? string at most 255 characters
---@field tasks? slack.blocks.Block[]
---@field title? string required
---@field [integer] slack.blocks.Block

---@param title? string|slack.blocks.plan
---@param ... slack.blocks.plan|slack.blocks.Block
---@return slack.blocks.Block
function blocks.plan(title, ...) end

---@class slack.blocks.rich_text
---@field block_id? string at most 255 characters
---@field elements? (string|slack.blocks.RichTextPart)[]
---@field [integer] string|slack.blocks.RichTextPart

---@param items? string|slack.blocks.RichTextPart|slack.blocks.rich_text
---@param ... slack.blocks.rich_text|string|slack.blocks.RichTextPart
---@return slack.blocks.Block
function blocks.rich_text(items, ...) end

---@class slack.blocks.section
---@field accessory? slack.blocks.Element
---@field block_id? string at most 255 characters
---@field expand? boolean
---@field fields? (string|slack.blocks.Text)[] at most 10
---@field text? string|slack.blocks.Text at most 3000 characters

---@param text? string|slack.blocks.Text|slack.blocks.section
---@param accessory? slack.blocks.Element|slack.blocks.section
---@param ... slack.blocks.section
---@return slack.blocks.Block
function blocks.section(text, accessory, ...) end

---@alias slack.blocks.CellText string|number|slack.blocks.Cell

---@class slack.blocks.table
---@field block_id? string at most 255 characters
---@field column_settings? (slack.blocks.column_setting|table)[] at most 20
---@field rows? (slack.blocks.CellText[])[] at most 100
---@field [integer] slack.blocks.CellText[]

---@param items? slack.blocks.CellText[]|(slack.blocks.CellText[])[]|slack.blocks.table
---@param ... slack.blocks.table|slack.blocks.CellText[]
---@return slack.blocks.Block
function blocks.table(items, ...) end

---@class slack.blocks.task_card
---@field block_id? string at most 255 characters
---@field status? "pending"|"in_progress"|"complete"|"error"
---@field task_id? string required
---@field title? string required

---@param task_id? string|slack.blocks.task_card
---@param title? string|slack.blocks.task_card
---@param ... slack.blocks.task_card
---@return slack.blocks.Block
function blocks.task_card(task_id, title, ...) end

---@class slack.blocks.video
---@field alt_text? string required
---@field author_name? string at most 49 characters
---@field block_id? string at most 255 characters
---@field description? string|slack.blocks.Text
---@field provider_icon_url? string
---@field provider_name? string
---@field thumbnail_url? string required
---@field title? string|slack.blocks.Text required; at most 199 characters
---@field title_url? string a URL that begins with https://
---@field video_url? string required

---@param video_url? string|slack.blocks.video
---@param title? string|slack.blocks.Text|slack.blocks.video
---@param ... slack.blocks.video
---@return slack.blocks.Block
function blocks.video(video_url, title, ...) end

-- Views -------------------------------------------------------------------------

---@class slack.blocks.home
---@field blocks? (string|slack.blocks.Block)[] at most 100
---@field callback_id? string at most 255 characters
---@field external_id? string at most 255 characters
---@field private_metadata? string at most 3000 characters
---@field [integer] string|slack.blocks.Block

---@param items? string|slack.blocks.Block|(string|slack.blocks.Block)[]|slack.blocks.home
---@param ... slack.blocks.home|string|slack.blocks.Block
---@return slack.blocks.View
function blocks.home(items, ...) end

---@class slack.blocks.modal
---@field blocks? (string|slack.blocks.Block)[] at most 100
---@field callback_id? string at most 255 characters
---@field clear_on_close? boolean
---@field close? string|slack.blocks.Text at most 24 characters
---@field external_id? string at most 255 characters
---@field notify_on_close? boolean
---@field private_metadata? string at most 3000 characters
---@field submit? string|slack.blocks.Text at most 24 characters
---@field title? string|slack.blocks.Text required; at most 24 characters
---@field [integer] string|slack.blocks.Block

---@param title? string|slack.blocks.Text|slack.blocks.modal
---@param ... slack.blocks.modal|string|slack.blocks.Block
---@return slack.blocks.View
function blocks.modal(title, ...) end

-- Rich text ---------------------------------------------------------------------

---@class slack.blocks.rich_text_list
---@field border? integer at least 0, at most 1
---@field elements? (string|slack.blocks.RichTextPart)[]
---@field indent? integer at least 0
---@field offset? integer at least 0
---@field style? "bullet"|"ordered"
---@field [integer] string|slack.blocks.RichTextPart

---@param items? string|slack.blocks.RichTextPart|slack.blocks.rich_text_list
---@param ... slack.blocks.rich_text_list|string|slack.blocks.RichTextPart
---@return slack.blocks.RichTextPart
function rich.list(items, ...) end
blocks.rich_text_list = rich.list

---@class slack.blocks.rich_text_preformatted
---@field border? integer at least 0, at most 1
---@field elements? (string|slack.blocks.RichTextLeaf)[]
---@field language? string
---@field [integer] string|slack.blocks.RichTextLeaf

---@param items? string|slack.blocks.RichTextLeaf|slack.blocks.rich_text_preformatted
---@param ... slack.blocks.rich_text_preformatted|string|slack.blocks.RichTextLeaf
---@return slack.blocks.RichTextPart
function rich.preformatted(items, ...) end
blocks.rich_text_preformatted = rich.preformatted

---@class slack.blocks.rich_text_quote
---@field border? integer at least 0, at most 1
---@field elements? (string|slack.blocks.RichTextLeaf)[]
---@field [integer] string|slack.blocks.RichTextLeaf

---@param items? string|slack.blocks.RichTextLeaf|slack.blocks.rich_text_quote
---@param ... slack.blocks.rich_text_quote|string|slack.blocks.RichTextLeaf
---@return slack.blocks.RichTextPart
function rich.quote(items, ...) end
blocks.rich_text_quote = rich.quote

---@class slack.blocks.rich_text_section
---@field elements? (string|slack.blocks.RichTextLeaf)[]
---@field [integer] string|slack.blocks.RichTextLeaf

---@param items? string|slack.blocks.RichTextLeaf|slack.blocks.rich_text_section
---@param ... slack.blocks.rich_text_section|string|slack.blocks.RichTextLeaf
---@return slack.blocks.RichTextPart
function rich.section(items, ...) end
blocks.rich_text_section = rich.section

---@class slack.blocks.rich.broadcast
---@field range? "here"|"channel"|"everyone" required
---@field style? table<string, boolean>|string[]|string

---@param range? "here"|"channel"|"everyone"|slack.blocks.rich.broadcast
---@param ... slack.blocks.rich.broadcast
---@return slack.blocks.RichTextLeaf
function rich.broadcast(range, ...) end

---@class slack.blocks.rich.channel
---@field channel_id? string required
---@field style? table<string, boolean>|string[]|string

---@param channel_id? string|slack.blocks.rich.channel
---@param ... slack.blocks.rich.channel
---@return slack.blocks.RichTextLeaf
function rich.channel(channel_id, ...) end

---@class slack.blocks.rich.color
---@field style? table<string, boolean>|string[]|string
---@field value? string required

---@param value? string|slack.blocks.rich.color
---@param ... slack.blocks.rich.color
---@return slack.blocks.RichTextLeaf
function rich.color(value, ...) end

---@class slack.blocks.rich.date
---@field fallback? string
---@field format? string required
---@field style? table<string, boolean>|string[]|string
---@field timestamp? integer required
---@field url? string

---@param timestamp? integer|slack.blocks.rich.date
---@param format? string|slack.blocks.rich.date
---@param ... slack.blocks.rich.date
---@return slack.blocks.RichTextLeaf
function rich.date(timestamp, format, ...) end

---@class slack.blocks.rich.emoji
---@field name? string required
---@field style? table<string, boolean>|string[]|string
---@field unicode? string
---@field url? string

---@param name? string|slack.blocks.rich.emoji
---@param ... slack.blocks.rich.emoji
---@return slack.blocks.RichTextLeaf
function rich.emoji(name, ...) end

---@class slack.blocks.rich.link
---@field style? table<string, boolean>|string[]|string
---@field text? string
---@field unsafe? boolean
---@field url? string required

---@param url? string|slack.blocks.rich.link
---@param text? string|slack.blocks.rich.link
---@param ... slack.blocks.rich.link
---@return slack.blocks.RichTextLeaf
function rich.link(url, text, ...) end

---@class slack.blocks.rich.team
---@field style? table<string, boolean>|string[]|string
---@field team_id? string required

---@param team_id? string|slack.blocks.rich.team
---@param ... slack.blocks.rich.team
---@return slack.blocks.RichTextLeaf
function rich.team(team_id, ...) end

---@class slack.blocks.rich.text
---@field style? table<string, boolean>|string[]|string
---@field text? string required

---@param text? string|slack.blocks.rich.text
---@param ... slack.blocks.rich.text
---@return slack.blocks.RichTextLeaf
function rich.text(text, ...) end

---@class slack.blocks.rich.user
---@field style? table<string, boolean>|string[]|string
---@field user_id? string required

---@param user_id? string|slack.blocks.rich.user
---@param ... slack.blocks.rich.user
---@return slack.blocks.RichTextLeaf
function rich.user(user_id, ...) end

---@class slack.blocks.rich.usergroup
---@field style? table<string, boolean>|string[]|string
---@field usergroup_id? string required

---@param usergroup_id? string|slack.blocks.rich.usergroup
---@param ... slack.blocks.rich.usergroup
---@return slack.blocks.RichTextLeaf
function rich.usergroup(usergroup_id, ...) end

return blocks
