local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local child = require "support.child"
local files = require "support.files"
local footprint = require "support.footprint"
local http = require "slack.http"
local lfs = require "lfs"
local tasks = require "slack.tasks"
local transfers = require "support.transfers"
local wait_until = require "support.wait_until"

local request, assert_failure = transfers.request, transfers.assert_failure
local ENDLESS <const>, FLOOD <const> = transfers.ENDLESS, transfers.FLOOD

local MIB <const> = 1024 * 1024

-- Sanitizers hold back what is freed.
local MEMORY_IS_KNOWN <const> = footprint.peak_memory() ~= nil
  and not (os.getenv "SLACK_CORE_DIR" or ""):find "san$"

-- Files that this process holds open below a directory.
local function count_open(directory)
  local count = 0
  for name in lfs.dir "/proc/self/fd" do
    local target = tonumber(name) and lfs.symlinkattributes("/proc/self/fd/" .. name, "target")
    count = count + (target and target:sub(1, #directory) == directory and 1 or 0)
  end
  return count
end

describe("http with files", function()
  local server, folder, path

  before_each(function()
    folder = files.temporary()
    path = folder.path .. "/file"
  end)

  after_each(function()
    server = server and server:stop()
    getmetatable(folder).__close()
  end)

  local function echo(status)
    server = transfers.echo(status)
    return server.url
  end

  local function scripted(...)
    server = ScriptedServer.start(...)
    return server.url
  end

  local function names()
    local list = files.list(folder.path, "")
    for i, name in ipairs(list) do
      list[i] = name:match "[^/]*$"
    end
    return list
  end

  describe("a body from a file", function()
    it("is sent with its length", function()
      for _, text in ipairs { ("0123456789abcdef"):rep(50000), "x", "" } do
        files.write(path, text)
        local url = echo()
        local response = assert(request { method = "POST", url = url, body = { file = path } })
        assert.is_true(response.body == text)
        assert.equal(tostring(#text), response.headers["x-length"])
        server:stop()
      end
      assert.equal(0, count_open(folder.path))
    end)

    it("is sent again when asked for again", function()
      files.write(path, "twice")
      local made = { method = "PUT", url = echo(), body = { file = path } }
      assert.equal("twice", assert(request(made)).body)
      assert.is_true(http.is_repeatable(made))
      assert.equal("twice", assert(request(made)).body)
    end)

    it("is sent again when the pool's connection turns out to be dead", function()
      files.write(path, ("x"):rep(300000))
      local answer = "send HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
      local url = scripted({ "read", answer, "head", "body" }, { "head", "body", answer })
      assert(request { url = url })
      assert(request { method = "PUT", url = url, body = { file = path } })
      assert.equal(2, select(2, server.program:output():gsub("body 300000\n", "")))
    end)

    it("is refused when it is no file that can be read", function()
      assert(os.execute("mkfifo " .. path))
      for name, pattern in pairs {
        [folder.path] = "directory", [folder.path .. "/none"] = "No such file",
        [path] = "pipe", ["/dev/zero"] = "device", ["/proc/self/status"] = "how long it is",
      } do
        assert_failure("file", pattern, request {
          method = "POST", url = "http://127.0.0.1:1/", body = { file = name },
        })
      end
    end)

    for name, change in pairs {
      grows = function(file) file:seek("end") file:write "more" end,
      shrinks = function(file) os.execute("truncate -s 1000 " .. path) file:seek "set" end,
    } do
      it("that " .. name .. " while it is sent is a failure", function()
        os.execute("truncate -s 64M " .. path)
        local url = scripted { "head", "take 1000", "pause 200", "body" }
        tasks.run(function()
          local task = tasks.spawn(request, { method = "PUT", url = url, body = { file = path } })
          wait_until("the request", function()
            return server:count() == 1
          end)
          local file <close> = assert(io.open(path, "r+"))
          change(file)
          file:flush()
          local _, response, err = task:join()
          assert_failure("file", "its length has changed", response, err)
        end)
        assert.equal(0, count_open(folder.path .. "/none"))
      end)
    end
  end)

  describe("a sink that is a file", function()
    local function get(settings)
      settings.method, settings.sink = "POST", { file = path }
      return request(settings)
    end

    it("holds the body, and nobody else may read it", function()
      local body = ("0123456789abcdef"):rep(50000)
      local response = assert(get { url = echo(), body = body })
      assert.same({ "", #body, { "file" } }, { response.body, response.received, names() })
      assert.is_true(files.read(path) == body)
      assert.equal("rw-------", lfs.attributes(path, "permissions"))
      assert.equal(0, count_open(folder.path))
    end)

    it("takes the place of a file and keeps its permissions", function()
      files.write(path, "old")
      assert(os.execute("chmod 640 " .. path))
      assert(get { url = echo(), body = "new" })
      assert.same({ "new", "rw-r-----" }, { files.read(path), lfs.attributes(path, "permissions") })
    end)

    it("is written where a link leads", function()
      local target = folder.path .. "/target"
      files.write(target, "old")
      assert(os.execute(("ln -s %s %s"):format(target, path)))
      assert(get { url = echo(), body = "new" })
      assert.equal("new", files.read(target))
      assert.equal("link", lfs.symlinkattributes(path, "mode"))
    end)

    it("does not take the place of a link that leads nowhere", function()
      local function refused()
        local response, err = get { url = echo(), body = "new" }
        assert.is_nil(response)
        assert.equal("file", err.code)
        assert.matches("it is a link that leads nowhere", err.message, 1, true)
        assert.equal("link", lfs.symlinkattributes(path, "mode"))
      end
      assert(os.execute(("ln -s %s/nowhere %s"):format(folder.path, path)))
      refused()
      assert(os.execute(("ln -sfn %s %s"):format(path, path)))
      refused()
      -- A file that has lost its name, behind a link of /proc.
      local lost <close> = assert(io.open(folder.path .. "/lost", "w"))
      for name in lfs.dir "/proc/self/fd" do
        if lfs.symlinkattributes("/proc/self/fd/" .. name, "target") == folder.path .. "/lost" then
          assert(os.execute(("ln -sfn /proc/self/fd/%s %s"):format(name, path)))
        end
      end
      assert(lost:flush() and os.remove(folder.path .. "/lost"))
      refused()
    end)

    it("is there, empty, for an empty body", function()
      assert(get { url = echo(), body = "" })
      assert.equal("", files.read(path))
    end)

    it("is left alone by answers without a body", function()
      for _, status in ipairs { 204, 304, 404 } do
        files.write(path, "old")
        local response = assert(get { url = echo(status), body = "why" })
        assert.same({ status, "old", { "file" } }, { response.status, files.read(path), names() })
        server:stop()
      end
      server = WebServer.start(function() return 200, "" end)
      assert(request { method = "HEAD", url = server.url, sink = { file = path } })
      assert.equal("old", files.read(path))
    end)

    it("never holds half of it", function()
      local url = scripted { "read",
        "send HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhalf" }
      files.write(path, "old")
      assert_failure("interrupted", "broke", get { url = url })
      assert.same({ "old", { "file" } }, { files.read(path), names() })
    end)

    it("is left alone when on_head refuses", function()
      files.write(path, "old")
      assert_failure("refused", "", get {
        url = echo(), body = "new", on_head = function() return false end,
      })
      wait_until("the end", function()
        return #names() == 1
      end)
      assert.equal("old", files.read(path))
    end)

    it("is left alone when the task is cancelled", function()
      local url = scripted { "read", ENDLESS, "repeat 100 0123456789", "hang" }
      tasks.run(function()
        local task = tasks.spawn(get, { url = url })
        wait_until("some of it", function()
          local part = files.list(folder.path, "part$")[1]
          return part and lfs.attributes(part, "size") == 1000
        end)
        task:cancel()
        wait_until("the end", function()
          return #names() == 0 and count_open(folder.path) == 0
        end)
      end)
    end)

    it("is closed when the task is cancelled before its turn", function()
      local url = scripted { "read", "hang" }
      tasks.run(function()
        local first = tasks.spawn(request, { url = url, max_requests = 1 })
        wait_until("the first", function()
          return server:count() == 1
        end)
        local second = tasks.spawn(get, { url = url, max_requests = 1 })
        wait_until("the second", function()
          return #names() == 1
        end)
        second:cancel()
        wait_until("the end", function()
          return #names() == 0 and count_open(folder.path) == 0
        end)
        first:cancel()
      end)
    end)

    it("is refused where no file can be", function()
      for name, pattern in pairs {
        [folder.path] = "directory", [folder.path .. "/none/file"] = "No such file",
        ["/dev/null"] = "device", [folder.path .. "/"] = "name of a file", [""] = "name of a file",
      } do
        assert_failure("file", pattern, request {
          url = "http://127.0.0.1:1/", sink = { file = name },
        })
      end
      assert.same({}, names())
    end)

    it("that the disk has no room for is a failure", function()
      local url = scripted { "read", ENDLESS, FLOOD }
      local _, output = child.run(([[
        local http = require "slack.http"
        local response, err = http.request {
          net = http.net { proxy = "" }, url = %q, sink = { file = %q },
        }
        print(response, err.code, err.message)
      ]]):format(url, path), "ulimit -f 100")
      assert.matches("^nil\tfile\t.*cannot write .*/file\": File too large\n$", output)
      assert.same({}, names())
    end)
  end)

  describe("64 MiB there and back", function()
    local TOTAL <const> = 64 * MIB

    local function transfer(settings)
      os.execute("truncate -s 64M " .. path)
      local url = scripted { "head", "body",
        ("send HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n"):format(TOTAL),
        ("repeat 1024 %s"):format(("x"):rep(TOTAL // 1024)), "hang" }
      local ok, output = child.run(([[
        local footprint = require "support.footprint"
        local http = require "slack.http"
        local url, file, part, given, taken = %q, %q, ("x"):rep(1 << 20), 0, 0
        local function reader()
          given = given + #part
          return given <= %d and part or nil
        end
        local function taker(bytes)
          taken = taken + #bytes
        end
        local request = %s
        request.method, request.url, request.timeout = "POST", url, 0
        request.net = http.net { proxy = "" }
        local before = footprint.peak_memory() or 0
        local response = assert(http.request(request))
        local after = footprint.peak_memory() or 0
        print(response.received, taken, after - before)
      ]]):format(url, path, TOTAL, settings))
      assert.is_true(ok, output)
      local received, taken, growth = output:match "^(%d+)\t(%d+)\t(%d+)"
      assert.equal(TOTAL, tonumber(received))
      assert.matches("body " .. TOTAL, server.program:output())
      return tonumber(taken), tonumber(growth)
    end

    it("through functions takes few MiB of memory", function()
      local taken, growth = transfer "{ body = reader, sink = taker }"
      assert.equal(TOTAL, taken)
      assert.is_true(not MEMORY_IS_KNOWN or growth < 16 * MIB, growth)
    end)

    it("through files takes few MiB of memory", function()
      local _, growth = transfer "{ body = { file = file }, sink = { file = file .. '.out' } }"
      assert.equal(TOTAL, lfs.attributes(path .. ".out", "size"))
      assert.is_true(not MEMORY_IS_KNOWN or growth < 16 * MIB, growth)
    end)
  end)
end)
