-- What oauth.v2.access and auth.test may answer: an installation that is kept for the place that
-- the answer names and is found there with its token, or an error. The input: two bodies with
-- a byte 0x1e between them.

local Installations = require "slack.installations"
local exchange = require "slack.oauth.exchange"
local json = require "slack.json"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local NOW <const> = 1772323200
local SETTINGS <const> = { client_id = "1.2", client_secret = "hush" }

local function clock()
  return NOW
end

local silent = { warn = function() end }
local answers, asked

-- Of a client what calls of it give.
local client = {}

function client:call(method) -- luacheck: ignore 212
  asked = asked + 1
  return answers[method] or nil, not answers[method] and { code = "fatal_error" } or nil
end

local function decode(text)
  local value = json.decode(text or "")
  return type(value) == "table" and value or nil
end

local function query_of(record)
  return {
    team_id = record.team_id, enterprise_id = record.enterprise_id,
    is_enterprise_install = record.is_enterprise_install,
  }
end

local function install()
  local installations = Installations.new(assert(storage.open "memory:"),
    { clock = clock, log = silent })
  local record, err = exchange.install(client, SETTINGS, "code", nil, clock)
  if not record then
    assert(type(err.code) == "string")
    return
  end
  assert(record.bot_token or record.user_token)
  local saved, refused = installations:save(record)
  if not saved then
    assert(type(refused.code) == "string" and not refused.message:find("xox%l%-%d"))
    return
  end
  local found = assert(installations:find(query_of(record)))
  assert(found.bot_token == record.bot_token)
  exchange.refresh(client, SETTINGS, "xoxe-1-1", clock)
end

return function(data)
  local first, second = data:match "^([^\x1e]*)\x1e?(.*)$"
  answers = { ["oauth.v2.access"] = decode(first), ["auth.test"] = decode(second) }
  asked = 0
  tasks.run(install)
  assert(asked <= 3)
end
