-- The pages that tell whoever runs the app how it is: alive, ready, and in numbers.

local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local STORAGE_TIMEOUT = 1
-- For so long an answer about readiness holds, so that asking often costs nothing.
local HOLDS_FOR = 1
local NOT_STORED <const> = { ["Cache-Control"] = "no-store" }

---@class slack.Health
---@field app slack.App
local Health = {}
Health.__index = Health
Health.__name = "slack.health"

-- Readiness -----------------------------------------------------------------------

local function is_storage_reachable(app)
  local store = app.store
  if not store then
    return true
  end
  local answered, is_ok = pcall(tasks.timeout, STORAGE_TIMEOUT, function()
    local _, err = store:get "slack:ready"
    return err == nil
  end)
  return answered and is_ok == true
end

local function missing_parts(app)
  local missing = {}
  if app.phase ~= "running" then
    missing[#missing + 1] = "running"
  end
  if app.settings.token and not app.identity then
    missing[#missing + 1] = "token"
  end
  for _, transport in ipairs(app.transports) do
    if not transport:is_ready() then
      missing[#missing + 1] = transport.name
    end
  end
  if not is_storage_reachable(app) then
    missing[#missing + 1] = "storage"
  end
  return missing
end

-- Who asks while somebody has asked already gets the same answer.
local function look(self)
  local asked = self.asked
  if not asked or asked.at and self.clock() - asked.at >= HOLDS_FOR then
    asked = { waiter = {} }
    self.asked = asked
    asked.missing = missing_parts(self.app)
    asked.at = self.clock()
    for _, waiter in ipairs(asked.waiter) do
      waiter:resolve()
    end
  elseif not asked.at then
    local waiter = tasks.waiter()
    table.insert(asked.waiter, waiter)
    waiter:await(STORAGE_TIMEOUT * 2)
  end
  return asked.missing or { "storage" }
end

---What keeps the app from doing its work; nothing when it is ready.
---@async
---@return string[] missing of "running", "token", "socket", "http", "storage"
function Health:missing()
  local missing = look(self)
  if self.app.phase == "stopping" and missing[1] ~= "running" then
    missing = { "running", table.unpack(missing) } -- that is not to be held for a second
  end
  return missing
end

-- Pages ---------------------------------------------------------------------------

local function alive()
  return { text = "ok", headers = NOT_STORED }
end

local function ready(self)
  local missing = self:missing()
  local is_ready = #missing == 0
  return {
    status = is_ready and 200 or 503, headers = NOT_STORED,
    json = { ready = is_ready, phase = self.app.phase, missing = json.list(missing) },
  }
end

local function numbers(self)
  return {
    body = self.app.metrics:render(),
    headers = { ["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8" },
  }
end

local PAGES = {
  { option = "health", handler = alive, what = "the page about being alive is served" },
  { option = "ready", handler = ready, what = "the page about readiness is served" },
  { option = "metrics", handler = numbers, what = "the page with the metrics is served" },
}

---Adds the pages to the app's routes, where the option http wants them.
---@param app slack.App
---@param clock? fun(): number
---@return slack.Health
function Health.new(app, clock)
  local self = setmetatable({ app = app, clock = clock or loop.now }, Health)
  for _, page in ipairs(PAGES) do
    local path = (app.settings.http or {})[page.option]
    if path then
      app.routes:add {
        method = "GET", path = path, what = page.what, is_probe = true,
        handler = function() return page.handler(self) end,
      }
    end
  end
  return self
end

return Health
