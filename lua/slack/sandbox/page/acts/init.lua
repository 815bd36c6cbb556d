-- What people do in the page, by the names of the protocol. A frame is checked here;
-- what it asks for runs as a task of its own, and its outcome is the reply.

local json = require "slack.json"
local near_miss = require "slack.near_miss"
local tasks = require "slack.tasks"

local MOST_RUNNING <const> = 64 -- acts of one page at a time

---@class slack.sandbox.Act
---@field fields table<string, string> type of each field, "values" by block_id and action_id;
---  those that end in "?" may be missing
---@field run fun(live: slack.sandbox.Live, given: table): table?, string?

---@type table<string, slack.sandbox.Act>
local acts = {}

for _, area in ipairs { "elements", "messages", "places", "steering" } do
  for name, act in pairs(require("slack.sandbox.page.acts." .. area)) do
    acts[name] = act
  end
end

local M = {}

local function reply(live, id, result, problem)
  if id == nil then
    id = json.null
  end
  if result then
    return live:tell { type = "reply", id = id, ok = true, result = result }
  end
  live:tell { type = "reply", id = id, ok = false, error = problem }
end

-- { BLOCK_ID: { ACTION_ID: value } }
local function are_values(value)
  if type(value) ~= "table" then
    return false
  end
  for block_id, values in pairs(value) do
    if type(block_id) ~= "string" or type(values) ~= "table" then
      return false
    end
  end
  return true
end

local function is_of(kind, value)
  if kind == "values" then
    return are_values(value)
  end
  return kind == "any" or type(value) == kind or math.type(value) == kind
end

-- What is wrong with the fields of an act, in words for people.
local function problem_of(act, frame)
  for name, kind in pairs(act.fields) do
    local value, is_optional = frame[name], kind:sub(-1) == "?"
    if value == json.null then
      value, frame[name] = nil, nil
    end
    if value == nil and not is_optional then
      return ("%s: field %q is missing"):format(frame.act, name)
    end
    kind = is_optional and kind:sub(1, -2) or kind
    if value ~= nil and not is_of(kind, value) then
      return ("%s: field %q: %s expected"):format(frame.act, name, kind)
    end
  end
end

-- What the local Slack refuses it raises, as for programs; without their position.
local function words_of(live, raised)
  local words = tostring(raised):match "sandbox:[%w_]*:? ?(.*)"
  if type(raised) == "string" and words and not words:find "\n" then
    return words
  end
  live.page.log:error("an act of the page failed: %s", tostring(raised))
  return "the local Slack failed; its log says how"
end

local function traced(raised)
  return type(raised) == "string" and raised:find("sandbox:", 1, true) and raised
    or debug.traceback(tostring(raised), 2)
end

local function run(live, act, frame)
  live.running = live.running + 1
  local ok, result, problem = xpcall(act.run, traced, live, frame)
  live.running = live.running - 1
  if not ok then
    reply(live, frame.id, nil, words_of(live, result))
  else
    reply(live, frame.id, result, problem)
  end
  live.page.sandbox:changed()
end

---A page has sent a frame.
---@param live slack.sandbox.Live
---@param text string
function M.run(live, text)
  local frame = json.decode(text)
  if type(frame) ~= "table" then
    return reply(live, nil, nil, "a JSON object expected")
  end
  local act = type(frame.act) == "string" and acts[frame.act]
  if not act then
    local name = tostring(frame.act):sub(1, 40)
    return reply(live, frame.id, nil, ("there is no act %q%s"):format(name, near_miss(name, acts)))
  elseif live.running >= MOST_RUNNING then
    return reply(live, frame.id, nil, "too much at a time")
  end
  local problem = problem_of(act, frame)
  if problem then
    return reply(live, frame.id, nil, problem)
  end
  tasks.spawn(run, live, act, frame)
end

return M
