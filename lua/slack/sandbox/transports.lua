-- Which way the local Slack's deliveries go to the app: over Socket Mode, over
-- HTTP, or by turns; and Slack's probes of an app's URL.

local HttpSide = require "slack.sandbox.http_side"
local checks = require "slack.sandbox.checks"
local form = require "slack.form"
local json = require "slack.json"
local signed_post = require "slack.sandbox.signed_post"

---@class slack.sandbox.Transports
---@field delivery? "socket"|"http"|"alternate" by default HTTP once it is set up
---@field last_delivery? slack.sandbox.Delivery|slack.sandbox.HttpDelivery
local transports = {}

local URLS = {
  url = "string", events = "string", commands = "string", interactions = "string",
  options = "string", ca_file = "string",
}
local WAYS = { socket = true, http = true, alternate = true }

---@class slack.sandbox.AppUrls
---@field url? string for all that is not named; without it those are not delivered
---@field events? string
---@field commands? string
---@field interactions? string
---@field options? string of option loads; interactions
---@field ca_file? string PEM, when the app serves https with a certificate of its own

-- An app says that it listens on every address; Slack would need a name.
local function connectable(url)
  return (url:gsub("^(https?://)0%.0%.0%.0%f[^%d.]", "%1127.0.0.1")
    :gsub("^(https?://)%[::%]", "%1[::1]"))
end

local function check_urls(where)
  local given = type(where) == "string" and { url = where } or where
  checks.raise_at(3, "deliver_over_http", given, URLS)
  local urls = {
    events = given.events or given.url,
    commands = given.commands or given.url,
    interactions = given.interactions or given.url,
  }
  urls.options = given.options or urls.interactions
  if next(urls) == nil then
    error("sandbox:deliver_over_http: a URL expected", 3)
  end
  for _, name in ipairs { "events", "commands", "interactions", "options" } do
    local url = urls[name]
    if url and not url:find "^https?://." then
      error(("sandbox:deliver_over_http: field %q: a URL expected, got %s"):format(name, url), 3)
    end
    urls[name] = url and connectable(url)
  end
  return urls, given.ca_file
end

---From now on the app gets signed requests at its URL, instead of what it gets
---over Socket Mode; false goes back to that. See the field `delivery`.
---@param where string|slack.sandbox.AppUrls|false
function transports:deliver_over_http(where)
  if self.http then
    self.http:stop()
    self.http = nil
  end
  if not where then
    return
  end
  local urls, ca_file = check_urls(where)
  self.http = HttpSide.new {
    urls = urls,
    ca_file = ca_file,
    secret = function() return self.signing_secret end,
    await = function(condition, timeout) return self:wait(condition, timeout) ~= nil end,
    changed = function() self:changed() end,
    trace = self.recorder,
    ack_timeout = self.options.ack_timeout,
    retry_delays = self.options.retry_delays,
  }
end

---Whether the app gets its events otherwise than over RTM, too.
---@return boolean
function transports:has_events_api()
  return self.http ~= nil and self.http.urls.events ~= nil
    or self.socket.connections[1] ~= nil
end

-- The side that the next delivery goes through.
local function choose(self, options)
  local way = self.delivery or self.http and "http" or "socket"
  if not WAYS[way] then
    error(('sandbox: delivery: "socket", "http" or "alternate" expected, got %s'):format(
      tostring(way)), 0)
  elseif options and options.connection then
    return self.socket
  elseif way == "alternate" then
    self.was_http = not self.was_http
    way = self.was_http and "http" or "socket"
  end
  if way == "http" and not self.http then
    error("sandbox: delivery over HTTP needs deliver_over_http first", 0)
  end
  return way == "http" and self.http or self.socket
end

---Delivers any payload to the app.
---@param kind "events_api"|"interactive"|"slash_commands"|string
---@param payload table
---@param options? slack.sandbox.DeliveryOptions
---@return slack.sandbox.Delivery|slack.sandbox.HttpDelivery
function transports:deliver(kind, payload, options)
  self.last_delivery = choose(self, options):deliver(kind, payload, options)
  return self.last_delivery
end

-- Probes ---------------------------------------------------------------------------

local function echoes(response, challenge)
  local body = response.body
  if body == challenge or body == "challenge=" .. form.escape(challenge) then
    return true
  end
  local decoded = json.decode(body)
  return type(decoded) == "table" and decoded.challenge == challenge
end

local function probe(self, url, fields)
  return signed_post {
    url = url,
    method = fields.method,
    secret = fields.secret,
    content_type = fields.content_type,
    body = fields.body,
    timeout = self.options.ack_timeout or self.options.patience or 3,
    ca_file = fields.ca_file or self.http and self.http.ca_file,
  }
end

---Asks the app whether the URL is its own, as Slack does when one is entered.
---@async
---@param url string
---@param ca_file? string
---@return boolean passed
---@return string? why Slack's word for what went wrong
function transports:verify_url(url, ca_file)
  checks.type("verify_url: url", url, "string")
  local challenge = self.workspace.new_id "":lower() .. self.workspace.new_id "":lower()
  local response, reason = probe(self, url, {
    secret = self.signing_secret,
    content_type = "application/json",
    body = assert(json.encode {
      type = "url_verification", token = "verification-token", challenge = challenge,
    }),
    ca_file = ca_file,
  })
  if reason then
    return false, reason
  elseif response.status ~= 200 or not echoes(response, challenge) then
    return false, "challenge_failed"
  end
  return true
end

---Probes the app's certificate, as Slack does from time to time; not signed.
---@async
---@param url string
---@param ca_file? string
---@param method? "POST"|"GET" POST; Slack has used both
---@return boolean passed
---@return string? why Slack's word for what went wrong
function transports:ssl_check(url, ca_file, method)
  checks.type("ssl_check: url", url, "string")
  local fields = "ssl_check=1&token=verification-token"
  local is_get = method == "GET"
  local response, reason = probe(self, is_get and url .. "?" .. fields or url, {
    method = method,
    content_type = not is_get and "application/x-www-form-urlencoded" or nil,
    body = not is_get and fields or nil,
    ca_file = ca_file,
  })
  return not reason and response.status == 200, reason
end

return transports
