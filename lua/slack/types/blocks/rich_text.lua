---@meta _

-- The constructors of slack.blocks: rich text.

---@class (partial) slack.blocks
local blocks = {}

---@class (partial) slack.blocks.rich
local rich = {}

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
