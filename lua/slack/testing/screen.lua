-- What a person sees in a local workspace, and finds there by an id or by its words.

local M = {}

-- What stands in blocks of text and pictures.
local SHOWN = { mrkdwn = true, plain_text = true, image = true }
-- Elements that are pressed, not filled in.
local PRESSED = {
  button = true, workflow_button = true, icon_button = true, feedback_buttons = true,
}

local function text_of(object)
  if type(object) == "table" then
    return object.text and text_of(object.text) or nil
  end
  return object
end

---The words on an element.
---@param element table
---@return string?
function M.words(element)
  return text_of(element.text) or text_of(element.placeholder)
end

local function each_element(blocks, visit)
  for _, block in ipairs(type(blocks) == "table" and blocks or {}) do
    local elements = block.elements or { block.accessory or block.element }
    for _, element in ipairs(elements) do
      if type(element) == "table" and element.action_id and not SHOWN[element.type] then
        local found = visit(element, block)
        if found then
          return element, block
        end
      end
    end
  end
end

M.each_element = each_element

-- The half of a pair of buttons that is meant by its words or its value.
local function part_of(element, what)
  for _, name in ipairs { "positive_button", "negative_button" } do
    local part = element[name]
    if part and (text_of(part.text) == what or part.value == what) then
      return part
    end
  end
end

-- The first element of which one of these is true, the first one first.
local function first_of(blocks, tests)
  for _, is_meant in ipairs(tests) do
    local element, block = each_element(blocks, is_meant)
    if element then
      return element, block
    end
  end
end

---An element among blocks by its action_id, or by the words on it.
---@param blocks? table[]
---@param what string
---@param block_id? string in this block alone
---@return table? element
---@return table? block
function M.element(blocks, what, block_id)
  local function is_there(block)
    return not block_id or block.block_id == block_id
  end
  return first_of(blocks, {
    function(element, block) return element.action_id == what and is_there(block) end,
    function(element, block) return M.words(element) == what and is_there(block) end,
    function(element, block) return part_of(element, what) ~= nil and is_there(block) end,
  })
end

---An element to be filled in: by action_id, "block_id.action_id", the block's label or block_id.
---@param blocks? table[]
---@param what string
---@return table? element
---@return table? block
function M.field(blocks, what)
  return first_of(blocks, {
    function(element) return element.action_id == what end,
    function(element, block) return block.block_id .. "." .. element.action_id == what end,
    function(_, block) return text_of(block.label) == what end,
    function(_, block) return block.block_id == what end,
  })
end

local function options_of(element)
  local options = {}
  for _, group in ipairs(element.option_groups or { { options = element.options } }) do
    for _, option in ipairs(group.options or {}) do
      options[#options + 1] = option
    end
  end
  return options
end

---The option with that value, or those words.
---@param element table
---@param what string
---@param offered? table what the app has offered for a menu of its own
---@return table?
function M.option(element, what, offered)
  local lists = { options_of(element), offered and options_of(offered) or {} }
  for _, has in ipairs {
    function(option) return option.value == what end,
    function(option) return text_of(option.text) == what end,
  } do
    for _, list in ipairs(lists) do
      for _, option in ipairs(list) do
        if has(option) then
          return option
        end
      end
    end
  end
end

-- Where a person may press something, what is in front first: the modal, messages from the
-- newest on, the home tab.
local function places(workspace, user, view)
  local list, messages = {}, {}
  if view then
    list[1] = { view = view }
  end
  for _, channel in ipairs(workspace.channel_list) do
    for _, kind in ipairs { channel.messages, channel.ephemeral or {} } do
      for _, message in ipairs(kind) do
        if not message.shown_to or message.shown_to == user.id then
          messages[#messages + 1] = { message = message, channel = channel }
        end
      end
    end
  end
  table.sort(messages, function(a, b) return a.message.ts > b.message.ts end)
  table.move(messages, 1, #messages, #list + 1, list)
  if user.home then
    list[#list + 1] = { view = user.home }
  end
  return list
end

-- Of a view or a message, its attachments included.
local function blocks_of(place)
  local shown, all = place.view or place.message, {}
  for _, part in ipairs { shown, table.unpack(shown.attachments or {}) } do
    local blocks = type(part.blocks) == "table" and part.blocks or {}
    table.move(blocks, 1, #blocks, #all + 1, all)
  end
  return all
end

-- All that could have been meant, for an error.
local function choices(list)
  local names, seen = {}, {}
  for _, place in ipairs(list) do
    each_element(blocks_of(place), function(element)
      local words = M.words(element)
      local name = ("%q"):format(words or element.action_id)
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end)
  end
  return names[1] and "there are " .. table.concat(names, ", ", 1, math.min(#names, 10))
    or "there is nothing to press"
end

---@class slack.testing.Found
---@field element table
---@field part? table the half of it that is pressed, of a pair of buttons
---@field block table
---@field view? table
---@field message? table
---@field channel? table

---What a person means by an action_id, or by the words on a button or menu.
---@param workspace slack.sandbox.Workspace
---@param user table
---@param what string
---@param where { message: table?, channel: table?, view: table?, front: table? } in this message
---  or view alone; front: the modal in front
---@param block_id? string
---@return slack.testing.Found?
---@return string? problem
function M.find(workspace, user, what, where, block_id)
  local list = (where.message or where.view) and { where } or places(workspace, user, where.front)
  for _, place in ipairs(list) do
    local element, block = M.element(blocks_of(place), what, block_id)
    if element then
      return {
        element = element, block = block, part = part_of(element, what), view = place.view,
        message = place.message, channel = place.channel,
      }
    end
  end
  return nil, ("nothing to press is called %q: %s"):format(what, choices(list))
end

---@param element table
---@return boolean
function M.is_pressed(element)
  return PRESSED[element.type] == true
end

return M
