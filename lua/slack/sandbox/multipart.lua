-- Bodies of kind multipart/form-data, in which some clients wrap the bytes of a file
-- (protocol §14).

local M = {}

---@param content_type string? header of the request
---@return string? boundary nil when the body is of another kind
local function boundary_of(content_type)
  local kind, rest = (content_type or ""):match "^%s*([^;%s]+)(.*)$"
  if kind and kind:lower() == "multipart/form-data" then
    return rest:match 'boundary="([^"]+)"' or rest:match "boundary=([^%s;]+)"
  end
end

---The content of the first part, or the whole body when it has no parts.
---@param body string
---@param content_type string? header of the request
---@return string? content nil when the parts are broken
function M.content(body, content_type)
  local boundary = boundary_of(content_type)
  if not boundary then
    return body
  end
  local delimiter = "--" .. boundary
  local _, head = body:find(delimiter .. "\r\n", 1, true)
  local _, head_end = body:find("\r\n\r\n", head or 1, true)
  local finish = head and head_end and body:find("\r\n" .. delimiter, head_end + 1, true)
  return finish and body:sub(head_end + 1, finish - 1) or nil
end

return M
