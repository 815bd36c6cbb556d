-- What an act of the page is about: channels, messages and views that its person sees.

local shapes = require "slack.sandbox.page.shapes"

local M = {}

---@param live slack.sandbox.Live
---@param id string
---@return table? channel, string? problem
function M.channel(live, id)
  local channel = live.team.workspace.channels[id]
  if not channel or not shapes.is_visible(channel, live.me) then
    return nil, "there is no such channel"
  end
  return channel
end

---A channel that the person is in.
---@param live slack.sandbox.Live
---@param id string
---@return table? channel, string? problem
function M.own_channel(live, id)
  local channel, problem = M.channel(live, id)
  if not channel then
    return nil, problem
  elseif channel.is_archived then
    return nil, ("#%s is archived"):format(channel.name)
  elseif not channel.members[live.me] then
    return nil, ("join #%s first"):format(channel.name)
  end
  return channel
end

---A message that the person sees, as the state has it.
---@param live slack.sandbox.Live
---@param given { channel: string, ts: string }
---@return table? message
---@return table|string channel, or what is wrong
function M.message(live, given)
  local channel, problem = M.channel(live, given.channel)
  if not channel then
    return nil, problem
  end
  local message = live.team.workspace.find_message(channel, given.ts)
  for _, other in ipairs(not message and channel.ephemeral or {}) do
    if other.ts == given.ts and other.shown_to == live.me then
      message = other
    end
  end
  if not message then
    return nil, "there is no such message"
  end
  message.channel = channel.id
  return message, channel
end

---A message that everybody there sees.
---@param live slack.sandbox.Live
---@param given { channel: string, ts: string }
---@return table? message
---@return table|string channel, or what is wrong
function M.common_message(live, given)
  local message, channel = M.message(live, given)
  if message and message.is_ephemeral then
    return nil, "only you can see this message"
  end
  return message, channel
end

---A modal of the person, or the home tab.
---@param live slack.sandbox.Live
---@param id string
---@return table? view, string? problem
function M.view(live, id)
  local workspace = live.team.workspace
  local view, home = workspace.views[id], workspace.users[live.me].home
  local viewer = workspace:viewer(id)
  if not view or view.type == "home" and view ~= home or viewer and viewer ~= live.me then
    return nil, "this view is not open any more"
  end
  return view
end

---Where an element stands: in a message or a view.
---@param live slack.sandbox.Live
---@param given { channel: string?, ts: string?, view_id: string? }
---@return { message: table?, view: table? }? place, string? problem
function M.place(live, given)
  if given.view_id then
    local view, problem = M.view(live, given.view_id)
    return view and { view = view }, problem
  elseif not (given.channel and given.ts) then
    return nil, "channel and ts, or view_id, are needed"
  end
  local message, problem = M.message(live, given)
  return message and { message = message }, not message and problem or nil
end

return M
