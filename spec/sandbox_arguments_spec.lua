local catalog = require "slack.web_api.methods"
local json = require "slack.json"
local local_api = require "support.local_api"
local methods = require "slack.sandbox.methods"

-- What a method may be given by mistake.
local ODD <const> = {
  17, true, "", "x", json.list {}, { a = { b = 1 } }, json.list { json.list { 1 } },
  ("é"):rep(300), "\255\254", -1, "1e999",
}
-- These end what the others need.
local ENDS <const> = { ["auth.revoke"] = true, ["apps.uninstall"] = true }

-- Arguments that are right, as far as they can be.
local function usual(api, said)
  return {
    channel = said.channel, channel_id = said.channel, ts = said.ts, timestamp = said.ts,
    message_ts = said.ts, thread_ts = said.ts, user = api:id "ada", users = api:id "ada",
    user_id = api:id "ada", text = "x", name = "tada", query = "x", type = "link",
    link = "https://example.com/", title = "x", topic = "x", purpose = "x", status = "x",
    post_at = math.floor(api.here.clock()) + 1000, time = "in 2 minutes", presence = "auto",
    num_minutes = 3, filename = "x", length = 3, files = { { id = "F0" } },
    unfurls = { ["https://example.com/"] = { text = "x" } },
    prompts = { { title = "x", message = "x" } }, outputs = json.decode "{}",
    view = { type = "modal", title = { type = "plain_text", text = "x" },
      blocks = json.list {} },
  }
end

describe("arguments of the local Slack's methods", function()
  it("get an answer, whatever they are", local_api.test(function(api, here)
    local said = here:say { text = "x" }
    local good, failures = usual(api, said), {}
    local user_token = here:grant({ user = "ada", scopes = {}, user_scopes = { "x" } }).user_token
    here.api.log = { warn = function() end, error = function(_, format, ...)
      table.insert(failures, format:format(...))
    end }
    for name in pairs(methods) do
      local known = not ENDS[name] and catalog.find(name)
      for argument in pairs(known and known.arguments or {}) do
        for _, odd in ipairs(ODD) do
          local args = {}
          for other in pairs(known.arguments) do
            args[other] = good[other]
          end
          args[argument] = odd
          api:call(name, args, known.tokens and not known.tokens.bot and user_token or nil)
        end
      end
    end
    assert.same({}, failures)
  end))

  it("that are texts may be numbers, but no lists", local_api.test(function(api)
    assert.equal("17", api:ok("chat.postMessage", {
      channel = "general", text = 17 }).message.text)
    local answer = api:call("chat.postMessage", { channel = "general", text = { "x" } })
    assert.same({ "[ERROR] must be a string [json-pointer:/text]" },
      answer.response_metadata.messages)
  end))

  it("never leave a caller without an answer", local_api.test(function(api, here)
    local lines = {}
    here.api.log = { error = function(_, format, ...) table.insert(lines, format:format(...)) end }
    here.workspace.users = setmetatable({}, { __index = function() error "broken" end })
    assert.equal("internal_error", (api:fails("users.info", { user = "U1" })))
    assert.truthy(lines[1]:find("users.info of the local Slack failed", 1, true))
  end))
end)
