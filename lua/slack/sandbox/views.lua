-- Modals and home tabs of a local workspace.

local new_id = require "slack.sandbox.new_id"

---@class slack.sandbox.Views
local views = {}

-- Gives blocks and their elements the ids that the app left out, as Slack does.
local function identify(blocks)
  for _, block in ipairs(type(blocks) == "table" and blocks or {}) do
    block.block_id = block.block_id or new_id "":lower():sub(1, 5)
    for _, element in ipairs(block.elements or { block.accessory or block.element }) do
      if type(element) == "table" and element.type and not element.action_id then
        element.action_id = new_id "":lower():sub(1, 5)
      end
    end
  end
end

views.identify = identify

---Stores a view (modal or home tab) as views.open and its like give it back.
---@param definition table as the app sent it
---@param fields? table id, previous_view_id, root_view_id, user_id
---@return table view
function views:put_view(definition, fields)
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
  for key, value in pairs(fields or {}) do
    view[key] = value
  end
  view.root_view_id = view.root_view_id or view.id
  view.hash = ("%s.%s"):format(self:new_ts(), new_id(""):sub(1, 8))
  self.views[view.id] = view
  return view
end

---The modal in front: the newest that has none above it.
---@return table? view
function views:top_view()
  local covered, top = {}, nil
  for _, view in pairs(self.views) do
    covered[view.previous_view_id or false] = true
  end
  for id, view in pairs(self.views) do
    if view.type == "modal" and not covered[id] and (not top or view.hash > top.hash) then
      top = view
    end
  end
  return top
end

return views
