---@meta _

-- The constructors of slack.blocks: composition objects of Block Kit.

---@class (partial) slack.blocks
local blocks = {}

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
