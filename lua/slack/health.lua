-- The pages that tell whoever runs the app how it is: alive, ready, and in numbers.

local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local STORAGE_TIMEOUT = 1
-- For so long an answer about readiness holds, so that asking often costs nothing.
local HOLDS_FOR = 1
-- Of a look that did not come to its end.
local NOTHING_KNOWN = { "running" }
local NOT_STORED = { ["Cache-Control"] = "no-store" }

---@class slack.Health
---@field app slack.App
---@field last? { missing: string[], at: number?, waiters: slack.Waiter[] } the last look
local Health = {}
Health.__index = Health
Health.__name = "slack.health"

-- Readiness -----------------------------------------------------------------------

local function is_storage_reachable(self)
  local answered, is_ok = pcall(tasks.timeout, self.storage_timeout, function()
    local _, err = self.app.store:get "ready"
    return err == nil
  end)
  return answered and is_ok == true
end

local function missing_parts(self)
  local app, missing = self.app, {}
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
  if not is_storage_reachable(self) then
    missing[#missing + 1] = "storage"
  end
  if app.inbox and app.inbox:problem() then
    missing[#missing + 1] = "inbox"
  end
  return missing
end

-- One look, and who waits for what it finds. Closed also when it fails.
local Look = {}
Look.__index = Look

function Look:__close()
  self.at = self.clock()
  for _, waiter in ipairs(self.waiters) do
    waiter:resolve()
  end
end

-- Who asks while somebody has asked already gets the same answer.
local function look(self)
  local last = self.last
  if last and not last.at then
    local waiter = tasks.waiter()
    table.insert(last.waiters, waiter)
    waiter:await()
  elseif not last or self.clock() - last.at >= HOLDS_FOR then
    local new <close> = setmetatable({ clock = self.clock, waiters = {}, missing = NOTHING_KNOWN },
      Look)
    self.last, last = new, new
    new.missing = missing_parts(self)
  end
  return last.missing
end

---What keeps the app from doing its work; nothing when it is ready.
---@async
---@return string[] missing of "running", "token", "socket", "http", "storage", "inbox"
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

-- Scripts whose last text did not load; what they were goes on, so the app is ready all the same.
-- Texts of errors are for the log.
local function script_problems(self)
  local list = {}
  for i, problem in ipairs(self.app.scripts and self.app.scripts:problems() or {}) do
    list[i] = {
      script = problem.script, file = problem.file, line = problem.line,
      generation = problem.kept,
    }
  end
  return list[1] and list
end

local function ready(self)
  local missing = self:missing()
  local is_ready = #missing == 0
  return {
    status = is_ready and 200 or 503, headers = NOT_STORED,
    json = {
      ready = is_ready, phase = self.app.phase, missing = json.list(missing),
      problem = self.app.inbox and self.app.inbox:problem(), scripts = script_problems(self),
    },
  }
end

local function numbers(self)
  if self.app.inbox then
    self.app.inbox:refresh(STORAGE_TIMEOUT)
  end
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
  local self = setmetatable({
    app = app, clock = clock or loop.now, storage_timeout = STORAGE_TIMEOUT,
  }, Health)
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
