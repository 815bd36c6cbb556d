-- What people press, choose and fill in: buttons, menus, modals.

local acting = require "slack.testing.acting"
local json = require "slack.json"
local people = require "slack.testing.people"
local screen = require "slack.testing.screen"

local describe, interact, read, refuse = acting.describe, acting.interact, acting.read,
  acting.refuse

---@class slack.testing.Actions
local M = {}

local PLACE = { message = "table", view = "table", block_id = "string" }
local CLICK = { message = "table", view = "table", block_id = "string", value = "any" }

-- Choosing ----------------------------------------------------------------------------------

-- People and channels are named as everywhere in tests.
local function id_of(workspace, kind, value)
  if kind:find "users_select$" then
    return people.person(workspace, value).id
  elseif kind:find "conversations_select$" or kind:find "channels_select$" then
    return people.channel(workspace, value).id
  end
end

-- What a person means by it: an option by its value or its words, a person by name.
local function meant(workspace, element, value, offered)
  if type(value) == "string" then
    return id_of(workspace, element.type, value) or screen.option(element, value, offered) or value
  elseif type(value) == "table" and (value[1] ~= nil or next(value) == nil)
    and element.type ~= "rich_text_input" then
    local list = {}
    for i, item in ipairs(value) do
      list[i] = meant(workspace, element, item, offered)
    end
    return list
  elseif value == false then
    return json.null
  end
  return value
end

local function place_of(t, name, who, options)
  if options.message then
    local message, channel = acting.own_message(t, name, options.message)
    return { message = message, channel = channel }
  elseif options.view then
    local view = t.slack.workspace.views[options.view.id]
      or who.user.home and who.user.home.id == options.view.id and who.user.home
    return view and { view = view } or refuse("t:%s: this view is not open any more", name)
  end
  return { front = t.slack.workspace:top_view(who.user.id) }
end

local function find(t, name, who, what, options)
  acting.check_text(name, what)
  local found, problem = screen.find(t.slack.workspace, who.user, what,
    place_of(t, name, who, options), options.block_id)
  if not found then
    refuse("t:%s: %s", name, problem)
  end
  return found
end

local function offered(t, found)
  local place = found.view and found.view.id or found.message.ts
  return t.slack.workspace.offered[("%s %s"):format(place, found.element.action_id)]
end

local function click_of(t, who, found, value)
  local element, message, pressed = found.element, found.message, found.part or found.element
  if message then
    message.channel = found.channel.id
  end
  return {
    message = message, view = found.view, action_id = element.action_id,
    block_id = found.block.block_id, user = who.user.id,
    value = meant(t.slack.workspace, element, value, offered(t, found)),
    -- Of several that share their action_id.
    fields = value == nil and { value = pressed.value, text = pressed.text } or nil,
  }
end

local function press(t, name, what, value, who, options)
  local found = find(t, name, who, what, options)
  local words = screen.words(found.element) or what
  if value == nil and not screen.is_pressed(found.element) then
    refuse("t:%s: %q is a %s: t:choose(%q, …) says what is chosen in it", name, what,
      found.element.type, what)
  elseif value ~= nil and screen.is_pressed(found.element) then
    refuse("t:%s: %q is a %s, in which nothing can be chosen: t:click(%q)", name, what,
      found.element.type, what)
  end
  local click = click_of(t, who, found, value)
  if value ~= nil then
    local problem = t.slack:choice_problem {
      message = click.message, view = click.view, action_id = click.action_id,
      block_id = click.block_id, user = click.user, value = click.value,
    }
    if problem then
      refuse("t:%s: %q: %s", name, what, problem)
    end
  end
  local shown = value ~= nil and (" = %s"):format(type(value) == "table" and json.encode(value)
    or tostring(value)) or ""
  return interact(t, describe(who, "[%s]%s", words, shown), who, function()
    return t.slack:click(click)
  end)
end

---Somebody presses a button, found by its action_id or the words on it: in the modal in front,
---else in the messages from the newest on, else in the home tab; or in `message` or `view`
---alone.
---@param what string
---@param options? slack.testing.Where|{ message: table?, view: table?, block_id: string? }
---@return slack.testing.Result
function M:click(what, options)
  local who
  who, options = read(self, "click", options, CLICK)
  local result = press(self, "click", what, options.value, who, options)
  return result
end

---Somebody chooses in a menu, a picker, an overflow menu: by value or by the words of an
---option; several as a list; people and channels by name.
---@param what string action_id, or the words of its placeholder
---@param value any
---@param options? slack.testing.Where|{ message: table?, view: table?, block_id: string? }
---@return slack.testing.Result
function M:choose(what, value, options)
  local who
  who, options = read(self, "choose", options, PLACE)
  if value == nil then
    refuse "t:choose: what is chosen is missing"
  end
  local result = press(self, "choose", what, value, who, options)
  return result
end

-- The options of an ack, whether in groups or not.
local function all_options(ack)
  local list = {}
  for _, group in ipairs(ack.option_groups or { ack }) do
    for _, option in ipairs(group.options or {}) do
      list[#list + 1] = option
    end
  end
  return list
end

---Somebody types into a menu whose options the app gives.
---@param what string action_id, or the words of its placeholder
---@param typed? string
---@param options? slack.testing.Where|{ message: table?, view: table?, block_id: string? }
---@return slack.testing.Result with options
function M:options(what, typed, options)
  local who
  who, options = read(self, "options", options, PLACE)
  local found = find(self, "options", who, what, options)
  if found.message then
    found.message.channel = found.channel.id
  end
  local text = describe(who, "types %q into %s", typed or "", what)
  local result = interact(self, text, who, function()
    return self.slack:suggest {
      message = found.message, view = found.view, action_id = found.element.action_id,
      block_id = found.block.block_id, value = typed, user = who.user.id,
    }
  end, function(result, outcome)
    result.options = type(outcome.ack) == "table" and all_options(outcome.ack) or {}
  end)
  return result
end

-- Modals ------------------------------------------------------------------------------------

local function modal(t, name, who, options)
  local view = options.view and t.slack.workspace.views[options.view.id]
    or not options.view and t.slack.workspace:top_view(who.user.id)
  if not view then
    refuse("t:%s: %s", name, options.view and "this modal is not open any more"
      or ("no modal is open for %s"):format(who.user.name))
  end
  return view
end

local function names_of(view)
  local names = {}
  screen.each_element(view.blocks, function(element) names[#names + 1] = element.action_id end)
  return names[1] and "it has " .. table.concat(names, ", ") or "it has nothing to fill in"
end

-- The values by block_id and action_id; people name fields by either, both or the label.
local function by_block(t, view, values)
  local all = {}
  for key, value in pairs(values) do
    local element, block = screen.field(view.blocks, key)
    if not element then
      refuse("t:submit: the modal has no field %q: %s", tostring(key), names_of(view))
    end
    local key_of_offer = ("%s %s"):format(view.id, element.action_id)
    all[block.block_id] = all[block.block_id] or {}
    all[block.block_id][element.action_id] = meant(t.slack.workspace, element, value,
      t.slack.workspace.offered[key_of_offer])
  end
  return all
end

-- The errors of an ack, by the action_id that is easier to know.
local function field_errors(view, ack)
  local errors = {}
  for block_id, text in pairs(type(ack) == "table" and ack.errors or {}) do
    local element = screen.field(view.blocks, block_id)
    errors[element and element.action_id or block_id] = text
  end
  return next(errors) and errors or nil
end

---Somebody fills in the modal in front and submits it. What is not given stays as it is; false
---empties a field. What Slack's client would not send raises: a required field that is empty, a
---number that is none, an option that is not there.
---@param values? table<string, any> by action_id, by label, by block_id, or by
---  "block_id.action_id"
---@param options? slack.testing.Where|{ view: table? }
---@return slack.testing.Result with field_errors, by action_id, when the app refuses
function M:submit(values, options)
  local who
  who, options = read(self, "submit", options, { view = "table" })
  if values ~= nil and type(values) ~= "table" then
    refuse("t:submit: a table of values expected, got %s", type(values))
  end
  local view = modal(self, "submit", who, options)
  local filled = by_block(self, view, values or {})
  local result = interact(self, describe(who, "submits the modal"), who, function()
    return self.slack:submit { view = view, by_block = filled, user = who.user.id }
  end, function(result, outcome)
    result.field_errors = field_errors(view, outcome.ack)
  end)
  return result
end

---Somebody closes the modal in front without submitting it.
---@param options? slack.testing.Where|{ view: table?, is_cleared: boolean? } is_cleared: all that
---  are open, by the cross
---@return slack.testing.Result
function M:close_view(options)
  local who
  who, options = read(self, "close_view", options, { view = "table", is_cleared = "boolean" })
  local view = modal(self, "close_view", who, options)
  local result = interact(self, describe(who, "closes the modal"), who, function()
    return self.slack:close_view {
      view = view, is_cleared = options.is_cleared, user = who.user.id,
    }
  end)
  return result
end

return M
