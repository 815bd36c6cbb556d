-- Modals and the home tab on a terminal: shown as lines, filled in by commands.

local Views = {}
Views.__index = Views
Views.__name = "slack.command.talk.views"

---@param slack_here slack.Sandbox
---@param screen slack.command.TalkScreen
function Views.new(slack_here, screen)
  return setmetatable({ slack = slack_here, screen = screen, values = {} }, Views)
end

-- Blocks ------------------------------------------------------------------------------

local function texts_of(block)
  local texts = {}
  for _, text in ipairs { block.text or false, table.unpack(block.fields or {}) } do
    table.insert(texts, text and (type(text) == "table" and text.text or text) or nil)
  end
  for _, element in ipairs(block.type == "context" and block.elements or {}) do
    table.insert(texts, type(element.text) == "string" and element.text or nil)
  end
  return texts
end

local function option_names(element)
  local names = {}
  for _, option in ipairs(element.options or {}) do
    table.insert(names, option.value)
  end
  return #names > 0 and " (" .. table.concat(names, ", ") .. ")" or ""
end

local function show_block(self, view, block)
  for _, text in ipairs(texts_of(block)) do
    self.screen:line("", self.screen:readable(text))
  end
  if block.type == "input" then
    self.screen:line("", ("%s: %s%s"):format(block.element.action_id, block.label.text,
      option_names(block.element)))
  end
  self.screen:show_buttons(view, block)
end

local function show(self, view, heading)
  self.screen:line("view", heading)
  for _, block in ipairs(view.blocks) do
    show_block(self, view, block)
  end
end

---Shows the modal in front when it is new or has changed.
---@return boolean? shown
function Views:look()
  local view = self.slack:view()
  if view and self.hash ~= view.hash then
    self.hash = view.hash
    show(self, view, ("%s; /fill NAME VALUE, then /submit, or /close"):format(view.title.text))
    return true
  end
end

---Whether a modal has come or changed since the last look.
function Views:has_news()
  local view = self.slack:view()
  return view and self.hash ~= view.hash
end

-- Filling in --------------------------------------------------------------------------

local function find_input(view, action_id)
  for _, block in ipairs(view.blocks) do
    if block.element and block.element.action_id == action_id then
      return block.element
    end
  end
end

-- People and channels by name, several with commas between them.
local function value_of(self, element, text)
  local workspace = self.slack.workspace
  local function one(word)
    local found
    if element.type:find "users?_select" then
      found = workspace:find_user(word)
    elseif element.type:find "channels?_select" or element.type:find "conversations?_select" then
      found = workspace:find_channel(word)
    end
    return found and found.id or word
  end
  if not (element.type:find "^multi_" or element.type == "checkboxes") then
    return element.type == "datetimepicker" and math.tointeger(tonumber(text)) or one(text)
  end
  local list = {}
  for word in text:gmatch "[^,]+" do
    table.insert(list, one(word:match "^%s*(.-)%s*$"))
  end
  return list
end

---"NAME VALUE"
---@param text string
---@param user string
function Views:fill(text, user)
  local view, name, value = self.slack:view(), text:match "^(%S+)%s+(.+)$"
  local element = view and name and find_input(view, name)
  if not element then
    return self.screen:note(not view and "there is no modal open"
      or not name and "/fill NAME VALUE" or "the modal has no " .. name)
  end
  if element.type == "external_select" then
    local option = self:offered({ view = view, action_id = name }, value, user)
    self.values[name] = option and option.value or self.values[name]
  else
    self.values[name] = value_of(self, element, value)
  end
end

-- Who is asked what is shown of it below its field.
local function show_errors(self, view, errors)
  for _, block in ipairs(view.blocks) do
    local text = errors[block.block_id]
    if text then
      self.screen:note(("%s: %s"):format(block.element.action_id, text))
    end
  end
end

---@param user string
function Views:submit(user)
  local view = self.slack:view()
  if not view then
    return self.screen:note "there is no modal open"
  end
  local outcome = self.slack:submit { user = user, values = self.values }
  local ack = type(outcome.ack) == "table" and outcome.ack or {}
  if outcome.failure then
    self.screen:note("/submit did not work: " .. (outcome.detail or outcome.failure))
  elseif ack.response_action == "errors" then
    show_errors(self, view, ack.errors)
  else
    self.values = {}
  end
end

---@param user string
function Views:close(user)
  if self.slack:view() then
    self.values = {}
    self.slack:close_view { user = user }
  end
end

---@async
---@param user string
function Views:home(user)
  self.slack:open_home { user = user }
  local person = self.slack.workspace:find_user(user)
  local before = person.home and person.home.hash
  self.slack:wait(function() return person.home and person.home.hash ~= before end, 1)
  if person.home then
    show(self, person.home, "your home tab")
  else
    self.screen:note "the bot has no home tab for you"
  end
end

-- Menus -------------------------------------------------------------------------------

-- The option of a menu of the bot's whose text begins with what was typed.
function Views:offered(button, text, user)
  local answer = self.slack:suggest {
    message = button.message, view = button.view, action_id = button.action_id, value = text,
    user = user,
  }.ack
  local names = {}
  for i, option in ipairs(type(answer) == "table" and answer.options or {}) do
    if option.text.text:lower() == text:lower() or #answer.options == 1 then
      return option
    end
    names[i] = option.text.text
  end
  self.screen:note(#names > 0 and "which one? " .. table.concat(names, ", ") or "nothing matches")
end

---Presses a button, or chooses something in a menu.
---@async
---@param button { message: table?, view: table?, action_id: string, element: table }
---@param text string what is chosen
---@param user string
function Views:press(button, text, user)
  local fields, value
  if button.element.type == "external_select" then
    local option = self:offered(button, text, user)
    if not option then
      return
    end
    fields = { selected_option = option }
  elseif button.element.type == "feedback_buttons" then
    local chosen = text == "" and "positive_button" or "negative_button"
    fields = { value = button.element[chosen].value }
  elseif not button.element.type:find "button" then
    if text == "" then
      return self.screen:note("choose by its value" .. option_names(button.element))
    end
    value = value_of(self, button.element, text)
  end
  self.slack:click {
    message = button.message, view = button.view, action_id = button.action_id, user = user,
    fields = fields, value = value,
  }
end

return Views
