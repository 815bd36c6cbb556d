local ScriptedServer = require "support.scripted_server"
local child = require "support.child"
local files = require "support.files"

-- Of its own accord nothing here forks once it has threads; a program may.
describe("a program that forks while the library is in use", function()
  local SCRIPT <const> = [[
    local core, http = require "slack.core", require "slack.http"
    local storage, tasks = require "slack.storage", require "slack.tasks"
    local store = assert(storage.open(%q))
    assert(store:set("k", "v"))
    tasks.run(function()
      local function ask()
        return assert(http.request {
          method = "POST", url = %q, net = http.net { proxy = "", ca_file = %q }, timeout = 20,
        })
      end
      assert(ask().body == "here")
      local pid = core.fork()
      if pid == 0 then
        os.exit(true, true)
      end
      local how
      for _ = 1, 500 do
        how = core.process_ended(pid)
        if how then
          break
        end
        tasks.sleep(0.02)
      end
      if not how then
        core.signal_process(pid, "KILL")
      end
      assert(how == "exit", "the copy does not end") -- its code is that of a leak checker, if any
      assert(ask().body == "here" and store:get "k" == "v")
    end)
  ]]

  it("ends in both processes, and what the first one has goes on", function()
    local directory <close> = files.temporary()
    local server <close> = ScriptedServer.start_tls({
      "read", "send HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nhere",
      "read", "send HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nhere", "hang",
    }, { "reset" })
    local store = "sqlite:" .. directory.path .. "/store"
    local ok, output = child.run(SCRIPT:format(store, server.url, server.ca_file))
    assert.is_true(ok, output)
  end)
end)
