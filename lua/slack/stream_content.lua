-- What one streamed message holds: text, tasks, blocks. Grows by chunks, knows when
-- it is full, and can be shown as an ordinary message.

local json = require "slack.json"
local mrkdwn = require "slack.mrkdwn"
local stream_text = require "slack.stream_text"

-- Characters that Slack takes in one call and in one block of Markdown: more would
-- leave no way to write the message anew.
local LIMIT <const> = 12000
-- Kept for the end of a code block.
local RESERVE <const> = 16

local SIGNS = {
  pending = ":white_circle:", in_progress = ":hourglass_flowing_sand:",
  complete = ":white_check_mark:", error = ":x:",
}

---@alias slack.Chunk { type: "markdown_text"|"task_update"|"plan_update"|"blocks", [string]: any }

---@class slack.StreamContent
---@field text string
---@field length integer characters
---@field tasks slack.Chunk[] one for each id, as it stands
---@field plan? string title
---@field blocks table[]
local Content = { LIMIT = LIMIT }
Content.__index = Content
Content.__name = "slack.stream_content"

---@return slack.StreamContent
function Content.new()
  return setmetatable({ text = "", length = 0, tasks = {}, blocks = {} }, Content)
end

local function put_task(tasks, chunk)
  for i, task in ipairs(tasks) do
    if task.id == chunk.id then
      tasks[i] = chunk
      return
    end
  end
  tasks[#tasks + 1] = chunk
end

---The content with more in it.
---@param chunks slack.Chunk[]
---@return slack.StreamContent new
function Content:plus(chunks)
  local grown = setmetatable({
    text = self.text, length = self.length, plan = self.plan,
    tasks = table.move(self.tasks, 1, #self.tasks, 1, {}),
    blocks = table.move(self.blocks, 1, #self.blocks, 1, {}),
  }, Content)
  for _, chunk in ipairs(chunks) do
    if chunk.type == "markdown_text" then
      grown.text = grown.text .. chunk.text
      grown.length = grown.length + utf8.len(chunk.text)
    elseif chunk.type == "task_update" then
      put_task(grown.tasks, chunk)
    elseif chunk.type == "plan_update" then
      grown.plan = chunk.title
    else
      table.move(chunk.blocks, 1, #chunk.blocks, #grown.blocks + 1, grown.blocks)
    end
  end
  return grown
end

local function text_chunk(text)
  return { type = "markdown_text", text = text }
end

-- Where a code block is cut the first message closes it and the next opens it again.
local function mend(self, head, rest)
  local marker, opener = stream_text.open_fence(self:plus(head).text)
  if marker then
    local text = self:plus(head).text
    head[#head + 1] = text_chunk((text:sub(-1) == "\n" and "" or "\n") .. marker)
    table.insert(rest, 1, text_chunk(opener .. "\n"))
  end
  return head, rest
end

---What still fits of chunks, and what is for the next message.
---@param chunks slack.Chunk[]
---@param limit? integer characters in all
---@return slack.Chunk[] head
---@return slack.Chunk[]? rest nil when all fits
function Content:split(chunks, limit)
  local before, room = self.text, (limit or LIMIT) - RESERVE - self.length
  local head = {}
  for i, chunk in ipairs(chunks) do
    if chunk.type ~= "markdown_text" then
      head[#head + 1] = chunk
    else
      local count = stream_text.fitting(before, chunk.text, room)
      local piece = chunk.text:sub(1, count)
      if piece ~= "" then
        head[#head + 1] = text_chunk(piece)
      end
      if count < #chunk.text then
        local rest = { text_chunk(chunk.text:sub(count + 1)) }
        return mend(self, head, table.move(chunks, i + 1, #chunks, 2, rest))
      end
      before, room = before .. piece, room - utf8.len(piece)
    end
  end
  return head
end

---What begins a message that goes on where this one was cut off.
---@return string "" outside of code blocks
function Content:reopening()
  local _, opener = stream_text.open_fence(self.text)
  return opener and opener .. "\n" or ""
end

local function task_lines(self)
  local lines = {}
  if self.plan then
    lines[1] = mrkdwn.bold("%s", self.plan)
  end
  for _, task in ipairs(self.tasks) do
    lines[#lines + 1] = mrkdwn.format("%m %s", SIGNS[task.status] or "", task.title)
  end
  return table.concat(lines, "\n")
end

local function all_blocks(self, more)
  local blocks, lines = {}, task_lines(self)
  if lines ~= "" then
    blocks[1] = { type = "context", elements = { { type = "mrkdwn", text = lines } } }
  end
  if self.text ~= "" then
    blocks[#blocks + 1] = { type = "markdown", text = self.text }
  end
  table.move(self.blocks, 1, #self.blocks, #blocks + 1, blocks)
  return table.move(more or {}, 1, #(more or {}), #blocks + 1, blocks)
end

---Arguments for posting or updating an ordinary message with it.
---@param more? table[] blocks at the end
---@return table
function Content:arguments(more)
  if #self.tasks == 0 and not self.plan and #self.blocks == 0 and #(more or {}) == 0 then
    return { markdown_text = self.text }
  end
  local text = self.text ~= "" and self.text or self.plan or self.tasks[1] and self.tasks[1].title
  return { text = text, blocks = json.list(all_blocks(self, more)) }
end

return Content
