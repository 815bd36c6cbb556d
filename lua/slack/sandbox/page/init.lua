-- The page in which people use the local Slack: a server of its own on this machine,
-- and what is told to the pages that are open.
--
-- Whatever happens in the local Slack ends in Sandbox:changed, which asks for a look; a
-- look tells each open page what is otherwise than at the last one. Without a page that
-- is open nobody looks.

local Live = require "slack.sandbox.page.live"
local Model = require "slack.sandbox.page.model"
local Serving = require "slack.sandbox.page.serving"
local acts = require "slack.sandbox.page.acts"
local core = require "slack.core"
local headers = require "slack.headers"
local json = require "slack.json"
local loop = require "slack.loop"
local shapes = require "slack.sandbox.page.shapes"

local SHOWN_RECORDS <const>, SHOWN_BYTES <const> = 500, 4 * 1024 * 1024 -- to a page that opens
-- Between two looks: so many seconds at least, and so many times what the last one took, so
-- that looking stays a small part of what this thread does.
local LOOK_PAUSE <const>, LOOK_SHARE <const> = 0.02, 4
local CHECK_PERIOD <const> = 1 -- seconds
local MOST_MESSAGE <const> = 32 * 1024 * 1024 -- bytes from a page: files come in one
local MOST_UNDER_WAY <const> = 16 * 1024 * 1024 -- bytes to a page that it has not yet taken
local TICKET_LIFE <const> = 60 -- seconds

---@class slack.sandbox.Page
---@field sandbox slack.Sandbox
---@field lives table<integer, slack.sandbox.Live> by the WebSocket's id
---@field typed table<string, true> commands that people have typed
---@field most_under_way integer bytes to one page that it has not yet taken
local Page = {}
Page.__index = Page
Page.__name = "slack.sandbox.page"

local function new_secret()
  return (core.random(16):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function serve(self)
  self.serving = Serving.new {
    port = self.server:port(),
    websocket_port = self.server:websocket_port(),
    secret = self.secret,
    find_file = function(id) return self.sandbox.uploads.files[id] end,
    new_ticket = function(wishes) return self:new_ticket(wishes) end,
  }
end

---@param sandbox slack.Sandbox
---@param options { port: integer? }
---@return slack.sandbox.Page?, string? message, string? code
function Page.start(sandbox, options)
  local self = setmetatable({
    sandbox = sandbox, log = sandbox.log:with { component = "page" }, lives = {}, models = {},
    tickets = {}, typed = {}, secret = new_secret(), most_under_way = MOST_UNDER_WAY,
    looked_at = 0, look_time = 0,
  }, Page)
  self.source = loop.register(function(kind, ...)
    if kind == "request" then
      self:on_request(...)
    elseif kind == "websocket" then
      self:on_websocket(...)
    end
  end)
  local server, message, code = core.http_server {
    mailbox = loop.mailbox(), source = self.source, log = self.log:core(),
    port = options.port or 0, websocket_port = 0, max_body = 65536, max_message = MOST_MESSAGE,
  }
  if not server then
    loop.unregister(self.source)
    return nil, "the page: " .. tostring(message), code
  end
  self.server = server
  serve(self)
  return self
end

---@return string url with the secret
function Page:url()
  return ("http://127.0.0.1:%d/%s/"):format(self.server:port(), self.secret)
end

function Page:stop()
  loop.unregister(self.source)
  if self.look_timer then
    self.look_timer:cancel()
  end
  if next(self.lives) then
    self:end_looking()
  end
  self.lives = {}
  self.server:close()
end

-- Requests and WebSockets ------------------------------------------------------------

function Page:on_request(id, method, target, header_lines, body)
  local path, query = target:match "^([^?]*)%??(.*)$"
  self.server:respond(id, self.serving:answer {
    method = method, path = path, query = query, headers = headers.parse(header_lines), body = body,
  })
end

---A target for one WebSocket, which works once.
---@param wishes { user: string?, team: string? }
---@return string target
function Page:new_ticket(wishes)
  local now, target = core.monotonic(), "/page/" .. new_secret()
  for other, ticket in pairs(self.tickets) do
    self.tickets[other] = now < ticket.until_time and ticket or nil
  end
  self.tickets[target] = {
    user = wishes.user, team = wishes.team, until_time = now + TICKET_LIFE,
  }
  self.server:admit(target)
  return target
end

function Page:on_websocket(id, happening, data)
  local live = self.lives[id]
  if happening == "open" then
    self:open(id, data)
  elseif not live then
    return
  elseif happening == "text" then
    acts.run(live, data)
  elseif happening == "pong" then
    live:on_pong(data)
  elseif happening == "closed" then
    self:close(live)
  end
end

-- Who acts in a page that opens: who it asks for, or the first person.
local function user_of(team, wish)
  local workspace = team.workspace
  local user = type(wish) == "string" and workspace.users[wish]
  return user and not user.is_bot and user or workspace.user_list[2] or workspace.user_list[1]
end

function Page:open(id, target)
  local ticket = self.tickets[target]
  self.tickets[target] = nil
  if not ticket or core.monotonic() > ticket.until_time then
    self.server:act(id, "drop") -- it was made too long ago: the page asks for another one
    return
  end
  local sandbox = self.sandbox
  local team = type(ticket.team) == "string" and sandbox:team(ticket.team) or sandbox.workspaces[1]
  local live = Live.new(self, id, team, user_of(team, ticket.user).id)
  if not next(self.lives) then
    self:begin_looking()
  end
  self:look() -- so that the others are as far as the newcomer will be
  self.lives[id] = live
  live:hello()
end

function Page:close(live)
  live.is_gone = true
  self.lives[live.id] = nil
  local is_last = true
  for _, other in pairs(self.lives) do
    is_last = is_last and other.team ~= live.team
  end
  if is_last then
    self.models[live.team] = nil
  end
  if not next(self.lives) then
    self:end_looking()
  end
end

-- Looking ------------------------------------------------------------------------

---What has been seen of a workspace.
---@param team slack.sandbox.Team
---@return slack.sandbox.PageModel
function Page:model(team)
  local model = self.models[team]
  if not model then
    model = Model.new(team)
    model:look()
    self.models[team] = model
  end
  return model
end

function Page:begin_looking()
  self.models = {}
  self.sandbox.recorder:watch(true)
  self:plan_check()
end

function Page:end_looking()
  self.models = {}
  self.sandbox.recorder:watch(false)
  self.check_timer:cancel()
end

-- Also for what no happening tells of: what is late, statuses that end by themselves.
function Page:plan_check()
  self.check_timer = loop.after(CHECK_PERIOD, function()
    local now = core.monotonic()
    for _, live in pairs(self.lives) do
      live:check(now)
    end
    if next(self.lives) then
      self:plan_check()
      self:look()
    end
  end)
end

---Something has happened in the local Slack.
function Page:changed()
  if not next(self.lives) or self.is_planned then
    return
  end
  self.is_planned = true
  local pause = math.max(LOOK_PAUSE, LOOK_SHARE * self.look_time)
  self.look_timer = loop.after(self.looked_at + pause - core.monotonic(), self.look, self)
end

---Tells every open page what is otherwise than at the last look.
function Page:look()
  local began = core.monotonic()
  self.is_planned = false
  self.sandbox.recorder:mark_late()
  local app, records = self:app(), self.sandbox.recorder:take_dirty()
  local trace = records[1]
    and assert(json.encode { type = "trace", records = json.list(records) })
  local changes = {}
  for _, live in pairs(self.lives) do
    local team = live.team
    changes[team] = changes[team] or self:model(team):look()
    live:update(changes[team])
    live:update_app(app)
    if trace then
      live:send(trace)
    end
  end
  self.looked_at = core.monotonic()
  self.look_time = self.looked_at - began
end

---How the app is, as JSON.
---@return string
function Page:app()
  return assert(json.encode(shapes.app(self.sandbox)))
end

---The newest records, as JSON.
---@return string
function Page:recent_trace()
  local recorder = self.sandbox.recorder
  return assert(json.encode(json.list(recorder:list(recorder:first_of(SHOWN_RECORDS,
    SHOWN_BYTES)))))
end

return Page
