---@meta _

-- The constructors of slack.blocks: views.

---@class (partial) slack.blocks
local blocks = {}

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
