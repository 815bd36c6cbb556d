-- One open page: who acts in it, what it has been told, and its WebSocket.
--
-- A page that does not take what it is sent is let go when too much is under way: it
-- comes again and begins with all there is. How much is under way the page's pongs tell,
-- which browsers send by themselves.

local clean = require("slack.stream_text").clean
local core = require "slack.core"
local json = require "slack.json"
local shapes = require "slack.sandbox.page.shapes"

local PONG_TIMEOUT <const> = 30 -- seconds
local PING_PERIOD <const> = 10 -- seconds, when nothing else is sent

---@class slack.sandbox.Live
---@field page slack.sandbox.Page
---@field id integer of the WebSocket
---@field team slack.sandbox.Team
---@field me string id of the user who acts
---@field visible table<string, string> JSON of the channels that were told, by id
---@field running integer acts under way
---@field sent integer bytes
---@field taken integer how many of them it has
local Live = {}
Live.__index = Live
Live.__name = "slack.sandbox.live"

---@param page slack.sandbox.Page
---@param id integer
---@param team slack.sandbox.Team
---@param me string
---@return slack.sandbox.Live
function Live.new(page, id, team, me)
  return setmetatable({
    page = page, id = id, team = team, me = me, visible = {}, running = 0, sent = 0, taken = 0,
    last_sent_at = core.monotonic(), hello_bytes = 0,
  }, Live)
end

-- The WebSocket --------------------------------------------------------------------

local function ping(self)
  self.pinged_at = core.monotonic()
  self.page.server:act(self.id, "ping", tostring(self.sent))
end

---@param text string
function Live:send(text)
  if self.is_gone then
    return
  end
  text = clean(text, true) -- a browser ends a WebSocket on which anything else comes
  self.page.server:act(self.id, "text", text)
  self.sent, self.last_sent_at = self.sent + #text, core.monotonic()
  if self.sent - self.taken > math.max(self.page.most_under_way, 2 * self.hello_bytes) then
    self:drop("it does not take what it is sent")
  elseif not self.pinged_at then
    ping(self)
  end
end

---@param frame table
function Live:tell(frame)
  self:send(assert(json.encode(frame)))
end

---@param data string what the ping had said: bytes that were sent before it
function Live:on_pong(data)
  self.taken = math.max(self.taken, math.tointeger(tonumber(data)) or 0)
  self.pinged_at = nil
  if self.taken < self.sent then
    ping(self)
  end
end

---Looks whether somebody is still there.
---@param now number
function Live:check(now)
  if self.pinged_at and now - self.pinged_at > PONG_TIMEOUT then
    self:drop("it answers no ping")
  elseif not self.pinged_at and now - self.last_sent_at > PING_PERIOD then
    self.last_sent_at = now
    ping(self)
  end
end

---Ends it; the page opens another one.
---@param why string
function Live:drop(why)
  if not self.is_gone then
    self.page.log:warn("a page was let go: %s", why)
    self.page.server:act(self.id, "drop")
    self.page:close(self)
  end
end

-- What it is told --------------------------------------------------------------------

local function list(texts)
  return "[" .. table.concat(texts, ",") .. "]"
end

-- The views that this person has in front, and their home tab.
local function views_of(self)
  local workspace = self.team.workspace
  return assert(json.encode(json.list(workspace:open_views(self.me)))),
    assert(json.encode(workspace.users[self.me].home or json.null))
end

local function visible_channels(self)
  local texts, order = {}, {}
  for _, channel in ipairs(self.team.workspace.channel_list) do
    if shapes.is_visible(channel, self.me) then
      texts[channel.id] = assert(json.encode(shapes.channel(channel, self.me)))
      order[#order + 1] = channel.id
    end
  end
  return texts, order
end

local function own_threads(self)
  local texts = {}
  for _, thread in pairs(self.page:model(self.team).threads) do
    if self.visible[thread.channel] then
      texts[#texts + 1] = thread.json
    end
  end
  return texts
end

local function all_messages(self, order)
  local model, texts = self.page:model(self.team), {}
  for i, id in ipairs(order) do
    texts[i] = ("%q:%s"):format(id, list(model:messages(id, self.me)))
  end
  return "{" .. table.concat(texts, ",") .. "}"
end

local function heading(self)
  local workspace, sandbox = self.team.workspace, self.page.sandbox
  local teams
  for i, team in ipairs(#sandbox.workspaces > 1 and sandbox.workspaces or {}) do
    teams = teams or {}
    teams[i] = { id = team.team_id, name = team.name }
  end
  return assert(json.encode {
    type = "hello", team = workspace.team, teams = teams, bot = workspace.bot,
    app_id = workspace.app_id, me = self.me, now = workspace.clock(),
  })
end

---Everything there is for who acts in it, as of the model's last look.
function Live:hello()
  local order
  self.visible, order = visible_channels(self)
  local channels = {}
  for i, id in ipairs(order) do
    channels[i] = self.visible[id]
  end
  local users = {}
  for i, user in ipairs(self.team.workspace.user_list) do
    users[i] = self.page:model(self.team).users[user.id]
  end
  self.views, self.home = views_of(self)
  self.app = self.page:app()
  local text = table.concat {
    heading(self):sub(1, -2),
    ',"users":', list(users), ',"channels":', list(channels),
    ',"messages":', all_messages(self, order), ',"views":', self.views, ',"home":', self.home,
    ',"assistant":', list(own_threads(self)), ',"app":', self.app,
    ',"trace":', self.page:recent_trace(), "}",
  }
  self.hello_bytes = #text
  self:send(text)
end

---Somebody else acts in it from now on.
---@param user_id string
function Live:act_as(user_id)
  self.page:look() -- so that all are told what has been before
  self.me = user_id
  self:hello()
end

local function tell_channels(self)
  local texts, order = visible_channels(self)
  local upsert, remove, new = {}, json.list {}, {}
  for _, id in ipairs(order) do
    if self.visible[id] ~= texts[id] then
      upsert[#upsert + 1] = texts[id]
      new[id] = not self.visible[id] or nil
    end
  end
  for id in pairs(self.visible) do
    if not texts[id] then
      remove[#remove + 1] = id
    end
  end
  self.visible = texts
  if upsert[1] or remove[1] then
    self:send(('{"type":"channels","upsert":%s,"remove":%s}'):format(list(upsert),
      assert(json.encode(remove))))
  end
  return new
end

local function tell_messages(self, id, change, is_new)
  local texts, remove, model = {}, json.list {}, self.page:model(self.team)
  if is_new then
    texts = model:messages(id, self.me)
  end
  for _, item in ipairs(not is_new and change.upsert or {}) do
    if not item.shown_to or item.shown_to == self.me then
      texts[#texts + 1] = model:shown(id, item, self.me)
    end
  end
  for _, item in ipairs(not is_new and change.remove or {}) do
    if not item.shown_to or item.shown_to == self.me then
      remove[#remove + 1] = item.ts
    end
  end
  if texts[1] or remove[1] then
    self:send(('{"type":"messages","channel":%q,"upsert":%s,"remove":%s}'):format(id, list(texts),
      assert(json.encode(remove))))
  end
end

local function tell_threads(self, threads)
  local texts = {}
  for _, thread in ipairs(threads) do
    if self.visible[thread.channel] then
      texts[#texts + 1] = thread.json
    end
  end
  if texts[1] then
    self:send(('{"type":"assistant","upsert":%s}'):format(list(texts)))
  end
end

---Tells what has changed since the last time.
---@param changes slack.sandbox.PageChanges
function Live:update(changes)
  if changes.users[1] then
    self:send(('{"type":"users","upsert":%s}'):format(list(changes.users)))
  end
  local new = tell_channels(self)
  for id in pairs(new) do
    tell_messages(self, id, nil, true)
  end
  for id, change in pairs(changes.messages) do
    if self.visible[id] and not new[id] then
      tell_messages(self, id, change)
    end
  end
  tell_threads(self, changes.threads)
  self:update_views()
end

---Tells what the person has in front, when that is otherwise.
function Live:update_views()
  local views, home = views_of(self)
  if views ~= self.views then
    self.views = views
    self:send(('{"type":"views","views":%s}'):format(views))
  end
  if home ~= self.home then
    self.home = home
    self:send(('{"type":"home","home":%s}'):format(home))
  end
end

---Tells how the app is, when that is otherwise.
---@param app string JSON
function Live:update_app(app)
  if app ~= self.app then
    self.app = app
    self:send(('{"type":"app","app":%s}'):format(app))
  end
end

return Live
