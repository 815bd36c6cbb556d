local child = require "support.child"
local files = require "support.files"
local json = require "slack.json"

local LOAD_SERVER <const> = (os.getenv "SLACK_CORE_DIR" or "build") .. "/bench/load_server"

-- Three listeners over Socket Mode, and no option that asks for more.
local BOT <const> = [[
  local slack = require "slack"
  local app = slack.app {
    token = "xoxb-bench", app_token = "xapp-bench", api_url = arg[1], connections = 1,
    log = "error",
  }
  for _, name in ipairs { "message", "app_mention", "reaction_added" } do
    app:event(name, function(c) assert(c.event.type == name) end)
  end

  local function loaded()
    local list = {}
    for name in pairs(package.loaded) do
      list[#list + 1] = name
    end
    table.sort(list)
    return list
  end

  local start, after_start = app.start, nil
  function app.start(self)
    local ok, err = start(self)
    after_start = loaded()
    return ok, err
  end

  assert(app:run())
  print(require("slack.json").encode { after_start = after_start, after_events = loaded() })
]]

-- What a bot has that uses it, as patterns of modules.
local FEATURES <const> = {
  ["oauth and installations"] = { "^slack%.oauth", "^slack%.installation", "^slack%.html$" },
  ["a storage that lasts"] = {
    "^slack%.storage%.sqlite", "^slack%.storage%.redis", "^slack%.storage%.thread",
    "^slack%.storage%.batch", "^slack%.storage%.scan", "^slack%.durable", "^slack%.store_lock",
  },
  ["a durable inbox"] = { "^slack%.inbox" },
  ["several processes"] = {
    "^slack%.workers$", "^slack%.child_process$", "peer", "^slack%.relays$",
    "^slack%.roles$", "^slack%.shared_dedupe$", "^slack%.wait_routes$",
  },
  ["an HTTP side"] = {
    "^slack%.http_server$", "^slack%.http_receiver$", "^slack%.route$", "^slack%.route_context$",
    "^slack%.response$", "^slack%.certificate", "^slack%.strays$", "^slack%.health$",
  },
  ["streamed requests"] = { "^slack%.http_stream$", "^slack%.streamed_response$" },
  ["scripts"] = {
    "^slack%.scripts?$", "^slack%.script_", "^slack%.reload$", "^slack%.module", "^slack%.folder",
    "^slack%.listing$",
  },
  ["conversations"] = {
    "^slack%.conversations$", "^slack%.waits?$", "^slack%.wait_", "^slack%.forms$",
    "^slack%.choice", "^slack%.submission$", "^slack%.stale$", "^slack%.place$",
  },
  ["what handlers answer with"] = {
    "^slack%.posting$", "^slack%.responding$", "^slack%.viewing$", "^slack%.values$",
    "^slack%.functions$", "^slack%.stream", "^slack%.assistant", "^slack%.thread_contexts$",
  },
  ["files and pages of the Web API"] = {
    "^slack%.web_api%.upload", "^slack%.web_api%.download", "^slack%.web_api%.pag",
    "^slack%.web_api%.scim$", "^slack%.web_api%.audit_logs$", "^slack%.web_api%.rest$",
    "^slack%.web_api%.hooks$",
  },
  ["commands with words"] = { "^slack%.command" },
  ["Block Kit and mrkdwn"] = { "^slack%.blocks$", "^slack%.blocks%.[^j]", "^slack%.mrkdwn" },
  ["other transports"] = { "^slack%.rtm" },
  ["tools"] = {
    "^slack%.sandbox", "^slack%.testing", "^slack%.doctor", "^slack%.manifest",
    "^slack%.recording", "^slack%.console", "^slack%.fake_network$", "^slack%.tap$",
  },
}

local function run()
  local directory <close> = files.temporary()
  local path = directory.path .. "/bot.lua"
  files.write(path, ("package.path, package.cpath = %q, %q\n%s"):format(
    package.path, package.cpath, BOT))
  local ok, output = files.run(("%s --total 60 --in-flight 4 -- %s %s {api}"):format(
    LOAD_SERVER, child.interpreter(), path))
  assert.is_true(ok, output)
  return assert(json.decode(output)).client
end

local function loaded_of(feature, list)
  local found = {}
  for _, name in ipairs(list) do
    for _, pattern in ipairs(FEATURES[feature]) do
      if name:find(pattern) then
        table.insert(found, name)
      end
    end
  end
  return found
end

describe("a bot with three listeners", function()
  local seen

  setup(function()
    seen = run()
  end)

  for feature in pairs(FEATURES) do
    it(("has loaded nothing of %s"):format(feature), function()
      assert.same({}, loaded_of(feature, seen.after_start))
    end)
  end

  it("loads nothing more for its events", function()
    assert.same(seen.after_start, seen.after_events)
  end)
end)
