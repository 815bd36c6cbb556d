-- The Web API: any method by its name.
--
--   local client = require("slack.client").new { token = "xoxb-..." }
--   local sent, err = client.chat.postMessage { channel = "C123", text = "Hello" }

local lazy = require "slack.lazy"
local call = require "slack.web_api.call"
local client_misuse = require "slack.client_misuse"
local client_options = require "slack.web_api.options"
local download = lazy "slack.web_api.download"
local host = require "slack.web_api.host"
local merged = require "slack.merged"
local misuse = require "slack.misuse"
local pages = lazy "slack.web_api.pages"
local upload = lazy "slack.web_api.upload"

local FOLDER = misuse.folder()
local check_self = client_misuse.check_self

---@class slack.Client: slack.web_api.ApiHost
---@field _on_refusal? fun(code: string) told of each call with its own token that failed
local Client = merged(host.methods, { __name = "slack.client" })

local M = {}

-- Dotted names -----------------------------------------------------------------

local Node = { __name = "slack.client.method" }

function Node:__index(name)
  local child = setmetatable({
    _client = self._client, _name = self._name .. "." .. tostring(name),
  }, Node)
  rawset(self, name, child)
  return child
end

function Client:__index(name)
  local method = Client[name]
  if method or type(name) ~= "string" or name:find("^_") then
    return method
  end
  local node = setmetatable({ _client = self, _name = name }, Node)
  rawset(self, name, node)
  return node
end

function Node:__tostring()
  return "Web API method " .. self._name
end

function Client:__tostring()
  return "slack.client: " .. self._options.api_url
end

-- Calls ------------------------------------------------------------------------

-- A client or a method among the arguments has a "token" as it has any name, but no text.
local function problem_with(args, name, problem)
  local metatable = getmetatable(args)
  local is_ours = metatable == Node or metatable == Client
  return is_ours and client_misuse.problem(Client, name) or problem
end

local function perform(client, name, args, options)
  local prepared, problem = call.new(client, name, args, options)
  if not prepared then -- also where c:say or the like has called
    misuse.raise(FOLDER, problem_with(args, name, problem))
  end
  return call.run(client, prepared)
end

---@class slack.CallOptions
---@field token? string instead of the client's
---@field timeout? number seconds for each attempt
---@field retries? integer|slack.RetryOptions
---@field max_wait? number seconds
---@field body? "form"|"json" instead of what fits the method and its arguments

---Calls a Web API method and waits for its answer. 429 is waited out; failures
---where nothing was sent are repeated, and others where repeating does no harm.
---@async
---@param name string "chat.postMessage"
---@param args? table<string, any> left as it is
---@param options? slack.CallOptions
---@return table? answer decoded
---@return slack.Error? err with Slack's word or ours as its code
function Client:call(name, args, options)
  check_self(self, Client, "client.call")
  return perform(self, name, args, options)
end

function Node:__call(args, options)
  return perform(self._client, self._name, args, options)
end

-- A loop closes what it is given as fourth value.
local function loop_over(name, make, client, ...)
  check_self(client, Client, "client." .. name)
  local iterated, problem = make(client, ...)
  if not iterated then
    misuse.raise(FOLDER, ("client:%s: %s"):format(name, problem))
  end
  return iterated, nil, nil, iterated
end

---@class slack.PagesOptions: slack.CallOptions
---@field max_pages? integer
---@field stop? fun(page: table): any a true value makes this page the last one
---@field prefetch? boolean ask for the next page while the program works on this one

---The pages of a method for a loop: each answer, and where the one behind it begins. A page
---that cannot be had raises its error there. Without a loop next() gives `nil, err` instead.
---@param method string|table "users.list", or client.users.list
---@param args? table<string, any> left as they are; `cursor` to begin elsewhere
---@param options? slack.PagesOptions
---@return slack.Pages
function Client:pages(method, args, options)
  return loop_over("pages", pages.pages, self, method, args, options)
end

---@class slack.EachOptions: slack.CallOptions
---@field max_items? integer
---@field max_pages? integer
---@field items? string field of the page that has them, where it is not known
---@field stop? fun(item: any): any a true value makes this item the last one
---@field prefetch? boolean ask for the next page while the program works on this one

---What is in the pages of a method, one by one, for a loop; see pages.
---@param method string|table "users.list", or client.users.list
---@param args? table<string, any> left as they are
---@param options? slack.EachOptions
---@return slack.Items
function Client:each(method, args, options)
  return loop_over("each", pages.each, self, method, args, options)
end

---Uploads a file, or several, and shows them in a channel if one is named. The message with
---them comes a moment later: its ts is not known yet.
---@async
---@param what slack.Upload
---@param options? slack.CallOptions timeout: seconds in which no byte of a file is sent
---@return { id: string, title: string }? file a list of them where `files` are given
---@return slack.Error? err Slack's word; "file" when it cannot be read, "empty_file",
---  "file_changed", "upload_failed" when Slack did not take the bytes. Of several files
---  `err.uploaded` and `err.failed` say what became of each
function Client:upload(what, options)
  check_self(self, Client, "client.upload")
  local problem = upload.problem(what, options)
  if problem then
    error("client:upload: " .. problem, 2)
  end
  return upload.run(self, what, options)
end

---What has become of its calls, and of those of the clients made from it.
---@return slack.ClientStats
function Client:stats()
  check_self(self, Client, "client.stats")
  return self._stats:read(self._pacing:waiting() + self._transfers._pacing:waiting())
end

---Downloads a file of Slack's, with the token, which goes to Slack's hosts only.
---@async
---@param what string|table url_private, a file, or the id of one
---@param to? string|fun(bytes: string)|file* a path, where it is when it is whole; a function,
---  called with each part, which may wait; an open file; nil: the bytes are the result
---@param options? slack.DownloadOptions timeout: seconds in which no byte arrives
---@return string|integer? bytes; how many there were when they went elsewhere
---@return slack.Error? err "no_access": Slack shows its page to sign in instead (the token lacks
---  files:read), "foreign_url", "no_url", "too_large", "file", "sink", "download_failed"
function Client:download(what, to, options)
  check_self(self, Client, "client.download")
  local problem = download.problem(what, to, options)
  if problem then
    error("client:download: " .. problem, 2)
  end
  return download.run(self, what, to, options)
end

-- Making -----------------------------------------------------------------------

---The same client with another token; rate limits are kept apart by token.
---@param token string
---@return slack.Client
function Client:with_token(token)
  check_self(self, Client, "client.with_token")
  local problem = client_options.token_problem(token)
  if problem then
    error("client:with_token: a token: " .. problem, 2)
  end
  return setmetatable(host.with_token(self, token), Client)
end

---@class slack.ClientOptions
---@field token? string SLACK_BOT_TOKEN
---@field api_url? string SLACK_API_URL, else "https://slack.com/api/"
---@field govslack? boolean "https://slack-gov.com/api/" instead
---@field timeout? number seconds for one attempt, from when its turn has come, 30
---@field connect_timeout? number seconds of them for the connection
---@field idle_timeout? number seconds of them in which no byte goes either way
---@field retries? integer|slack.RetryOptions attempts after the first, 5; 429 is not counted,
---  but with 0 there is one attempt
---@field pacing? boolean|slack.PacingOptions keep to Slack's limits before it says so; true for
---  Slack's own hosts
---@field max_wait? number seconds that a call may wait in all, for its turn, for what Slack
---  asks for and between attempts, 600; 0: it never waits
---@field on_wait? fun(method: string, seconds: number, reason: "pacing"|"ratelimited"|"retry")
---  told when a call begins to wait
---@field proxy? string URL; "" for none; HTTPS_PROXY and the like
---@field no_proxy? string hosts, separated by commas; NO_PROXY
---@field ca_file? string PEM; SSL_CERT_FILE, else the system's
---@field insecure? boolean allow plain http to other hosts than this one
---@field http2? boolean offer HTTP/2 to https servers, false
---@field max_requests? integer calls under way to a host at a time, 16; the others wait in line
---@field headers? table<string, string> added to every request
---@field user_agent? string put before ours
---@field log? slack.LogLevel|slack.LogOptions|slack.Logger
---@field on_call? fun(method: string, err: slack.Error?) told of the end of each call
---@field hints? table<string, string> by Slack's word: what to do about it, for errors

local RULES = { name = "slack.client", token_variable = "SLACK_BOT_TOKEN" }

---@param options? slack.ClientOptions
---@return slack.Client
function M.new(options)
  local fields, problem = host.new(options or {}, RULES)
  if not fields then
    error(problem, 2)
  end
  return setmetatable(fields, Client)
end

return M
