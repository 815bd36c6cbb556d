-- A response that is there while its body still comes (slack.fetch with `stream`).

local errors = require "slack.errors"

local Response = require "slack.http_response"

---Closed by close, by a to-be-closed variable, at its end, or when nobody holds it any more.
---The body of an answer without a status of 2xx is in memory already, and in `body`.
---@class slack.StreamedResponse: slack.Response
---@field received integer bytes of the body that were read
local Streamed = { __name = "slack.streamed_response" }

function Streamed:__index(key)
  local method = Streamed[key]
  if method ~= nil then
    return method
  end
  return Response.__index(self, key)
end

local function new(fields, url, stream)
  local self = Response.new(fields, url)
  self.received = 0
  self._stream = stream -- until its end
  self._rest, self._at = not stream and self.body ~= "" and self.body or nil, 1
  if stream then
    self.body = nil
  end
  return setmetatable(self, Streamed)
end

local Guard = {}

function Guard:__close()
  if self.stream then
    self.stream:cancel()
  end
end

local function wait_for_head(stream)
  local kind, value
  repeat
    kind, value = stream:next()
  until kind ~= "head" or (value.status >= 200 and value.status < 300)
  return kind, value
end

---Waits for the head of the response, or for all of one that tells of a failure.
---@async
---@param stream slack.HttpStream begun to be read
---@return slack.StreamedResponse?
---@return slack.Error?
function Streamed.open(stream)
  local guard <close> = setmetatable({ stream = stream }, Guard)
  local kind, value = wait_for_head(stream)
  if kind == "failed" then
    return nil, value
  elseif kind == "end" then
    return new(stream.response, stream.request.url)
  end
  guard.stream = nil
  return new(value, stream.request.url, stream)
end

-- Reading ----------------------------------------------------------------------------

local function fail(self, err)
  self._err = err
  self:close()
  return nil, err
end

-- From what has arrived; all of it without a number.
local function take_rest(self, wanted)
  local rest, at = self._rest, self._at
  if not wanted or wanted > #rest - at then
    self._rest, self._at = nil, 1
    return at == 1 and rest or rest:sub(at)
  end
  self._at = at + wanted
  return rest:sub(at, at + wanted - 1)
end

-- What has arrived; nil at the end; nil, err.
local function next_part(self)
  local stream = self._stream
  if self._rest then
    return take_rest(self)
  elseif not stream then
    return nil, self._err
  end
  local kind, value = stream:next()
  if kind == "piece" then
    stream:hand_on()
    return value
  elseif kind == "failed" then
    return fail(self, self._err or value)
  end
  self._stream = nil
end

-- Up to so many bytes, however they arrive.
local function gather(self, wanted)
  local parts, count = {}, 0
  while count < wanted do
    if not self._rest then
      local part, err = next_part(self)
      if err then
        return nil, err
      elseif not part then
        break
      end
      self._rest = part
    end
    local part = take_rest(self, wanted - count)
    parts[#parts + 1] = part
    count = count + #part
  end
  return table.concat(parts)
end

---Waits for more of the body.
---@async
---@param wanted? integer|"a" so many bytes, less only at the end; "a": all that is left;
---  without it what has arrived
---@return string? bytes nil at the end (with "a": "")
---@return slack.Error? err what came before it is not the whole
function Streamed:read(wanted)
  local is_count = math.type(wanted) == "integer" and wanted > 0
  if wanted ~= nil and wanted ~= "a" and not is_count then
    error(('response:read: a number of bytes or "a" expected, got %s'):format(tostring(wanted)), 2)
  end
  local bytes, err
  if wanted == nil then
    bytes, err = next_part(self)
  else
    bytes, err = gather(self, is_count and wanted or math.maxinteger)
  end
  if is_count and bytes == "" then
    return nil
  elseif bytes then
    self.received = self.received + #bytes
  end
  return bytes, err
end

---The body part by part, as it arrives: `for part in response:chunks() do`. A part that cannot
---be had raises its error in the loop, as io.lines does: a body that broke off would pass for a
---whole one. Leaving the loop closes the response.
---@return fun(): string?
function Streamed:chunks()
  return function()
    local bytes, err = self:read()
    if err then
      error(err, 0)
    end
    return bytes
  end, nil, nil, self
end

---The rest of the body decoded from JSON.
---@async
---@return any value
---@return slack.Error? err
function Streamed:json()
  if self.body == nil then
    local body, err = self:read "a"
    if not body then
      return nil, err
    end
    self.body = body
  end
  return Response.json(self)
end

---Ends the transfer if there is more to come; reading then gives nil, err.
function Streamed:close()
  local stream = self._stream
  if stream then
    self._stream, self._rest = nil, nil
    self._err = self._err
      or errors.new { code = "closed", message = "the response has been closed" }
    stream:cancel()
  end
end

Streamed.__close = Streamed.close

-- The client thread may have gone by now.
function Streamed:__gc()
  pcall(Streamed.close, self)
end

return Streamed
