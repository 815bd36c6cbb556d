-- What holds for all blocks of a message or view taken together.

local MAX_MARKDOWN = 12000

---@class slack.blocks.Together
---@field ids table<string, string> path by block_id
---@field markdown integer characters in markdown blocks
---@field tables integer
---@field inputs integer
local Together = {}
Together.__index = Together

---@return slack.blocks.Together
function Together.new()
  return setmetatable({ ids = {}, markdown = 0, tables = 0, inputs = 0 }, Together)
end

---@param walk slack.blocks.Walk at the block
---@param id string
function Together:add_id(walk, id)
  if self.ids[id] then
    walk:report("block_id", "duplicate", "%q is that of %s already", id, self.ids[id])
  elseif id ~= "" then
    self.ids[id] = walk:path()
  end
end

function Together:add_markdown(walk, text)
  local before = self.markdown
  self.markdown = before + (utf8.len(text) or #text)
  -- Of one alone its own limit tells.
  if before > 0 and before <= MAX_MARKDOWN and self.markdown > MAX_MARKDOWN then
    walk:report("text", "too_long", "at most %d characters in all markdown blocks together, got %d",
      MAX_MARKDOWN, self.markdown)
  end
end

---@param walk slack.blocks.Walk at the block
---@param block table
function Together:add(walk, block)
  if type(block.block_id) == "string" then
    self:add_id(walk, block.block_id)
  end
  if block.type == "markdown" and type(block.text) == "string" then
    self:add_markdown(walk, block.text)
  elseif block.type == "table" then
    self.tables = self.tables + 1
    if self.tables == 2 then
      walk:report(nil, "too_many", "at most 1 table in a message")
    end
  elseif block.type == "input" then
    self.inputs = self.inputs + 1
  end
end

return Together
