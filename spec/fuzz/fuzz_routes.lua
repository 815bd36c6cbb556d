-- Requests for an app's own routes, as the core hands them over: each is answered once, its
-- query, cookies, form and JSON are read or not, and no answer has more lines than it should.
-- The input: method and target in a line, header lines, an empty line, the body.

local HttpServer = require "slack.http_server"
local Offline = require "support.offline_app"

local WORDS <const> = { 200, 204, 302, 400, 404, 405, 500, 503 }
local offline = Offline.new {}
local app, answers = offline.app, {}

local function is_text(value)
  return type(value) == "string" and utf8.len(value) ~= nil
end

local function expect_texts(list)
  for name, value in pairs(list or {}) do
    assert(is_text(name) and (type(value) == "table" or is_text(value)))
  end
end

local function look(c)
  expect_texts(c.query)
  expect_texts(c.query_values)
  expect_texts(c.params)
  expect_texts(c.form)
  for name, value in pairs(c.cookies) do
    assert(name ~= "" and not name:find "%s" and type(value) == "string")
  end
  assert((c.form == nil) == (c.form_error ~= nil))
  assert(c.json ~= nil or c.json_error)
  tostring(c)
end

app:route("GET", "/files/*path", function(c)
  look(c)
  return c.params.path
end)
app:route("POST", "/users/:id", function(c)
  look(c)
  return { json = { id = c.params.id, form = c.form, query = c.query_values, json = c.json } }
end)
app:route("GET", "/go", function(c)
  look(c)
  return { redirect = c.query.to or "/", cookies = { { name = "a", value = c.cookies.a or "" } } }
end)
app:route("GET", "/header", function(c)
  look(c)
  return { status = 200, headers = { ["X-It"] = c.query.it or "" }, body = c.query.it }
end)

local server = HttpServer.new { app = app }
server.core = {
  respond = function(_, number, status, headers, body)
    answers[#answers + 1] = { number = number, status = status, headers = headers, body = body }
  end,
}
app.phase = "started"

local function expect_answer(answer)
  local known = false
  for _, status in ipairs(WORDS) do
    known = known or answer.status == status
  end
  assert(known and type(answer.body) == "string" and #answer.headers % 2 == 0)
  for _, text in ipairs(answer.headers) do
    assert(not text:find "[\r\n%z]", "a header of several lines")
  end
end

return function(data)
  local first, lines, body = data:match "^([^\n]*)\n(.-)\n\n(.*)$"
  local method, target = (first or ""):match "^(%u+) (/[!-~]*)$"
  if not method or lines:find "%z" then
    return -- the core's parser lets nothing else through
  end
  answers = {}
  server:take(7, method, target, lines:gsub("\r?\n", "\r\n") .. "\r\n", body, 0)
  Offline.settle()
  assert(#answers == 1 and answers[1].number == 7, #answers)
  expect_answer(answers[1])
end
