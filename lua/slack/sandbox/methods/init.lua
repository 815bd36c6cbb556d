-- The Web API methods of the local Slack, by name. Each takes the workspace
-- and a call and gives the fields of the answer, or nil, Slack's error word,
-- and perhaps more fields for the answer.

---@class slack.sandbox.Call
---@field args table decoded arguments
---@field token string?
---@field identity slack.sandbox.Identity what the token stands for
---@field token_type "bot"|"user"|"app"|"none"
---@field user_id string the user that the token acts as
---@field basic string? user and password of Basic authentication
---@field open_connection fun(): string makes a WebSocket URL with a fresh ticket
---@field open_rtm fun(workspace: table, user_id: string, batches: boolean): string makes a
---  WebSocket URL for RTM
---@field use_trigger fun(id: string, workspace: table): true?, string? spends a trigger_id
---@field trigger_user fun(id: string): string? for whom a view is opened with a trigger_id
---@field new_webhook fun(workspace: table): table makes an incoming webhook
---@field tell fun(place: table, event: table) tells the app of what befell itself
---@field clock fun(): number
---@field scopes table<string, true>? that the token has; nil where scopes are not enforced
---@field grants slack.sandbox.Grants
---@field oauth slack.sandbox.OAuth
---@field uploads slack.sandbox.Uploads
---@field scheduled slack.sandbox.Scheduled

---@alias slack.sandbox.Method
---| fun(workspace: slack.sandbox.Workspace, call: slack.sandbox.Call): table?, string?, table?

---@type table<string, slack.sandbox.Method>
local methods = {}

for _, area in ipairs {
  "apps", "assistant", "bookmarks", "channels", "chat", "conversations", "files", "functions",
  "oauth", "openid", "pins", "reactions", "reminders", "scheduled_messages", "search", "streams",
  "team", "unfurls", "usergroups", "users", "views",
} do
  for name, method in pairs(require("slack.sandbox.methods." .. area)) do
    methods[name] = method
  end
end

return methods
