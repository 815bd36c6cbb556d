-- SCIM: an organization's members and groups, as identity providers keep them.
--
--   local scim = slack.scim { token = "xoxp-...", version = 2 }
--   local user, err = scim.users:get "W123"

local advice = require "slack.web_api.advice"
local client_misuse = require "slack.client_misuse"
local merged = require "slack.merged"
local option_checks = require "slack.option_checks"
local paging = require "slack.web_api.paging"
local rest = require "slack.web_api.rest"

local DEFAULT_VERSION = 2

-- What a body says it is, where the program does not.
local SCHEMAS = {
  { Users = "urn:scim:schemas:core:1.0", Groups = "urn:scim:schemas:core:1.0",
    patch = "urn:scim:schemas:core:1.0" },
  { Users = "urn:ietf:params:scim:schemas:core:2.0:User",
    Groups = "urn:ietf:params:scim:schemas:core:2.0:Group",
    patch = "urn:ietf:params:scim:api:messages:2.0:PatchOp" },
}
local LIST_KINDS = {
  startIndex = "integer", count = "integer", filter = "string", attributes = "string",
  excludedAttributes = "string", sortBy = "string", sortOrder = "string",
}
local CONFIGURATION = { "ServiceProviderConfigs", "ServiceProviderConfig" }

local RULES = {
  name = "slack.scim",
  path = function(options)
    return ("scim/v%d/"):format(options.version or DEFAULT_VERSION)
  end,
  more = { version = { check = option_checks.integer_from(1, 2) } },
  token_hint = 'the option "token" must be a user token (xoxp-…) of an owner or admin with the '
    .. "scope admin",
}

-- Users and groups ------------------------------------------------------------------

---@class slack.scim.Resources
---@field scim slack.Scim
---@field kind "Users"|"Groups"
---@field name string "scim.users"
local Resources = { __name = "slack.scim.resources" }
Resources.__index = Resources

local function full_name(self, action)
  return self.name .. "." .. action
end

local function request(self, action, verb, id, body, options)
  return rest.request(self.scim, {
    name = full_name(self, action), verb = verb, body = body,
    path = id and self.kind .. "/" .. id or self.kind,
  }, options)
end

local function with_schemas(self, body, name)
  if body.schemas ~= nil then
    return body
  end
  return merged(body, { schemas = { SCHEMAS[self.scim.version][name] } })
end

---@class slack.ScimQuery
---@field filter? string 'userName eq "ada"'
---@field startIndex? integer of the first one, from 1
---@field count? integer at most 1000

---One page of them.
---@async
---@param query? slack.ScimQuery
---@param options? slack.CallOptions
---@return { totalResults: integer, startIndex: integer, Resources: table[] }?
---@return slack.Error? err
function Resources:list(query, options)
  local name = full_name(self, "list")
  if type(query) == "table" then
    advice.give(self.scim, name, { name = name, arguments = LIST_KINDS, required = {} }, query)
  end
  return rest.request(self.scim, {
    name = name, verb = "GET", path = self.kind, query = query, kinds = LIST_KINDS,
  }, options)
end

local function loop(self, name, query, options, is_each)
  return rest.loop(full_name(self, name), function(args, of_call)
    return self:list(args, of_call)
  end, options, is_each, function(own)
    own.items = own.items or "Resources"
    return paging.of("place", full_name(self, "list"), query, own)
  end)
end

---All pages of them, for a loop: as client:pages.
---@param query? slack.ScimQuery
---@param options? slack.PagesOptions
---@return slack.Pages
function Resources:pages(query, options)
  return loop(self, "pages", query, options, false)
end

---All of them, for a loop: as client:each.
---@param query? slack.ScimQuery
---@param options? slack.EachOptions
---@return slack.Items
function Resources:each(query, options)
  return loop(self, "each", query, options, true)
end

---@async
---@param id string
---@param options? slack.CallOptions
---@return table?
---@return slack.Error? err "not_found" or "user_not_found" when there is none
function Resources:get(id, options)
  id = rest.check_id(id, full_name(self, "get"))
  return request(self, "get", "GET", id, nil, options)
end

---@async
---@param resource table a user has userName and emails, a group displayName
---@param options? slack.CallOptions
---@return table? resource with its id
---@return slack.Error? err
function Resources:create(resource, options)
  rest.check_body(resource, full_name(self, "create"))
  return request(self, "create", "POST", nil, with_schemas(self, resource, self.kind), options)
end

---Changes some fields.
---@async
---@param id string
---@param change table SCIM 2: a list of operations, as { op = "replace", path = "active",
---  value = false }, or the whole body with Operations; SCIM 1: the fields
---@param options? slack.CallOptions
---@return table|true|nil resource true where Slack answers with nothing
---@return slack.Error? err
function Resources:patch(id, change, options)
  local name = full_name(self, "patch")
  id = rest.check_id(id, name)
  rest.check_body(change, name)
  if self.scim.version == 2 and change[1] ~= nil then
    change = { Operations = change }
  end
  return request(self, "patch", "PATCH", id, with_schemas(self, change, "patch"), options)
end

---Sets all fields: those that are missing are emptied.
---@async
---@param id string
---@param resource table
---@param options? slack.CallOptions
---@return table?
---@return slack.Error? err
function Resources:replace(id, resource, options)
  local name = full_name(self, "replace")
  id = rest.check_id(id, name)
  rest.check_body(resource, name)
  return request(self, "replace", "PUT", id, with_schemas(self, resource, self.kind), options)
end

---Deactivates a user, removes a group for good.
---@async
---@param id string
---@param options? slack.CallOptions
---@return true?
---@return slack.Error? err
function Resources:delete(id, options)
  id = rest.check_id(id, full_name(self, "delete"))
  return request(self, "delete", "DELETE", id, nil, options)
end

client_misuse.check_selves(Resources, "scim.users")

function Resources:__tostring()
  return self.name
end

-- The client --------------------------------------------------------------------------

---@class slack.Scim: slack.web_api.Rest
---@field users slack.scim.Resources
---@field groups slack.scim.Resources
---@field version 1|2
local methods = {}

---What Slack's SCIM can do.
---@async
---@param options? slack.CallOptions
---@return table?
---@return slack.Error? err
function methods:configuration(options)
  return rest.request(self, {
    name = "scim.configuration", verb = "GET", path = CONFIGURATION[self.version],
  }, options)
end

local Scim = rest.class(methods, "slack.scim")

function Scim:__tostring()
  return "slack.scim: " .. self._options.api_url
end

local function resources(scim, kind)
  return setmetatable({ scim = scim, kind = kind, name = "scim." .. kind:lower() }, Resources)
end

local M = {}

---@class slack.ScimOptions: slack.ClientOptions
---@field token? string of an owner or admin with the scope admin
---@field version? 1|2 of SCIM; 2
---@field api_url? string "https://api.slack.com/scim/v2/"

---@param options? slack.ScimOptions
---@return slack.Scim
function M.new(options)
  local scim = setmetatable(rest.new(options, RULES), Scim)
  scim.version = scim._options.version or DEFAULT_VERSION
  scim.users, scim.groups = resources(scim, "Users"), resources(scim, "Groups")
  return scim
end

return M
