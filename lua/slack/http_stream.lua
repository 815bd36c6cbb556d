-- A request whose bodies are not held in memory. What is sent and what arrives passes in
-- pieces between the client thread and the task that made the request: its functions are
-- called here, in turns, and may wait. The transfer waits for them in its turn.

local errors = require "slack.errors"
local misuse = require "slack.misuse"
local raised = require "slack.raised"
local tasks = require "slack.tasks"

local Response = require "slack.http_response"

local FOLDER = misuse.folder()
local PIECE = 128 * 1024 -- as in src/http_stream.h

---@class slack.HttpStream
---@field request slack.HttpRequest
---@field response? slack.core.http_response the whole one, at the end
---@field err? slack.Error why it ended
---@field ended boolean
local Stream = { __name = "slack.http_stream" }
Stream.__index = Stream

---What the client thread says of a failure as an error.
---@param code string
---@param message string
---@return slack.Error
function Stream.failure(code, message)
  local is_unsent = code == "timeout_unsent" or nil
  return errors.new {
    code = is_unsent and "timeout" or code, message = message, is_unsent = is_unsent,
  }
end

-- Beginning ------------------------------------------------------------------------

---Whether the request is one for this file.
---@param request slack.HttpRequest
---@return boolean
function Stream.is_for(request)
  return request.sink ~= nil or request.on_head ~= nil or request.on_progress ~= nil
    or type(request.body) == "function" or type(request.body) == "table"
end

local function path_of(what, name)
  if type(what) ~= "table" then
    return nil
  elseif type(what.file) ~= "string" then
    error(("http.request: %s: { file = path } or a function expected"):format(name), 0)
  end
  return what.file
end

local function settings_of(request, is_open)
  local settings = {}
  for name, value in pairs(request) do
    settings[name] = value
  end
  local body = request.body
  settings.body = type(body) == "string" and body or nil
  settings.stream = {
    source = path_of(body, "body"),
    feed = type(body) == "function",
    length = request.length,
    sink = path_of(request.sink, "sink"),
    pieces = is_open or type(request.sink) == "function",
    head = is_open or request.on_head ~= nil,
    progress = request.on_progress ~= nil,
    max_taken = request.max_response,
  }
  if is_open or request.sink then
    settings.max_response = nil -- of what tells of a failure, and is held in memory
  end
  return settings
end

---A body of pieces that are gone cannot be sent twice; nor is a sink told anything twice.
---@param request slack.HttpRequest
---@return boolean
function Stream.is_repeatable(request)
  return not request.is_spent
end

---@param client { core: slack.core.http_client, waiting: table } of slack.http
---@param request slack.HttpRequest with net
---@param is_open? boolean the response's body is asked for with next()
---@return slack.HttpStream?
---@return slack.Error?
function Stream.begin(client, request, is_open)
  if request.is_spent then
    return nil, errors.new {
      code = "body", message = "a request whose functions have been called cannot be made again",
    }
  end
  local id, message, code = client.core:request(settings_of(request, is_open))
  if not id then
    return nil, errors.new { code = code, message = message }
  end
  local self = setmetatable({
    client = client, id = id, request = request, ended = false,
  }, Stream)
  client.waiting[id] = self
  return self
end

-- What the client thread says --------------------------------------------------------

local function wake(self)
  local waiter = self.waiter
  if waiter then
    self.waiter = nil
    waiter:resolve()
  end
end

---Of each kind one can be outstanding; of pieces one more, the last of all.
function Stream:on_event(kind, ...)
  if self.piece and kind == "piece" then
    kind = "last_piece"
  end
  self[kind] = kind == "progress" and { ... } or (...) or true
  wake(self)
end

---The end, with everything that came before it.
function Stream:resolve(response, message, code)
  self.ended = true
  self.response = response
  self.err = not response and Stream.failure(code, message) or nil
  wake(self)
end

---The answer to a request that nobody waits for any more.
function Stream.discard(response)
  if response and response.file then
    response.file:close()
  end
end

---Ends the transfer if it has not.
function Stream:cancel()
  if not self.ended then
    self.ended = true
    self.err = errors.new { code = "cancelled", message = "the transfer was given up" }
    self.client.waiting[self.id] = nil
    self.client.core:cancel(self.id)
  end
  self.piece, self.last_piece, self.head, self.progress = nil, nil, nil, nil
  Stream.discard(self.response)
  wake(self)
end

Stream.__close = Stream.cancel

-- The caller's functions ---------------------------------------------------------------

local function trace(err)
  return { err = err, traceback = debug.traceback("", 2) }
end

local function failure(name, what, more)
  more = more or {}
  more.code, more.message = name, ("the function given as %q %s"):format(name, what)
  return errors.new(more)
end

local function check_call(name, ok, value, reason)
  if not ok then
    return nil, failure(name, "raised: " .. raised.text(value.err),
      { cause = value.err, traceback = value.traceback })
  end
  return true, value, reason
end

-- true and its first two results; nil, err when it raised.
local function call(name, fn, ...)
  return check_call(name, xpcall(fn, trace, ...))
end

local function next_bytes(self)
  self.request.is_spent = true
  local ok, bytes, reason = call("body", self.request.body)
  if not ok then
    return nil, bytes
  elseif bytes == nil and reason ~= nil then
    return nil, failure("body", "failed: " .. raised.text(reason), { cause = reason })
  elseif bytes ~= nil and type(bytes) ~= "string" then
    return nil, failure("body", "gave a " .. type(bytes) .. ", not a string")
  end
  return bytes
end

-- What it gave may be longer than a piece, or nothing at all.
local function feed(self)
  local bytes, at = self.rest, self.rest_at
  while not bytes or bytes == "" do
    local err
    bytes, err = next_bytes(self)
    if err then
      return err
    elseif self.ended or not bytes then
      self.client.core:feed(self.id)
      return
    end
    at = 1
  end
  local piece = #bytes <= PIECE and bytes or bytes:sub(at, at + PIECE - 1)
  at = at + #piece
  self.rest, self.rest_at = at <= #bytes and bytes or nil, at
  self.client.core:feed(self.id, piece)
end

local function take(self, name)
  local value = self[name]
  self[name] = nil
  return value
end

local function wait(self)
  if self.waiter then
    misuse.raise(FOLDER, "response:read: another task reads this response already")
  end
  local waiter = tasks.waiter()
  self.waiter = waiter
  waiter.on_abandon = function()
    self.waiter = nil
  end
  waiter:await()
end

-- What comes next --------------------------------------------------------------------

---Waits for the next thing that the caller has to see, while the body is sent.
---@async
---@return "head"|"piece"|"end"|"failed"
---@return any value the head, the piece, or the error
function Stream:next()
  while true do
    local progress = take(self, "progress")
    if progress then
      local name, fn = self.request.progress_name, self.request.on_progress
      local ok, err = call(name or "on_progress", fn, table.unpack(progress, 1, 4))
      if not ok then
        return "failed", err
      end
    elseif self.head then
      return "head", take(self, "head")
    elseif self.piece then
      local piece = self.piece
      self.piece = take(self, "last_piece")
      return "piece", piece
    elseif self.ended then
      return self.err and "failed" or "end", self.err
    elseif take(self, "hungry") then
      local err = feed(self)
      if err then
        return "failed", err
      end
    else
      wait(self)
    end
  end
end

---The last piece is dealt with: the next may come.
function Stream:hand_on()
  if not self.ended then
    self.client.core:hand_on(self.id)
  end
end

-- From beginning to end ----------------------------------------------------------------

local function show_head(self, head)
  local on_head = self.request.on_head
  if not on_head then
    return
  end
  local response = Response.new(head, self.request.url)
  local ok, verdict = call("on_head", on_head, response)
  if not ok then
    return verdict
  elseif verdict == false then
    return errors.new {
      code = "refused", status = response.status,
      message = ("the response with status %d was refused by on_head"):format(response.status),
    }
  end
end

local function sink_piece(self, piece)
  self.request.is_spent = true
  local ok, verdict, reason = call("sink", self.request.sink, piece)
  if not ok then
    return verdict
  elseif verdict == false or (verdict == nil and reason ~= nil) then
    return failure("sink", "failed: " .. (reason and raised.text(reason) or "it returned false"),
      { cause = reason })
  end
  self:hand_on()
end

-- A file is given its name only when its request has come to its end.
local function keep_file(response)
  local file = response.file
  response.file = nil
  if file then
    local ok, message, code = file:commit()
    file:close()
    if not ok then
      return errors.new { code = code, message = message }
    end
  end
end

---Waits for the end, with the caller's functions called on the way.
---@async
---@return slack.Response?
---@return slack.Error?
function Stream:finish()
  while true do
    local kind, value = self:next()
    local err
    if kind == "piece" then
      err = sink_piece(self, value)
    elseif kind == "head" then
      err = show_head(self, value)
    else
      err = value or keep_file(self.response)
      return not err and Response.new(self.response, self.request.url) or nil, err
    end
    if err then
      return nil, err
    end
  end
end

return Stream
