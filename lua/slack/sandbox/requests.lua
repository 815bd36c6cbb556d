-- Requests to the local Slack's Web API: arguments, token, and what of them is wrong or is
-- remarked on.

local base64 = require "slack.base64"
local form = require "slack.form"
local json = require "slack.json"

local FORM <const>, JSON <const> = "application/x-www-form-urlencoded", "application/json"

local M = {}

local function content_type(request)
  local value = (request.headers["content-type"] or FORM):lower()
  return value:match "^%s*([^;%s]*)", value:find(";%s*charset=") ~= nil
end

local function json_arguments(body)
  local decoded = json.decode(body)
  if decoded == nil then
    return nil, "invalid_json"
  elseif type(decoded) ~= "table" then
    return nil, "json_not_object"
  end
  for name, value in pairs(decoded) do
    if value == json.null then
      decoded[name] = nil
    end
  end
  return decoded
end

---The arguments: of the query, and of a form or a JSON body.
---@param request slack.sandbox.Request
---@return table? args
---@return string? error Slack's word
function M.arguments(request)
  local args = form.decode(request.query or "")
  if not args then
    return nil, "invalid_form_data"
  elseif request.body == "" then
    return args
  end
  local kind = content_type(request)
  if kind == JSON then
    return json_arguments(request.body)
  elseif kind ~= FORM then
    return nil, "invalid_post_type"
  end
  local fields = form.decode(request.body)
  if not fields then
    return nil, "invalid_form_data"
  end
  for name, value in pairs(fields) do
    args[name] = value
  end
  return args
end

---The token: it counts in the header; a bot token also as an argument of a form.
---@param request slack.sandbox.Request
---@param args table the token is taken out
---@param method string
---@return string?
function M.token(request, args, method)
  local token = (request.headers.authorization or ""):match "^[Bb]earer%s+(%S+)$"
  if not token and content_type(request) ~= JSON and method ~= "apps.connections.open" then
    token = args.token
  end
  args.token = nil
  return token
end

---User and password of Basic authentication.
---@param request slack.sandbox.Request
---@return string?
function M.basic(request)
  local text = (request.headers.authorization or ""):match "^[Bb]asic%s+(%S+)$"
  return text and base64.decode(text)
end

---What Slack remarks on in a request that it takes all the same.
---@param request slack.sandbox.Request
---@return string? warning
function M.warning(request)
  if request.body == "" then
    return nil
  end
  local kind, has_charset = content_type(request)
  if kind == JSON and not has_charset then
    return "missing_charset"
  elseif kind == FORM and has_charset then
    return "superfluous_charset"
  end
end

-- Types of arguments that are one value, as text.
local SCALARS <const> = {
  string = true, channel_id = true, user_id = true, file_id = true, timestamp = true,
}

---The arguments of a method, those that are texts as texts: JSON may have numbers there.
---@param known slack.Method
---@param args table
---@return table? args
---@return string? error Slack's word
---@return table? more fields of the answer
function M.typed(known, args)
  local typed = {}
  for name, value in pairs(args) do
    local kind = known.arguments[name]
    if (SCALARS[kind] or kind == "integer") and type(value) == "table" then
      return nil, "invalid_arguments", { response_metadata = { messages = {
        ("[ERROR] must be %s [json-pointer:/%s]"):format(
          kind == "integer" and "an integer" or "a string", name),
      } } }
    end
    typed[name] = SCALARS[kind] and tostring(value) or value
  end
  return typed
end

-- Methods that have a word of their own for an argument that is missing.
local WORDS = {
  ["chat.meMessage"] = { text = "no_text" },
  ["conversations.create"] = { name = "invalid_name_required" },
  ["conversations.invite"] = { users = "no_user" },
  ["conversations.rename"] = { name = "invalid_name_required" },
  ["dialog.open"] = { dialog = "missing_dialog", trigger_id = "missing_trigger" },
  ["dnd.setSnooze"] = { num_minutes = "missing_duration" },
  ["dnd.teamInfo"] = { users = "no_users_provided" },
  ["search.all"] = { query = "no_query" },
  ["search.files"] = { query = "no_query" },
  ["search.messages"] = { query = "no_query" },
  ["usergroups.create"] = { name = "missing_subteam_name" },
  ["usergroups.users.update"] = { users = "no_users_provided" },
}

---The first argument that is needed and missing.
---@param known slack.Method
---@param args table
---@return string? error Slack's word
---@return table? more fields of the answer
function M.missing(known, args)
  for _, name in ipairs(known.required) do
    if args[name] == nil then
      local word = (WORDS[known.name] or {})[name]
      if word then
        return word
      end
      return "invalid_arguments", {
        response_metadata = { messages = { "[ERROR] missing required field: " .. name } },
      }
    end
  end
end

return M
