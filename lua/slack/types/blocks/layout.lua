---@meta _

-- The constructors of slack.blocks: blocks.

---@class (partial) slack.blocks
local blocks = {}

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
