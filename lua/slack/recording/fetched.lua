-- What slack.fetch was answered, as a recording keeps it: without headers, and without what
-- stands in the query of the URL.

local core = require "slack.core"
local json = require "slack.json"

local MAX_BODY <const> = 256 * 1024

local M = {}

local HIDDEN <const> = "hidden"

---A URL without secrets: by it a recorded answer is found again.
---@param url string
---@return string
function M.url(url)
  local base, query = url:gsub("#.*$", ""):match "^([^?]*)%??(.*)$"
  base = base:gsub("(https://hooks%.slack[^/]*/)[^?]+", "%1" .. HIDDEN)
  base = core.redact((base:gsub("^(%a[%w+.-]*://)[^/@]*@", "%1")))
  query = query:gsub("=[^&]*", "=" .. HIDDEN)
  return query ~= "" and base .. "?" .. query or base
end

local function body_of(response, redaction)
  local body = not response.received and rawget(response, "body")
  if type(body) ~= "string" then
    return nil, "stream"
  elseif #body > MAX_BODY then
    return nil, "too large"
  elseif not utf8.len(body) then
    return nil, "binary"
  end
  local value = body:find "^%s*[%[{]" and json.decode(body)
  if type(value) == "table" then
    return assert(json.encode(redaction:apply(value)))
  end
  return redaction:apply(body)
end

---The fields of a line.
---@param fetched slack.TappedFetch
---@param redaction slack.recording.Redaction
---@return table
function M.line(fetched, redaction)
  local response, err = fetched.response, fetched.err
  local fields = { type = "fetch", method = fetched.method, url = M.url(fetched.url) }
  if err or not response then
    fields.error = { code = err and err.code, message = core.redact(tostring(err)) }
    return fields
  end
  fields.status, fields.content_type = response.status, response.headers["content-type"]
  fields.text, fields.left_out = body_of(response, redaction)
  return fields
end

---The next recorded answer to a request, which is used up by it.
---@param lists slack.recording.Fetch[][] searched in this order
---@param used table<slack.recording.Fetch, true>
---@param asked { method: string, url: string }
---@return slack.recording.Fetch?
function M.take(lists, used, asked)
  local url = M.url(asked.url)
  for _, list in ipairs(lists) do
    for _, fetch in ipairs(list) do
      if not used[fetch] and fetch.url == url and fetch.method == asked.method then
        used[fetch] = true
        return fetch
      end
    end
  end
end

---As the fake network tells it.
---@param fetch slack.recording.Fetch
---@return slack.fake_network.Told
function M.told(fetch)
  if fetch.error then
    return { code = fetch.error.code or "connection", message = fetch.error.message or "" }
  elseif not fetch.text then
    return { code = "not_recorded", message = ("%s: its answer was not recorded: %s"):format(
      fetch.url, tostring(fetch.left_out)) }
  end
  local headers = fetch.content_type and { "content-type", fetch.content_type } or {}
  return { status = fetch.status, headers = headers, body = fetch.text }
end

return M
