-- The way back from Slack, which anybody can ask for: a code is taken of who began here alone,
-- with the state that he was given and the cookie of his browser, once. In the input STATE and
-- COOKIE stand for those of a visit that has begun, OTHER and THEIRS for those of another
-- browser's. The input: the query in a line, header lines.

local RouteContext = require "slack.route_context"
local Visits = require "slack.oauth.visits"
local form = require "slack.form"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local NAME <const>, HERE <const> = "slack-app-oauth-state", "127.0.0.1:3000"

local function new_visits(secret)
  return Visits.new {
    app = {}, store = assert(storage.open "memory:"), purpose = "install", cookie = NAME,
    secret = secret,
  }
end

local ways = { new_visits(), new_visits "a-state-secret-of-the-fuzzer" }

local function fill(text, mine, theirs)
  return (text:gsub("%u+", {
    STATE = mine.text, COOKIE = mine.cookie, OTHER = theirs.text, THEIRS = theirs.cookie,
  }))
end

local function context(query, lines)
  local values, all = form.decode(query)
  return values and RouteContext.new({
    method = "GET", path = "/slack/oauth_redirect", query = values, query_values = all,
    headers = "Host: " .. HERE .. "\r\n" .. lines, body = "", received = 0,
  }, {}, {}, {})
end

local function come_back(visits, query, lines)
  local mine, theirs = visits.states:issue "mine", visits.states:issue "theirs"
  local c = context(fill(query, mine, theirs), fill(lines, mine, theirs))
  if not c then
    return
  end
  local code, state = visits:take(c)
  if code == nil then
    assert(type(state.code) == "string" and type(state.message) == "string")
    assert(not state.message:find(mine.text, 1, true), "the state is shown")
    return
  end
  local whose = state.data == "mine" and mine or state.data == "theirs" and theirs
  assert(whose and c.query.state == whose.text and c.query.code == code and code ~= "")
  assert(c.cookies[NAME] == whose.cookie or c.cookies["__Host-" .. NAME] == whose.cookie)
  assert(visits:take(c) == nil, "a state is taken twice")
end

return function(data)
  local query, lines = data:match "^([^\n]*)\n?(.*)$"
  if lines:find "%z" then
    return
  end
  tasks.run(function()
    for _, visits in ipairs(ways) do
      visits.states.kept = 0
      come_back(visits, query, lines:gsub("\r?\n", "\r\n") .. "\r\n")
    end
  end)
end
