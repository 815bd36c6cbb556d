-- The message of c:choose: with its buttons or its menu, and with what came of them.

local json = require "slack.json"
local mrkdwn = require "slack.mrkdwn"

-- Limits of Block Kit, in characters and pieces.
local MAX_LABEL, MAX_SECTION = 75, 3000
local MAX_BUTTONS, ROW = 25, 5
local MAX_OPTIONS, MAX_GROUPS = 100, 100
local MAX_CONFIRM = { title = 100, text = 300, confirm = 30, deny = 30 }

local M = { MAX_CHOICES = MAX_OPTIONS * MAX_GROUPS }

-- Texts ------------------------------------------------------------------------------------

-- At most so many characters.
local function short(text, limit)
  local length = utf8.len(text)
  if not length or length <= limit then
    return length and text or text:sub(1, limit)
  end
  return text:sub(1, utf8.offset(text, limit) - 1) .. "…"
end

local function plain(text, limit)
  return { type = "plain_text", text = short(text, limit), emoji = true }
end

-- Sections with a text that may be too long for one.
local function sections(text)
  local blocks = {}
  local from = 1
  while from <= #text do
    local to = utf8.offset(text, MAX_SECTION + 1, from) or from + MAX_SECTION
    blocks[#blocks + 1] = {
      type = "section", text = { type = "mrkdwn", text = text:sub(from, to - 1) },
    }
    from = to
  end
  return blocks
end

-- Blocks -----------------------------------------------------------------------------------

local function confirm_object(confirm)
  if type(confirm) == "string" then
    confirm = { title = "Are you sure?", text = confirm, confirm = "Yes", deny = "No" }
  elseif type(confirm) ~= "table" then
    return nil
  end
  local object = {}
  for name, value in pairs(confirm) do
    object[name] = MAX_CONFIRM[name] and type(value) == "string"
      and plain(value, MAX_CONFIRM[name]) or value
  end
  return object
end

local function button(choice, id, i)
  return {
    type = "button", action_id = ("%s:%d"):format(id, i), text = plain(choice.text, MAX_LABEL),
    value = tostring(i), style = choice.style, confirm = confirm_object(choice.confirm),
  }
end

local function rows_of_buttons(choices, id)
  local rows = {}
  for i, choice in ipairs(choices) do
    local row = rows[(i - 1) // ROW + 1]
    if not row then
      row = { type = "actions", block_id = ("%s:row%d"):format(id, #rows + 1), elements = {} }
      rows[#rows + 1] = row
    end
    table.insert(row.elements, button(choice, id, i))
  end
  return rows
end

local function option(choice, i)
  return {
    text = plain(choice.text, MAX_LABEL), value = tostring(i),
    description = choice.description and plain(choice.description, MAX_LABEL) or nil,
  }
end

local function options(choices, from, to)
  local list = {}
  for i = from, math.min(to, #choices) do
    list[#list + 1] = option(choices[i], i)
  end
  return list
end

local function menu(choices, id, placeholder)
  local element = {
    type = "static_select", action_id = id, placeholder = plain(placeholder or "Choose", 150),
  }
  if #choices <= MAX_OPTIONS then
    element.options = options(choices, 1, #choices)
  else
    element.option_groups = {}
    for from = 1, #choices, MAX_OPTIONS do
      local to = math.min(from + MAX_OPTIONS - 1, #choices)
      table.insert(element.option_groups, {
        label = plain(("%d–%d"):format(from, to), MAX_LABEL), options = options(choices, from, to),
      })
    end
  end
  return { { type = "actions", block_id = id .. ":row1", elements = { element } } }
end

local function add_all(blocks, more)
  return table.move(more, 1, #more, #blocks + 1, blocks)
end

local function question_blocks(given)
  return given.blocks and table.move(given.blocks, 1, #given.blocks, 1, {}) or sections(given.text)
end

---The blocks of the question.
---@param given slack.ChooseOptions
---@param choices slack.Choice[]
---@param id string own id
---@return table[]
function M.blocks(given, choices, id)
  local rows = #choices > MAX_BUTTONS and menu(choices, id, given.placeholder)
    or rows_of_buttons(choices, id)
  return add_all(question_blocks(given), rows)
end

-- The outcome --------------------------------------------------------------------------------

local function line_of(given, choice, c)
  local outcome = given.outcome
  if outcome == false or choice == false then
    return nil
  elseif outcome then
    local line = outcome(choice and choice.value, c)
    return type(line) == "string" and line or nil
  elseif choice then
    return ("<@%s> chose *%s*"):format(tostring(c.user_id), mrkdwn.escape(choice.text))
  end
  return "_Nobody chose in time._"
end

---The message without its buttons, with what came of them.
---@param given slack.ChooseOptions
---@param choice? slack.Choice|false nil: the time was over; false: it is not asked any more
---@param c? slack.Context of the click
---@return table
function M.closed(given, choice, c)
  local blocks, line = question_blocks(given), line_of(given, choice, c)
  if line then
    blocks[#blocks + 1] = {
      type = "context", elements = { { type = "mrkdwn", text = short(line, MAX_SECTION) } },
    }
  end
  return {
    text = line and given.text .. "\n" .. line or given.text, blocks = json.list(blocks),
  }
end

return M
