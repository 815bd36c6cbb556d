-- Where the Web API is: Slack's own host, GovSlack's, or a server that the program names.

local SLACK = "https://slack.com/api/"
local GOVSLACK = "https://slack-gov.com/api/"
-- Audit logs and SCIM have hosts of their own; elsewhere they stand beside the Web API.
local REST_HOSTS = {
  ["https://slack.com"] = "https://api.slack.com",
  ["https://slack-gov.com"] = "https://api.slack-gov.com",
}

local M = { SLACK = SLACK }

---What keeps a URL from being a root.
---@type slack.OptionCheck
function M.problem(url)
  if url:find "[?#]" or url:find "^%a+://[^/]*@" then
    return "a URL with a host and a path alone expected: no query, no fragment, no user"
  end
end

---The root that options ask for. What the environment says is older than what they say.
---@param options { api_url: string?, govslack: boolean? }
---@return string? api_url with a slash at its end
---@return string? problem
function M.api_url(options)
  if options.govslack and options.api_url then
    return nil, 'the options "api_url" and "govslack" exclude each other'
  elseif options.govslack then
    return GOVSLACK
  end
  local environment = os.getenv "SLACK_API_URL"
  local url = options.api_url or (environment ~= "" and environment) or SLACK
  local problem = M.problem(url)
  if problem then
    return nil, (options.api_url and 'option "api_url": ' or "environment variable SLACK_API_URL: ")
      .. problem
  end
  return (url:gsub("/*$", "/", 1))
end

---@param api_url string
---@return string origin "https://slack.com"
function M.origin(api_url)
  return (api_url:match "^(%a+://[^/]+)")
end

---Whether it is at Slack's own host.
---@param url string
---@return boolean
function M.is_slack(url)
  local host = url:lower():match "^https://([^/:]+)" or ""
  return host == "slack.com" or host == "slack-gov.com"
    or host:find "%.slack%.com$" ~= nil or host:find "%.slack%-gov%.com$" ~= nil
end

---Where Slack's REST interfaces are.
---@param api_url string
---@return string "https://api.slack.com/"
function M.rest(api_url)
  local origin = M.origin(api_url)
  return (REST_HOSTS[origin:lower()] or origin) .. "/"
end

return M
