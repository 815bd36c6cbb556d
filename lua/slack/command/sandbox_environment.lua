-- What a bot has to find in its environment to use a local Slack in place of Slack's own.

local M = {}

-- Where the bot is to report what it has registered.
M.REPORT = "SLACK_SANDBOX_REPORT"

---Names and values, in the order in which a person reads them; false: to be unset.
---@param slack_here slack.Sandbox
---@param plan slack.command.SandboxPlan
---@return { [1]: string, [2]: string|false }[]
function M.list(slack_here, plan)
  local is_socket_mode = not plan.rtm and not plan.is_http
  local list = {
    { "SLACK_API_URL", slack_here.api_url },
    { "SSL_CERT_FILE", slack_here.ca_file },
    { "SLACK_BOT_TOKEN", not plan.oauth and slack_here.bot_token },
    { "SLACK_APP_TOKEN", is_socket_mode and slack_here.app_token },
  }
  local function add(condition, name, value)
    if condition then
      table.insert(list, { name, value })
    end
  end
  add(plan.url, "SLACK_SIGNING_SECRET", slack_here.signing_secret)
  add(plan.both or plan.rtm, "SLACK_TRANSPORT", plan.both and "both" or "rtm")
  add(plan.oauth, "SLACK_CLIENT_ID", slack_here.client_id)
  add(plan.oauth, "SLACK_CLIENT_SECRET", slack_here.client_secret)
  return list
end

---The lines to be given to a shell.
---@param slack_here slack.Sandbox
---@param plan slack.command.SandboxPlan
---@return string
function M.exports(slack_here, plan)
  local lines = {}
  for i, entry in ipairs(M.list(slack_here, plan)) do
    lines[i] = entry[2] and ("export %s='%s'"):format(entry[1], entry[2]) or "unset " .. entry[1]
  end
  return table.concat(lines, "\n") .. "\n"
end

---The same for a process: what is unset is empty, so that no .env fills it in.
---@param slack_here slack.Sandbox
---@param plan slack.command.SandboxPlan
---@return table<string, string>
function M.of_process(slack_here, plan)
  local environment = {
    SLACK_SIGNING_SECRET = "", SLACK_TRANSPORT = "", SLACK_CLIENT_ID = "", SLACK_CLIENT_SECRET = "",
    PORT = plan.url and plan.url:match "^%a+://[^/]-:(%d+)/" or nil,
    [M.REPORT] = slack_here.url .. "sandbox/report",
  }
  for _, entry in ipairs(M.list(slack_here, plan)) do
    environment[entry[1]] = entry[2] or ""
  end
  return environment
end

return M
