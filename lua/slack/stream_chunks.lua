-- What a program gives a stream, checked and made into the chunks that Slack knows.

local json = require "slack.json"
local near_miss = require "slack.near_miss"

local M = {}

local STATUSES = { pending = true, in_progress = true, complete = true, error = true }
local FIELDS = {
  title = "string", id = "string", status = "string", details = "string", output = "string",
  sources = "table",
}
local CLOSING = { text = true, blocks = true, metadata = true, feedback = true }
local MAX_BLOCKS <const> = 50

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

-- It is sent later, when no caller is there any more to blame.
local function check_json(name, value)
  local text, problem = json.encode(value)
  return not text and ("%s: %s"):format(name, problem) or nil
end

---@param given table
---@return slack.Chunk? chunk
---@return string? problem
function M.task(given)
  if type(given) ~= "table" then
    return nil, "a table with a title expected, got " .. type(given)
  end
  local chunk = { type = "task_update", status = "in_progress" }
  for name, value in pairs(given) do
    local expected = FIELDS[name]
    if name == "type" then
      goto continue
    elseif not expected then
      return nil, ("unknown field %q%s"):format(tostring(name), near_miss(name, FIELDS))
    elseif type(value) ~= expected then
      return nil, ("%s: %s expected, got %s"):format(name, expected, type(value))
    end
    chunk[name] = value
    ::continue::
  end
  if not is_text(chunk.title) then
    return nil, "title: a text expected"
  elseif not STATUSES[chunk.status] then
    return nil, ("status: one of pending, in_progress, complete, error expected, got %q%s")
      :format(chunk.status, near_miss(chunk.status, STATUSES))
  end
  chunk.id = chunk.id or chunk.title
  local problem = chunk.sources and check_json("sources", chunk.sources)
  return not problem and chunk or nil, problem
end

local function check_blocks(blocks)
  if type(blocks) ~= "table" or blocks[1] == nil then
    return "blocks: a list of blocks expected, got "
      .. (type(blocks) == "table" and "none" or type(blocks))
  elseif #blocks > MAX_BLOCKS then
    return ("blocks: at most %d, got %d"):format(MAX_BLOCKS, #blocks)
  end
end

local CHUNKS = { task_update = M.task }

function CHUNKS.markdown_text(given)
  if type(given.text) ~= "string" then
    return nil, "text: a string expected, got " .. type(given.text)
  end
  return { type = "markdown_text", text = given.text }
end

function CHUNKS.plan_update(given)
  if not is_text(given.title) then
    return nil, "title: a text expected, got " .. type(given.title)
  end
  return { type = "plan_update", title = given.title }
end

function CHUNKS.blocks(given)
  local problem = check_blocks(given.blocks)
  if problem then
    return nil, problem
  end
  return { type = "blocks", blocks = given.blocks }
end

local function chunk_of(given)
  local make = type(given) == "table" and CHUNKS[given.type]
  if not make then
    local kind = type(given) == "table" and given.type or type(given)
    return nil, ("a chunk of type markdown_text, task_update, plan_update or blocks expected, "
      .. "got %s%s"):format(tostring(kind), near_miss(kind, CHUNKS))
  end
  return make(given)
end

local function list_of(given)
  local chunks = {}
  for i, item in ipairs(given) do
    local chunk, problem = chunk_of(item)
    problem = problem or chunk.type ~= "markdown_text" and check_json(chunk.type, chunk)
    if problem then
      return nil, ("chunk %d: %s"):format(i, problem)
    end
    chunks[i] = chunk
  end
  return chunks
end

local NAMED = { markdown_text = true, text = true, blocks = true, chunks = true }

-- A table with text, chunks and blocks, as a method of the Web API takes them.
local function named(given)
  for name in pairs(given) do
    if not NAMED[name] then
      return nil, ("unknown field %q%s"):format(tostring(name), near_miss(name, NAMED))
    end
  end
  local all = {}
  local text = given.markdown_text or given.text
  if text ~= nil then
    all[1] = { type = "markdown_text", text = text }
  end
  if given.chunks ~= nil and type(given.chunks) ~= "table" then
    return nil, "chunks: a list expected, got " .. type(given.chunks)
  end
  table.move(given.chunks or {}, 1, #(given.chunks or {}), #all + 1, all)
  if given.blocks ~= nil then
    all[#all + 1] = { type = "blocks", blocks = given.blocks }
  end
  return list_of(all)
end

---@param given any what stream:append gets
---@return slack.Chunk[]? chunks new
---@return string? problem
function M.content(given)
  if type(given) == "string" then
    return { { type = "markdown_text", text = given } }
  elseif type(given) ~= "table" then
    return nil, "text or a table expected, got " .. type(given)
  elseif given.type ~= nil then
    return list_of { given }
  elseif given[1] ~= nil then
    return list_of(given)
  end
  return named(given)
end

local function button(text, value)
  return { text = { type = "plain_text", text = text }, value = value }
end

-- Two buttons by which people judge an answer; a click is an action like others.
local function feedback_block(given)
  local element = type(given) == "table" and given or {
    type = "feedback_buttons", action_id = type(given) == "string" and given or "feedback",
    positive_button = button("Good answer", "positive"),
    negative_button = button("Bad answer", "negative"),
  }
  return { type = "context_actions", elements = { element } }
end

local function closing_problem(given)
  for name in pairs(given) do
    if not CLOSING[name] then
      return ("unknown field %q%s"):format(tostring(name), near_miss(name, CLOSING))
    end
  end
  local feedback = given.feedback
  if given.text ~= nil and type(given.text) ~= "string" then
    return "text: a string expected, got " .. type(given.text)
  elseif given.metadata ~= nil and type(given.metadata) ~= "table" then
    return "metadata: a table expected, got " .. type(given.metadata)
  elseif feedback and feedback ~= true and not is_text(feedback) and type(feedback) ~= "table" then
    return "feedback: true, an action_id or an element expected, got " .. type(feedback)
  end
  return given.blocks ~= nil and check_blocks(given.blocks)
    or check_json("the end", given)
end

---@param given any what stream:finish gets
---@return { chunks: slack.Chunk[], blocks?: table[], metadata?: table }? parts
---@return string? problem
function M.closing(given)
  if given == nil or type(given) == "string" then
    return { chunks = { { type = "markdown_text", text = given or "" } } }
  elseif type(given) ~= "table" then
    return nil, "text or a table expected, got " .. type(given)
  end
  local problem = closing_problem(given)
  if problem then
    return nil, problem
  end
  local blocks = given.blocks and table.move(given.blocks, 1, #given.blocks, 1, {})
  if given.feedback then
    blocks = blocks or {}
    blocks[#blocks + 1] = feedback_block(given.feedback)
  end
  return {
    chunks = { { type = "markdown_text", text = given.text or "" } }, blocks = blocks,
    metadata = given.metadata,
  }
end

return M
