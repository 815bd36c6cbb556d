-- A person's way to Slack and back: the state in the URL, the cookie in the browser,
-- and what Slack says on the return.

local States = require "slack.oauth.states"
local errors = require "slack.errors"
local merged = require "slack.merged"
local pages = require "slack.oauth.pages"
local urls = require "slack.oauth.urls"

---@class slack.oauth.Visits
---@field states slack.oauth.States
local Visits = {}
Visits.__index = Visits
Visits.__name = "slack.oauth.visits"

---@class slack.oauth.VisitsOptions
---@field app slack.App
---@field store slack.Store
---@field purpose string
---@field cookie string name
---@field secret? string
---@field redirect_uri? string
---@field clock? fun(): number

---@param options slack.oauth.VisitsOptions
---@return slack.oauth.Visits
function Visits.new(options)
  return setmetatable({
    app = options.app, cookie = options.cookie, redirect_uri = options.redirect_uri,
    states = States.new {
      store = options.store, purpose = options.purpose, secret = options.secret,
      clock = options.clock,
    },
  }, Visits)
end

-- Browsers keep a Secure cookie off plain http, also of this machine. What a proxy
-- says of itself in a header is not believed: with one, redirect_uri tells.
local function is_secure(self, c)
  if self.redirect_uri then
    return self.redirect_uri:find "^https:" ~= nil
  end
  local server = self.app.http_server
  return server ~= nil and server.is_secure == true or not urls.is_loopback(c.headers.host or "")
end

-- With this prefix browsers take a cookie from this very host alone: whoever has another
-- name below the same domain could plant one for a state of his own (RFC 6265bis, 4.1.3.2).
local HOST_ONLY = "__Host-"

local function name_of(self, c)
  return (is_secure(self, c) and HOST_ONLY or "") .. self.cookie
end

local function cookie_of(self, c, value, max_age)
  return {
    name = name_of(self, c), value = value, max_age = max_age, path = "/", http_only = true,
    secure = is_secure(self, c), same_site = "Lax",
  }
end

-- Headers and cookies of both; the second one's headers win.
local function merge(response, more)
  local both = merged(response)
  both.headers, both.cookies = merged(response.headers, more.headers), {}
  for _, part in ipairs { response, more } do
    for _, cookie in ipairs(part.cookies or {}) do
      table.insert(both.cookies, cookie)
    end
  end
  return both
end
Visits.merge = merge

---Gives the browser the cookie of a state.
---@param c slack.RouteContext
---@param state slack.oauth.State
---@param response table
---@return table response
function Visits:send(c, state, response)
  return merge(response, { cookies = { cookie_of(self, c, state.cookie, self.states.lifetime) } })
end

---Takes the cookie away, unless it may be for another visit than the one that failed.
---@param c slack.RouteContext
---@param response table
---@param err? slack.Error
---@return table response
function Visits:finish(c, response, err)
  if err and (err.is_foreign or err.code == "state_mismatch" or err.code == "missing_state") then
    return response
  end
  return merge(response, { cookies = { cookie_of(self, c, "", 0) } })
end

local function failure(code, message, stage)
  return nil, errors.new { code = code, message = message, stage = stage or "state" }
end

-- The state that has come back; true when it may be missing and is.
local function take_state(self, c, may_be_missing)
  local text = c.query.state
  if not text or text == "" then
    if may_be_missing then
      return true
    end
    return failure("missing_state", "Slack came back without a state of ours")
  end
  local state, err = self.states:consume(text, c.cookies[name_of(self, c)])
  if not state then
    local is_ours = err.code == "state_mismatch" or err.code == "invalid_state"
    err.stage = is_ours and "state" or "storage"
    return nil, err
  end
  return state
end

-- Only Slack's own words go into pages and the log: anybody can write this URL.
local function refusal(c, state)
  local word = c.query.error
  if #word > 64 or not word:find "^[%l_]+$" then
    word = "unknown_error"
  end
  local _, err = failure(word, "Slack came back with the error " .. word, "return")
  err.is_foreign = type(state) ~= "table"
  err.metadata = not err.is_foreign and state.data or nil
  return nil, err
end

---What Slack came back with.
---@async
---@param c slack.RouteContext
---@param may_be_missing? boolean the state
---@return string? code
---@return slack.oauth.State|slack.Error? state_or_err
function Visits:take(c, may_be_missing)
  local state, err = take_state(self, c, may_be_missing)
  if c.query.error and c.query.error ~= "" then
    return refusal(c, state)
  elseif not state then
    return nil, err
  end
  state = type(state) == "table" and state or nil
  local code = c.query.code
  if not code or code == "" then
    local _, incomplete = failure("missing_code", "Slack came back without a code", "return")
    incomplete.metadata = state and state.data
    return nil, incomplete
  end
  return code, state
end

-- Answers --------------------------------------------------------------------------

---What a page of the program's own is as a response: text is HTML.
---@param value any
---@param status? integer unless it has one, or leads elsewhere
---@return table? response nil: there is none
function Visits.page(value, status)
  if type(value) == "string" then
    return pages.response(status or 200, value)
  elseif type(value) == "table" then
    local response = merge(value, {})
    response.status = response.status or not response.redirect and status or nil
    return response
  end
end

return Visits
