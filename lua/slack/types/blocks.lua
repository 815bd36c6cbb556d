---@meta slack.blocks

-- The constructors of Block Kit for editors. Each takes its main values in order and
-- then a table with the rest, or the table alone; misuse, and what Slack would refuse,
-- raises at the caller's line. They are in the files of the folder blocks beside this one;
-- the rules themselves are in lua/slack/blocks.

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

return blocks
