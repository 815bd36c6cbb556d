-- The pages of the local Slack on which a person lets an app in, or does not.

local M = {}

local ESCAPES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

---@param text string
---@return string
function M.escape(text)
  return (text:gsub("[&<>\"']", ESCAPES))
end

local escape = M.escape

local FRAME = [[
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%s</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 34em; margin: 3em auto; padding: 0 1em; }
label { display: block; margin: 0.6em 0; } button { font: inherit; margin-right: 0.6em; }
</style></head><body>
<h1>%s</h1>
%s
</body></html>
]]

local function frame(title, body)
  return FRAME:format(escape(title), escape(title), body)
end

local function list(title, scopes)
  if #scopes == 0 then
    return ""
  end
  local items = {}
  for i, scope in ipairs(scopes) do
    items[i] = ("<li><code>%s</code></li>"):format(escape(scope))
  end
  return ("<p>%s</p><ul>%s</ul>"):format(title, table.concat(items))
end

local function option(value, text, is_selected)
  return ('<option value="%s"%s>%s</option>'):format(
    escape(value), is_selected and " selected" or "", escape(text))
end

-- Who one is: a person in a workspace, "T… U…" as one choice.
local function person_options(workspaces, team_id)
  local options = {}
  for _, workspace in ipairs(workspaces) do
    for position, user in ipairs(workspace.user_list) do
      if not user.is_bot then
        table.insert(options, option(workspace.id .. " " .. user.id,
          ("%s in %s"):format(user.name, workspace.team.name),
          workspace.id == team_id and position == 2))
      end
    end
  end
  return table.concat(options)
end

local function has_organization(workspaces)
  for _, workspace in ipairs(workspaces) do
    if workspace.organization then
      return true
    end
  end
end

local FORM = [[
%s
<form method="post" action="%s">
<input type="hidden" name="request" value="%s">
<label>You are <select name="person">%s</select></label>
%s
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Cancel</button>
</form>]]

local FOR_ORG = [[
<label><input type="checkbox" name="org" value="1"> for all workspaces of the organization</label>]]

---The page that asks for a decision.
---@param request slack.sandbox.AuthorizeRequest
---@param workspaces slack.sandbox.Workspace[]
---@param action string path that the form goes to
---@return string html
function M.ask(request, workspaces, action)
  local scopes = list("In the workspace it may:", request.scopes)
    .. list("On your behalf it may:", request.user_scopes)
  return frame(request.app_name .. " asks for access", FORM:format(
    scopes, action, request.id, person_options(workspaces, request.team_id or workspaces[1].id),
    request.kind == "v2" and has_organization(workspaces) and FOR_ORG or ""))
end

---The page to which an app sends people who have let it in.
---@param workspace slack.sandbox.Workspace?
---@return string html
function M.app_redirect(workspace)
  return frame("Back in Slack", ("<p>This is where %s would open.</p>"):format(
    escape(workspace and workspace.team.name or "Slack")))
end

---The page that says why nothing can be asked.
---@param word string
---@param detail? string
---@return string html
function M.refuse(word, detail)
  return frame("This cannot be authorized",
    ("<p>The app sent a wrong request: <code>%s</code></p>"):format(escape(word))
      .. (detail and "<p>" .. escape(detail) .. "</p>" or ""))
end

return M
