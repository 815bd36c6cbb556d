-- What is written where others could read it: with a umask that takes nothing away, as a
-- service may have it, all of it is for its owner alone.

local child = require "support.child"
local files = require "support.files"

-- The modes of all that is below a folder, as "PATH MODE" in lines.
local function modes_below(path)
  local look = "cd '%s' && find . -mindepth 1 -printf '%%P %%m\n' | sort"
  return (select(2, files.run(look:format(path))))
end

-- What the Lua text leaves while it runs; it has a `folder`, and ends with look().
local function modes_of(text)
  local folder <close> = files.temporary()
  local ok, output = child.run(([[
    local folder = %q
    local function look()
      assert(os.execute("cd " .. folder .. " && find . -mindepth 1 -printf '%%P %%m\\n' | sort"))
    end
    %s]]):format(folder.path, text), ("umask 000; export TMPDIR='%s'"):format(folder.path))
  assert.is_true(ok, output)
  return output, modes_below(folder.path)
end

describe("with umask 000, for their owner alone are", function()
  it("a store's file and those that SQLite puts beside it", function()
    assert.equal("bot.db 600\nbot.db-shm 600\nbot.db-wal 600\n", (modes_of [[
      local storage, tasks = require "slack.storage", require "slack.tasks"
      tasks.run(function()
        local store = assert(storage.open("sqlite:" .. folder .. "/bot.db"))
        assert(store:set("k", 1))
        look()
        store:close()
      end)]]))
  end)

  it("a recording", function()
    assert.equal("r.jsonl 600\n", (modes_of [[
      local recorder = assert(require("slack.recording.recorder").open(folder .. "/r.jsonl"))
      look()
      recorder:close()]]))
  end)

  it("a download, also while it comes", function()
    local meanwhile, afterwards = modes_of [[
      local sandbox, slack = require "slack.sandbox", require "slack"
      slack.run(function()
        local here <close> = assert(sandbox.start())
        local client = slack.client {
          token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file,
        }
        local file = assert(client:upload { content = ("x"):rep(2 ^ 20), filename = "x.txt" })
        local has_looked = false
        assert(client:download(file.id, folder .. "/got", { progress = function(received)
          if received > 0 and not has_looked then
            has_looked = true
            look()
          end
        end }))
      end)]]
    assert.matches("^got[.%w]* 600\n", meanwhile)
    assert.equal("got 600\n", afterwards)
  end)

  it("the keys of the local Slack, in a folder that nobody else can enter", function()
    local text = modes_of [[
      local sandbox, slack = require "slack.sandbox", require "slack"
      slack.run(function()
        local here <close> = assert(sandbox.start()) -- luacheck: ignore
        look()
      end)]]
    assert.matches("^lua%-slack%-%w+ 700\nlua%-slack%-%w+/", text)
    assert.matches("/key.pem %d+\n", text)
  end)

  it("a console's socket and its folder", function()
    assert.matches("^lua%-slack 700\nlua%-slack/%d+%.socket 600\n$", (modes_of [[
      local place = require "slack.console.place"
      local slack = require "slack"
      local app = slack.app { token = "xoxb-1", app_token = "xapp-1", log = "off" }
      local own = assert(place.prepare(function() return folder end))
      local Console = require "slack.console"
      slack.run(function()
        local console = assert(Console.open(app, place.of_process(own, 77)))
        look()
        console:close()
      end)]]))
  end)
end)
