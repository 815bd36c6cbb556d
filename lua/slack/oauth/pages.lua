-- The pages of installing and signing in. Whatever is put into one is escaped; a
-- page loads nothing, runs nothing, and tells no other site where it was.

local base64 = require "slack.base64"
local core = require "slack.core"
local html = require "slack.html"
local merged = require "slack.merged"

local M = {}

local STYLE = [[
:root { color-scheme: light dark; --ink: #1d1c1d; --soft: #5c5b5d; --paper: #fff; --ground: #f4f2f5;
  --edge: #dcd9de; --key: #4a154b; --on-key: #fff; --good: #007a5a; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f0f3; --soft: #b5b1b8; --paper: #222025; --ground: #161418;
    --edge: #3d3941; --key: #e4c7e6; --on-key: #2b0c2c; --good: #4cc79f; --bad: #ff9d94 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width: 100%; max-width: 30rem; padding: 2.5rem 2rem; background: var(--paper);
  border: 1px solid var(--edge); border-radius: 1rem; text-align: center }
.mark { display: inline-grid; place-items: center; width: 3.25rem; height: 3.25rem;
  border-radius: 50%; font-size: 1.6rem; line-height: 1; color: var(--paper);
  background: var(--key) }
.good { background: var(--good) }
.bad { background: var(--bad) }
h1 { margin: 1rem 0 .5rem; font-size: 1.5rem; line-height: 1.25 }
p { margin: .5rem 0 0; color: var(--soft) }
a { color: inherit }
.button { display: inline-block; margin: 1.5rem 0 .25rem; padding: .8rem 1.5rem;
  border-radius: .5rem; font-weight: 600; text-decoration: none; background: var(--key);
  color: var(--on-key) }
.button:hover { filter: brightness(1.15) }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px }
code { overflow-wrap: anywhere }
]]

local PAGE = [[
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>%s</title>
%s<style>%s</style>
</head>
<body>
<main>
<span class="mark %s" aria-hidden="true">%s</span>
<h1>%s</h1>
%s
</main>
</body>
</html>
]]

-- The policy names the style sheet by its digest.
local headers

local function page_headers()
  headers = headers or {
    ["Content-Security-Policy"] = ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
      .. "form-action 'none'; frame-ancestors 'none'"):format(base64.encode(core.sha256(STYLE))),
    ["Cache-Control"] = "no-store",
    ["Referrer-Policy"] = "no-referrer",
    ["X-Content-Type-Options"] = "nosniff",
    ["X-Frame-Options"] = "DENY",
  }
  return merged(headers)
end

---A response of a route with the headers that every page here has.
---@param status integer
---@param text string HTML
---@return table
function M.response(status, text)
  return { status = status, html = text, headers = page_headers() }
end

---Leads to another address, and leaves no trace of this one.
---@param url string
---@return table
function M.redirect(url)
  return {
    redirect = url,
    headers = { ["Cache-Control"] = "no-store", ["Referrer-Policy"] = "no-referrer" },
  }
end

-- content is HTML already; the title is not.
local function page(title, mark, class, content, head)
  local escaped = html.escape(title)
  return PAGE:format(escaped, head or "", STYLE, class, mark, escaped, content)
end

local function paragraph(text)
  return "<p>" .. html.escape(text) .. "</p>\n"
end

local function button(url, text)
  return ('<a class="button" href="%s">%s</a>\n'):format(html.escape(url), html.escape(text))
end

---@param url string where installing goes on
---@param name? string of the app
---@return table response
function M.install(url, name)
  local title = name and ("Add %s to Slack"):format(name) or "Add to Slack"
  return M.response(200, page(title, "+", "", paragraph(
    "Slack will show you what the app may do, and ask for your consent.")
    .. button(url, "Add to Slack")))
end

---@param app_url string opens Slack
---@param browser_url string the same in a browser
---@param place? string name of the workspace or organization
---@param name? string of the app
---@return table response
function M.success(app_url, browser_url, place, name)
  local text = ("%s has been added%s."):format(name or "The app", place and " to " .. place or "")
  local content = paragraph(text) .. button(app_url, "Open Slack")
  if browser_url ~= app_url then
    content = content .. ('<p>Nothing happened? <a href="%s">Open it in the browser</a>.</p>\n')
      :format(html.escape(browser_url))
  end
  local head = ('<meta http-equiv="refresh" content="0; url=%s">\n'):format(html.escape(app_url))
  return M.response(200, page("All done", "✓", "good", content, head))
end

-- What went wrong, for whom it happens to. Nothing here says more than the person
-- may know; the log has the rest.
local PROBLEMS = {
  access_denied = { 200, "Canceled", "Nothing has been changed." },
  state_mismatch = { 400, "This page belongs to another window",
    "What you have finished was not begun in this browser, or was begun again since." },
  missing_state = { 400, "This page cannot be opened by itself",
    "What you have finished was not begun here." },
  invalid_state = { 401, "This link is no longer good",
    "It has been used already, or is older than ten minutes." },
  missing_code = { 401, "Something is missing", "Slack did not say what it has decided." },
  refused = { 403, "This is not possible here", "The app cannot be used this way." },
  storage = { 500, "Something went wrong", "What Slack has decided could not be kept." },
  metadata = { 500, "Something went wrong", "The app could not begin." },
  too_many_states = { 503, "Too many people at once", "Please try again in a few minutes." },
  unreachable = { 502, "Slack could not be reached", "Please try again in a moment." },
}
local SLACK_SAID_NO = { 401, "Slack has refused",
  "Slack did not let the app in. Trying again may help." }
-- Which trying again would not help against.
local MISCONFIGURED = { 500, "The app is not set up right",
  "Slack does not know it by what it says of itself. Those who run it can see why in its log." }
for _, code in ipairs { "bad_client_secret", "invalid_client_id", "bad_redirect_uri" } do
  PROBLEMS[code] = MISCONFIGURED
end
local NOT_BEGUN = { 400, "Slack has refused", "Slack did not begin, for this reason:" }

---What a failure is answered with.
---@param err slack.Error with a field `stage`: "return" of what Slack came back with,
---  "exchange" of what it was asked then, "storage"
---@return integer status
---@return string title
---@return string text
function M.problem(err)
  local problem = PROBLEMS[err.code]
  if problem == MISCONFIGURED and err.stage == "return" then
    problem = NOT_BEGUN -- anybody can write that
  end
  if not problem and err.stage == "storage" then
    problem = PROBLEMS.storage
  elseif not problem and err.stage == "return" then
    problem = NOT_BEGUN
  elseif not problem then
    problem = err.is_network and PROBLEMS.unreachable or SLACK_SAID_NO
  end
  return problem[1], problem[2], problem[3]
end

---@param err slack.Error
---@param again? string where to begin anew
---@return table response
function M.failure(err, again)
  local status, title, text = M.problem(err)
  local is_calm = err.code == "access_denied"
  local content = paragraph(text)
  if status ~= 200 and err.code:find "^[%w_]+$" then
    content = content .. "<p><code>" .. html.escape(err.code) .. "</code></p>\n"
  end
  if again then
    content = content .. button(again, "Try again")
  end
  return M.response(status, page(title, is_calm and "–" or "!", is_calm and "" or "bad", content))
end

return M
