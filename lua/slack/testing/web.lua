-- Where a request of the app goes: the stubs of the test, the local Slack, or nowhere.

local Stubs = require "slack.testing.stubs"
local json = require "slack.json"
local requests = require "slack.sandbox.requests"
local tasks = require "slack.tasks"

---@class slack.testing.Web
---@field slack slack.Sandbox
---@field api_stubs slack.testing.Stubs
---@field server_stubs slack.testing.Stubs
---@field recorded? fun(method: string): table? what Slack said when this was recorded
---@field server fun(): slack.testing.Server?
---@field on_call fun(call: slack.testing.Call)
---@field on_fetch fun(asked: slack.fake_network.Asked)
---@field on_answered fun(asked: slack.fake_network.Asked, status: integer|string) by the
---  local Slack
---@field on_unknown fun(text: string) nothing says what a server answers
local Web = {}
Web.__index = Web
Web.__name = "slack.testing.web"

---@param fields table
---@return slack.testing.Web
function Web.new(fields)
  fields.api_stubs, fields.server_stubs = Stubs.new(), Stubs.new()
  return setmetatable(fields, Web)
end

local function is_slack(host)
  return host == "slack.com" or host:find "%.slack%.com$" ~= nil or host == "slack-gov.com"
    or host:find "%.slack%-gov%.com$" ~= nil
end

-- The Web API ---------------------------------------------------------------------------

-- Tokens that a program makes up are the bot's, or somebody's who has installed it.
local function know_token(self, asked)
  local token = (asked.headers.authorization or ""):match "^[Bb]earer%s+(%S+)$"
  local grants, workspace = self.slack.grants, self.slack.workspace
  if not token or grants.tokens[token] then
    return token
  end
  local installation = grants:installation_of(workspace)
  local bot = installation and installation.bot
  if token:find "^xapp" then
    grants:know(token, { type = "app" })
  elseif bot then
    local is_user = token:find "^xoxp" ~= nil or token:find "^xoxe%.xoxp" ~= nil
    grants:know(token, {
      type = is_user and "user" or "bot", place = workspace, installation = installation,
      user_id = is_user and workspace.user_list[2].id or bot.user_id, scopes = bot.scopes,
    })
  end
  return token
end

local function run_stub(answer, ...)
  if type(answer) == "function" then
    answer = answer(...)
  end
  if type(answer) == "table" and answer.delay then
    tasks.sleep(answer.delay)
  end
  return answer
end

local function stubbed(self, method, args)
  local answer = self.api_stubs:take(method)
  if answer == nil and self.recorded then
    answer = self.recorded(method)
  end
  if answer == nil then
    return nil
  end
  answer = run_stub(answer, args)
  return answer ~= nil and Stubs.told_by_slack(answer) or nil
end

local function told_by_sandbox(self, asked)
  local status, list, body = self.slack:answer(asked)
  self.slack:changed()
  self.on_answered(asked, status)
  if status == "drop" then
    return { code = "interrupted", message = "the connection was closed before the answer" }
  end
  return { status = status, headers = list, body = body }
end

local UNPLAYED = "%s: the local Slack does not do it: t:stub(%q, { … }) says what it answers"

local function note_answer(self, call, told)
  local answer = told.body and json.decode(told.body)
  if type(answer) ~= "table" then
    call.error = told.code or tostring(told.status)
  elseif answer.ok then
    call.answer = answer
  else
    call.error, call.answer = answer.error or tostring(told.status), nil
  end
  call.status = told.status
  if call.error == "not_played" then
    self.on_unknown(UNPLAYED:format(call.method, call.method))
  end
end

local function ask_api(self, asked, method)
  local call = {
    method = method, args = requests.arguments(asked) or {}, at = self.slack.clock(),
    token = know_token(self, asked),
  }
  call.args.token = nil
  self.on_call(call)
  local told = stubbed(self, method, call.args) or told_by_sandbox(self, asked)
  note_answer(self, call, told)
  return told
end

-- Other servers ---------------------------------------------------------------------------

local ADVICE = '%s %s: a test asks no server, and no answer is given for this one: '
  .. 't:stub_fetch(%q, { status = 200, json = {} })'

local function ask_server(self, asked, answer)
  asked.json = json.decode(asked.body)
  self.on_fetch(asked)
  if answer ~= nil then
    answer = run_stub(answer, asked)
  end
  if answer == nil then
    local text = ADVICE:format(asked.method, asked.url, asked.url:match "^[^?]*")
    asked.error = "no answer"
    self.on_unknown(text)
    return { code = "connection", message = text }
  end
  local told = Stubs.told_by_server(answer)
  asked.status, asked.error = told.status, told.code
  return told
end

-- Webhooks that the test has not seen made are of the first channel.
local function know_webhook(self, asked)
  local webhooks, workspace = self.slack.webhooks, self.slack.workspace
  if asked.path:find "^/services/" and not webhooks[asked.path] then
    webhooks[asked.path] = { workspace = workspace, channel = workspace.channel_list[1] }
  end
end

-- What a browser has from the app itself.
local function ask_app(server, asked)
  local list = {}
  for name, value in pairs(asked.headers) do
    list[#list + 1], list[#list + 2] = name, value
  end
  return server:ask {
    method = asked.method, target = asked.url:match "^%a+://[^/]*([^#]*)", headers = list,
    body = asked.body,
  }
end

---@param asked slack.fake_network.Asked
---@return slack.fake_network.Told
function Web:ask(asked)
  local root = self.api_url()
  local method = asked.url:sub(1, #root) == root and asked.path:match "([^/]+)$"
    or is_slack(asked.host) and asked.path:match "^/api/([^/]+)$"
  if method then
    asked.path = "/api/" .. method
    return ask_api(self, asked, method)
  end
  local server = self.server()
  if server and server:has(asked.url) then
    return ask_app(server, asked)
  end
  local answer = self.server_stubs:take(asked)
  if answer == nil and is_slack(asked.host) then
    know_webhook(self, asked)
    return told_by_sandbox(self, asked)
  end
  return ask_server(self, asked, answer)
end

return Web
