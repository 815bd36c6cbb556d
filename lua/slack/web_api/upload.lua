-- Uploads a file in Slack's three steps (protocol §14): a URL for it, the bytes to that
-- URL, and the word that it is complete and where to show it.

local core = require "slack.core"
local errors = require "slack.errors"
local http = require "slack.http"
local near_miss = require "slack.near_miss"
local retry = require "slack.retry"
local tasks = require "slack.tasks"

local EXCERPT_LENGTH = 80

local FIELDS = {
  content = "string", file = "string", filename = "string", title = "string", alt_txt = "string",
  snippet_type = "string", channel = "string", thread_ts = "string", initial_comment = "string",
}
local NEEDS_CHANNEL = { "thread_ts", "initial_comment" }

---@class slack.Upload
---@field content? string the bytes; or file
---@field file? string path to read them from
---@field filename? string by default that of file
---@field title? string filename
---@field alt_txt? string says what a picture shows
---@field snippet_type? string "lua", "python", …: shown as a snippet of that language
---@field channel? string id; without it only the bot has the file
---@field thread_ts? string
---@field initial_comment? string text of the message that it comes with

local M = {}

-- What a program asks ------------------------------------------------------------------

---What is wrong with it, or nil.
---@param what any
---@return string?
function M.problem(what)
  if type(what) ~= "table" then
    return "a table with content or file expected, got " .. type(what)
  end
  for name, value in pairs(what) do
    if not FIELDS[name] then
      return ("unknown field %q%s"):format(tostring(name), near_miss(name, FIELDS))
    elseif type(value) ~= FIELDS[name] then
      return ("field %q: %s expected, got %s"):format(name, FIELDS[name], type(value))
    end
  end
  if (what.content == nil) == (what.file == nil) then
    return what.file and 'fields "content" and "file" exclude each other'
      or 'field "content" or "file" is missing'
  elseif what.content and not what.filename then
    return 'field "filename" is missing, which "content" needs'
  end
  for _, name in ipairs(NEEDS_CHANNEL) do
    if what[name] and not what.channel then
      return ('field %q has no use without "channel"'):format(name)
    end
  end
end

local function failure(code, message, more)
  local fields = more or {}
  fields.code, fields.message, fields.method = code, "client:upload: " .. message, "client:upload"
  return errors.new(fields)
end

local function read_file(path)
  local file, message = io.open(path, "rb")
  local bytes
  if file then
    bytes, message = file:read "a"
    file:close()
  end
  if not bytes then
    return nil, failure("file", ("the file cannot be read: %s"):format(message))
  end
  return bytes
end

local function read_content(what)
  local bytes, err = what.content, nil
  if not bytes then
    bytes, err = read_file(what.file)
  end
  if bytes == "" then
    return nil, failure("empty_file", "the file is empty, and Slack takes no empty ones")
  end
  return bytes, err
end

-- The steps ----------------------------------------------------------------------------

local function refusal(name, response)
  local text = response.body:gsub("[^\32-\126]+", " "):sub(1, EXCERPT_LENGTH)
  return failure(response.status == 429 and "ratelimited" or "upload_failed",
    ("Slack did not take the bytes of %q: status %d: %s"):format(name, response.status,
      core.redact(text)),
    { status = response.status, retry_after = tonumber(response.headers["retry-after"]) })
end

-- The URL is a secret, so nothing tells it.
local function send_bytes(client, url, name, bytes)
  local response, err = http.request {
    method = "POST", url = url, body = bytes, net = client._net, timeout = client._options.timeout,
    headers = { "Content-Type", "application/octet-stream", "User-Agent", client._user_agent },
  }
  if not response then
    return nil, failure(err.code, ("the bytes of %q could not be sent: %s"):format(name,
      err.message), { cause = err })
  elseif not response.ok then
    return nil, refusal(name, response)
  end
  return true
end

local function begin(client, name, what, bytes)
  local place, err = client:call("files.getUploadURLExternal", {
    filename = name, length = #bytes, alt_txt = what.alt_txt, snippet_type = what.snippet_type,
  })
  if not place then
    return nil, err
  elseif type(place.upload_url) ~= "string" or type(place.file_id) ~= "string" then
    return nil, failure("invalid_response", "files.getUploadURLExternal gave no URL")
  end
  local ok
  ok, err = send_bytes(client, place.upload_url, name, bytes)
  return ok and place.file_id, err
end

-- A URL works once: what failed goes to a new one, and only the last file is completed.
local function begin_stubbornly(client, name, what, bytes)
  local failures = 0
  while true do
    local id, err = begin(client, name, what, bytes)
    if id or err.method ~= "client:upload" then
      return id, err -- methods repeat themselves
    end
    failures = failures + 1
    local is_limit = retry.is_rate_limit(err)
    if failures > client._options.retries or not (is_limit or retry.is_worthwhile(err, true)) then
      return nil, err
    end
    local delay = is_limit and err.retry_after or retry.delay(failures)
    client:_log():info("%s; trying again in %.1f s", err, delay)
    tasks.sleep(delay)
  end
end

---@async
---@param client slack.Client
---@param what slack.Upload without a problem
---@return table? file
---@return slack.Error? err
function M.run(client, what)
  local bytes, err = read_content(what)
  if not bytes then
    return nil, err
  end
  local name = what.filename or what.file:match "[^/]+$"
  local id
  id, err = begin_stubbornly(client, name, what, bytes)
  if not id then
    return nil, err
  end
  local answer
  answer, err = client:call("files.completeUploadExternal", {
    files = { { id = id, title = what.title or name } }, channel_id = what.channel,
    thread_ts = what.thread_ts, initial_comment = what.initial_comment,
  })
  if not answer then
    return nil, err
  elseif type(answer.files) ~= "table" or type(answer.files[1]) ~= "table" then
    return nil, failure("invalid_response", "files.completeUploadExternal gave no file")
  end
  return answer.files[1]
end

return M
