-- What has changed in a workspace since the last look. The state is looked at, not
-- told: what changes a message somewhere needs to know of no page. Only while pages are
-- open, and once for all of them.

local json = require "slack.json"
local rich_text = require "slack.sandbox.rich_text"
local shapes = require "slack.sandbox.page.shapes"

local WINDOW <const> = 500 -- messages of a channel that are looked at, the newest ones

---A message as it was at the last look.
---@class slack.sandbox.PageItem
---@field ts string
---@field raw string JSON of the state's own table
---@field json string as pages get it
---@field shown_to? string
---@field has_blocks boolean
---@field look integer number of the last look that saw it

---@class slack.sandbox.PageModel
---@field team slack.sandbox.Team
---@field looks integer
---@field channels table<string, table<string, slack.sandbox.PageItem>> by channel and ts
local Model = {}
Model.__index = Model
Model.__name = "slack.sandbox.page_model"

---@param team slack.sandbox.Team
---@return slack.sandbox.PageModel
function Model.new(team)
  return setmetatable({ team = team, looks = 0, channels = {}, users = {}, threads = {} }, Model)
end

---@class slack.sandbox.PageChanges
---@field messages table<string, { upsert: slack.sandbox.PageItem[], remove: string[] }>
---@field users string[] JSON of each
---@field threads { user: string?, channel: string, json: string }[]

local function see(self, items, channel, message, upsert)
  local workspace, raw, item = self.team.workspace, json.encode(message), items[message.ts]
  local stream = shapes.stream(workspace, message.ts)
  if stream then
    raw = raw .. json.encode(stream)
  end
  if not item or item.raw ~= raw then
    item = {
      ts = message.ts, raw = raw, shown_to = message.shown_to,
      has_blocks = message.blocks ~= nil and not rich_text.is_made(message.blocks),
      json = assert(json.encode(shapes.message(workspace, channel, message, stream))),
    }
    items[message.ts] = item
    upsert[#upsert + 1] = item
  end
  item.look = self.looks
end

local function see_all(self, items, channel, messages, upsert)
  for i = math.max(1, #messages - WINDOW + 1), #messages do
    see(self, items, channel, messages[i], upsert)
  end
end

-- Those that have gone; those that are merely older than the window are forgotten.
local function find_gone(self, items, channel)
  local gone = {}
  local oldest = channel.messages[math.max(1, #channel.messages - WINDOW + 1)]
  for ts, item in pairs(items) do
    if item.look ~= self.looks then
      items[ts] = nil
      local is_old = oldest and #channel.messages > WINDOW and ts < oldest.ts
      gone[#gone + 1] = not is_old and item or nil
    end
  end
  return gone
end

local function look_at_messages(self, changes)
  for _, channel in ipairs(self.team.workspace.channel_list) do
    local items, upsert = self.channels[channel.id] or {}, {}
    self.channels[channel.id] = items
    see_all(self, items, channel, channel.messages, upsert)
    see_all(self, items, channel, channel.ephemeral or {}, upsert)
    local remove = find_gone(self, items, channel)
    if upsert[1] or remove[1] then
      changes.messages[channel.id] = { upsert = upsert, remove = remove }
    end
  end
end

local function look_at_users(self, changes)
  for _, user in ipairs(self.team.workspace.user_list) do
    local text = assert(json.encode(shapes.user(user)))
    if self.users[user.id] ~= text then
      self.users[user.id] = text
      table.insert(changes.users, text)
    end
  end
end

local function look_at_threads(self, changes)
  local workspace = self.team.workspace
  local now = workspace.clock()
  for key, thread in pairs(workspace.threads) do
    local text = assert(json.encode(shapes.thread(thread, now)))
    local seen = self.threads[key]
    if not seen or seen.json ~= text then
      seen = { channel = thread.channel, json = text }
      self.threads[key] = seen
      table.insert(changes.threads, seen)
    end
  end
end

---Looks, and tells what is otherwise than at the last look.
---@return slack.sandbox.PageChanges
function Model:look()
  self.looks = self.looks + 1
  local changes = { messages = {}, users = {}, threads = {} }
  look_at_messages(self, changes)
  look_at_users(self, changes)
  look_at_threads(self, changes)
  return changes
end

---A message as a person sees it: with what they have chosen in its menus.
---@param channel_id string
---@param item slack.sandbox.PageItem
---@param me string
---@return string json
function Model:shown(channel_id, item, me)
  local key = item.has_blocks and ("%s %s %s"):format(channel_id, item.ts, me)
  local state = key and self.team.workspace.filled_in[key]
  if not state then
    return item.json
  end
  return ('%s,"state":%s}'):format(item.json:sub(1, -2), assert(json.encode(state)))
end

---What a person sees of a channel, oldest first, as JSON texts.
---@param channel_id string
---@param me string
---@return string[]
function Model:messages(channel_id, me)
  local items = {}
  for _, item in pairs(self.channels[channel_id] or {}) do
    if not item.shown_to or item.shown_to == me then
      items[#items + 1] = item
    end
  end
  table.sort(items, function(a, b) return a.ts < b.ts end)
  for i, item in ipairs(items) do
    items[i] = self:shown(channel_id, item, me)
  end
  return items
end

return Model
