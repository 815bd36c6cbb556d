-- The state of the local workspace: team, people, channels, messages, views.
-- Pure data and rules, no network: what happens is told to `on_event` as the
-- inner event that Slack would send, and only where the app would get it.

local accounts = require "slack.sandbox.accounts"
local assistants = require "slack.sandbox.assistants"
local channels = require "slack.sandbox.channels"
local core = require "slack.core"
local links = require "slack.sandbox.links"
local messages = require "slack.sandbox.messages"
local new_id = require "slack.sandbox.new_id"
local pins = require "slack.sandbox.pins"
local streams = require "slack.sandbox.streams"
local views = require "slack.sandbox.views"

local STREAM_TIMEOUT <const> = 300 -- seconds

---@class slack.sandbox.Workspace: slack.sandbox.Accounts, slack.sandbox.Messages,
---  slack.sandbox.Channels, slack.sandbox.Pins, slack.sandbox.Links, slack.sandbox.Views,
---  slack.sandbox.Streams, slack.sandbox.Threads
---@field id string of the team
---@field organization slack.sandbox.Organization? whose workspace it is
---@field team { id: string, name: string, domain: string }
---@field bot { id: string, user_id: string, name: string }
---@field app_id string
---@field users table<string, table> by id
---@field channels table<string, table> by id
---@field streams table<string, slack.sandbox.Stream> by ts of the message
---@field threads table<string, slack.sandbox.Thread> by channel and ts
---@field steps table<string, slack.sandbox.Step> by id
---@field step_of table<string, slack.sandbox.Step> by ts or view id of what was made with its token
---@field on_event fun(event: table) called with each event the app is to get
local Workspace = {}
Workspace.__index = Workspace
Workspace.__name = "slack.sandbox.workspace"

for _, methods in ipairs {
  accounts, messages, channels, pins, links, views,
  streams, assistants.state,
} do
  for name, method in pairs(methods) do
    Workspace[name] = method
  end
end

Workspace.new_id = new_id

---A timestamp of Slack's kind, unique in this workspace and always growing.
---@return string ts
function Workspace:new_ts()
  local micros = math.floor(self.clock() * 1000000)
  if micros <= self.last_micros then
    micros = self.last_micros + 1
  end
  self.last_micros = micros
  return ("%d.%06d"):format(micros // 1000000, micros % 1000000)
end

---@class slack.sandbox.WorkspaceOptions
---@field team_name? string "Moonbase"
---@field bot_name? string "lander"
---@field bot? { id: string, user_id: string, name: string } of known ids
---@field users? string[] names of the people, { "ada", "grace" }
---@field channels? string[] names of the public channels, { "general", "random" }
---@field clock? fun(): number seconds since the epoch
---@field app_id? string
---@field organization? slack.sandbox.Organization
---@field stream_timeout? number seconds that a message may be written on, 300
---@field unfurl_domains? string[] of which links the app is told
---@field metadata_events? string[] of which kinds of metadata the app is told
---@field home_tab? boolean false: the app has no home tab

-- Seconds since the epoch with fractions, growing even when the wall clock is set back.
function Workspace.wall_clock()
  local offset = core.time() - core.monotonic()
  return function() return core.monotonic() + offset end
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list or {}) do
    set[item] = true
  end
  return set
end

-- What people and the app have made and done so far: nothing.
local function nothing_yet()
  return {
    users = {},
    user_list = {},
    channels = {},
    channel_list = {},
    views = {},
    modals = {}, -- whose each open one is, and as which it was opened
    modals_opened = 0,
    filled_in = {}, -- states of messages by channel, ts and person
    offered = {}, -- "view or message, action_id" -> what the app gave last for that menu
    streams = {},
    threads = {},
    steps = {},
    step_of = {},
    shared_links = {}, -- what may be unfurled, by id
    usergroups = {},
    reminders = {},
    emoji = {}, -- URLs and aliases by name
    last_micros = 0,
    on_event = function() end,
  }
end

local function move_in(self, options)
  self:add_user(self.bot.name, { id = self.bot.user_id, is_bot = true })
  for _, user in ipairs(options.users or { "ada", "grace" }) do
    self:add_user(user)
  end
  for _, channel in ipairs(options.channels or { "general", "random" }) do
    self:add_channel(channel)
  end
end

---@param options? slack.sandbox.WorkspaceOptions
---@return slack.sandbox.Workspace
function Workspace.new(options)
  options = options or {}
  local name, organization = options.team_name or "Moonbase", options.organization
  local id = new_id "T"
  local self = setmetatable(nothing_yet(), Workspace)
  self.id = id
  self.team = { id = id, name = name, domain = name:lower():gsub("%W", "-") }
  self.organization = organization
  self.app_id = options.app_id or new_id "A"
  self.bot = organization and organization.bot or options.bot
    or { id = new_id "B", user_id = new_id "U", name = options.bot_name or "lander" }
  self.stream_timeout = options.stream_timeout or STREAM_TIMEOUT
  self.unfurl_domains = options.unfurl_domains or {}
  self.metadata_events = set_of(options.metadata_events)
  self.has_home = options.home_tab ~= false
  self.clock = options.clock or Workspace.wall_clock()
  if organization then
    table.insert(organization.workspaces, self)
  end
  move_in(self, options)
  return self
end

local function find(list, by_id, key)
  if by_id[key] then
    return by_id[key]
  end
  local name = key:gsub("^[#@]", "")
  for _, item in ipairs(list) do
    if item.name == name and not item.is_im then
      return item
    end
  end
end

---A channel by id, by "#name" or "name"; a user's id or "@name" gives the
---direct conversation with them.
---@param key string
---@return table? channel
function Workspace:find_channel(key)
  local channel = find(self.channel_list, self.channels, key)
  if channel then
    return channel
  end
  local user = self.users[key] or key:sub(1, 1) == "@" and self:find_user(key)
  return user and self:direct_channel(user.id) or nil
end

---A user by id, "@name" or name.
---@param key string
---@return table? user
function Workspace:find_user(key)
  return find(self.user_list, self.users, key)
end

return Workspace
