-- Modals and home tabs of a local workspace.

local new_id = require "slack.sandbox.new_id"

---@class slack.sandbox.Views
local views = {}

-- Blocks whose elements are not to be used.
local SHOWN <const> = { rich_text = true, context = true }

-- Gives blocks and their elements the ids that the app left out, as Slack does.
local function identify(blocks)
  for _, block in ipairs(type(blocks) == "table" and blocks or {}) do
    block.block_id = block.block_id or new_id "":lower():sub(1, 5)
    local elements = block.elements or { block.accessory or block.element }
    for _, element in ipairs(SHOWN[block.type] and {} or elements) do
      if type(element) == "table" and element.type and not element.action_id then
        element.action_id = new_id "":lower():sub(1, 5)
      end
    end
  end
end

views.identify = identify

-- A modal is in front of what was there before.
local function show_modal(self, view, user_id)
  local below = self.modals[view.previous_view_id]
  self.modals_opened = self.modals_opened + 1
  self.modals[view.id] = {
    user_id = user_id or below and below.user_id, number = self.modals_opened,
  }
end

---Knows a view of which the app was told elsewhere, as it is.
---@param view table
---@param user_id? string whose it is
function views:know_view(view, user_id)
  self.views[view.id] = view
  if view.type == "modal" then
    show_modal(self, view, user_id)
  end
end

---Stores a view (modal or home tab) as views.open and its like give it back.
---@param definition table as the app sent it
---@param fields? table id, previous_view_id, root_view_id
---@param user_id? string whose it is; that of the view with this id, or below it
---@return table view
function views:put_view(definition, fields, user_id)
  local view = {}
  for key, value in pairs(definition) do
    view[key] = value
  end
  identify(view.blocks)
  view.id = new_id "V"
  view.team_id = self.team.id
  view.app_id = self.app_id
  view.app_installed_team_id = self.app_installed_team_id or self.id
  view.bot_id = self.bot.id
  view.state = { values = {} }
  view.private_metadata = view.private_metadata or ""
  view.callback_id = view.callback_id or ""
  view.external_id = view.external_id or ""
  view.clear_on_close = view.clear_on_close or false
  view.notify_on_close = view.notify_on_close or false
  for key, value in pairs(fields or {}) do
    view[key] = value
  end
  view.root_view_id = view.root_view_id or view.id
  view.hash = ("%s.%s"):format(self:new_ts(), new_id(""):sub(1, 8))
  self.views[view.id] = view
  if view.type == "modal" and not self.modals[view.id] then
    show_modal(self, view, user_id)
  end
  return view
end

---The modals that are open, the one in front last.
---@param user_id? string this person's; everybody's
---@return table[] views
function views:open_views(user_id)
  local open, modals = {}, self.modals
  for id, modal in pairs(modals) do
    if not user_id or not modal.user_id or modal.user_id == user_id then
      open[#open + 1] = self.views[id]
    end
  end
  table.sort(open, function(a, b) return modals[a.id].number < modals[b.id].number end)
  return open
end

---The modal in front: the newest.
---@param user_id? string this person's; anybody's
---@return table? view
function views:top_view(user_id)
  local open = self:open_views(user_id)
  return open[#open]
end

---Whose modal it is.
---@param id string
---@return string? user_id
function views:viewer(id)
  return self.modals[id] and self.modals[id].user_id
end

---A modal goes.
---@param view table
function views:drop_view(view)
  self.views[view.id], self.modals[view.id] = nil, nil
end

---A modal goes with all that are above and below it.
---@param view table
function views:clear_views(view)
  for _, other in ipairs(self:open_views()) do
    if other.root_view_id == view.root_view_id then
      self:drop_view(other)
    end
  end
end

return views
