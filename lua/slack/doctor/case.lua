-- What the checks look at: the bot's program, the environment, this machine, Slack. What is
-- asked of Slack is asked once, however many checks want the answer.

local core = require "slack.core"
local form = require "slack.form"
local http = require "slack.http"
local json = require "slack.json"
local manifest = require "slack.manifest"
local roots = require "slack.web_api.roots"

local TIMEOUT = 10

---@class slack.doctor.Case
---@field environment fun(name: string): string?
---@field path string of the program
---@field program? slack.Program
---@field program_error? slack.Error why there is none
---@field env_file string
---@field settings table of its first app; as far as the environment says, where there is none
---@field public_url? string where Slack reaches the bot
---@field versions table<string, string>
---@field fetch fun(request: slack.HttpRequest): slack.Response?, slack.Error?
---@field now fun(): number
---@field stat fun(path: string): string?, string?, integer?, integer?
---@field read fun(path: string): string?
---@field reserve_port fun(host: string, port: integer): any, string?, string?
---@field file_watch fun(): any
---@field open_storage fun(url: string): slack.Store?, slack.Error?
local Case = {}
Case.__index = Case
Case.__name = "slack.doctor.case"

local function read_file(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local function settings_of(environment)
  return {
    api_url = roots.api_url { api_url = environment "SLACK_API_URL" } or roots.SLACK,
    token = environment "SLACK_BOT_TOKEN", app_token = environment "SLACK_APP_TOKEN",
    signing_secret = environment "SLACK_SIGNING_SECRET", transport = "socket",
  }
end

---@param given table environment, path, env_file, and what else is known
---@return slack.doctor.Case
function Case.new(given)
  local self = setmetatable({
    fetch = http.request, now = core.time, stat = core.stat, read = read_file,
    reserve_port = core.reserve_port, file_watch = core.file_watch, answers = {},
  }, Case)
  for name, value in pairs(given) do
    self[name] = value
  end
  self.settings = self.settings or self.program and self.program.apps[1].settings
    or settings_of(self.environment)
  return self
end

---What the program's listeners and calls need; nil without a program.
---@return slack.manifest.Needs?
function Case:needs()
  if self.program and not self.known_needs then
    self.known_needs = manifest.needs(self.program)
  end
  return self.known_needs
end

---@return slack.core.net?
---@return slack.Error? err of the proxy or the CA file
function Case:net()
  return http.net(self.settings)
end

---@class slack.doctor.Answer
---@field ok boolean whether Slack says so
---@field error? string Slack's word
---@field body table
---@field scopes? string[] of the token
---@field date? string the server's time
---@field at number when it came, by this machine's clock
---@field failure? slack.Error there is no answer

local function words(text)
  local list = {}
  for word in (text or ""):gmatch "[^%s,]+" do
    list[#list + 1] = word
  end
  return list
end

local function read_answer(response, failure)
  if not response then
    return { ok = false, failure = failure, body = {} }
  end
  local body = json.decode(response.body)
  body = type(body) == "table" and body or {}
  return {
    ok = body.ok == true, body = body, status = response.status,
    error = type(body.error) == "string" and body.error or ("status %d"):format(response.status),
    date = response:header "date",
    scopes = response:header "x-oauth-scopes" and words(response:header "x-oauth-scopes"),
  }
end

---What a method of the Web API answers.
---@async
---@param method string
---@param token? string
---@return slack.doctor.Answer
function Case:call(method, token)
  local key = method .. " " .. tostring(token)
  if not self.answers[key] then
    local net, err = self:net()
    local response
    if net then
      response, err = self.fetch {
        method = "POST", url = self.settings.api_url .. method, net = net, timeout = TIMEOUT,
        headers = {
          "Content-Type", "application/x-www-form-urlencoded",
          token and "Authorization" or nil, token and "Bearer " .. token or nil,
        },
        body = form.encode {},
      }
    end
    self.answers[key] = read_answer(response, err)
    self.answers[key].at = self.now()
  end
  return self.answers[key]
end

---Whether Slack is reached at all.
---@async
---@return slack.doctor.Answer
function Case:reach()
  return self:call "api.test"
end

---The host of the Web API.
---@return string
function Case:api_host()
  return self.settings.api_url:match "^%a+://([^/]+)" or self.settings.api_url
end

return Case
