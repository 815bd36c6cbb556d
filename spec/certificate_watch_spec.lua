local CertificateWatch = require "slack.certificate_watch"
local core = require "slack.core"
local files = require "support.files"
local live = require "support.live_app"
local logs = require "slack.log"
local serving = require "support.serving"
local slack = require "slack"
local tasks = require "slack.tasks"

-- Runs fn(on): a watch over two files whose texts are loaded.
local function with_watch(fn, given)
  tasks.run(function()
    local folder <close> = files.temporary()
    local on = { path = folder.path, loads = {}, lines = {} }
    on.cert, on.key = folder.path .. "/tls.crt", folder.path .. "/tls.key"
    function on.save(text)
      files.write(on.cert, text)
      files.write(on.key, text)
    end
    if given and given.prepare then
      given.prepare(on)
    else
      on.save "one"
    end
    local watch = CertificateWatch.new {
      files = { on.cert, on.key }, quiet = 0.02, poll = given and given.poll or 1000,
      new_watch = given and given.new_watch,
      log = logs.new { level = "info", sink = function(line) table.insert(on.lines, line) end },
      reload = function()
        local cert, key = files.read(on.cert), files.read(on.key)
        table.insert(on.loads, cert .. " " .. key)
        if cert ~= key then
          return nil, "they do not belong together"
        end
        return true
      end,
    }
    function on.await_loads(count)
      live.wait(function() return #on.loads >= count end)
      return on.loads[count]
    end
    on.watch = watch
    watch:start()
    local closing <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
      watch:stop()
    end })
    fn(on)
  end)
end

describe("the watch over a certificate", function()
  it("loads files that are written in place, once for both", function()
    with_watch(function(on)
      on.save "two!"
      assert.equal("two! two!", on.await_loads(1))
      on.save "three"
      assert.equal("three three", on.await_loads(2))
      assert.equal(2, #on.loads)
      assert.matches("tls.crt was loaded again", on.lines[1])
    end)
  end)

  it("loads files that are renamed over the old ones", function()
    with_watch(function(on)
      for _, path in ipairs { on.cert, on.key } do
        files.write(path .. ".new", "two")
        assert(os.rename(path .. ".new", path))
      end
      assert.equal("two two", on.await_loads(1))
    end)
  end)

  it("loads files behind a link that leads elsewhere, as in a mounted secret", function()
    with_watch(function(on)
      assert.same({}, on.loads)
      files.run(("cd '%s' && ln -s second ..data_tmp && mv -T ..data_tmp ..data"):format(on.path))
      assert.equal("two two", on.await_loads(1))
    end, { prepare = function(on)
      files.run(([[cd '%s' && mkdir first second && ln -s first ..data
        for name in tls.crt tls.key; do
          printf one >first/$name; printf two >second/$name; ln -s ..data/$name $name
        done]]):format(on.path))
    end })
  end)

  it("sees changes without notices of the system too", function()
    with_watch(function(on)
      on.save "two!"
      assert.equal("two! two!", on.await_loads(1))
      on.save "three"
      assert.equal("three three", on.await_loads(2))
    end, { poll = 0.01, new_watch = function() end })
  end)

  it("loads nothing of files that change just now", function()
    with_watch(function(on)
      files.write(on.cert, "two!")
      on.watch:look()
      files.write(on.key, "two!")
      on.watch:look()
      assert.same({}, on.loads)
      on.watch:look()
      assert.same({ "two! two!" }, on.loads)
    end, { new_watch = function() end })
  end)

  it("warns once of a pair that cannot be used, and loads the next one", function()
    with_watch(function(on)
      files.write(on.cert, "two!")
      assert.equal("two! one", on.await_loads(1))
      live.wait(function() return on.lines[1] end)
      assert.matches("the certificate stays the old one: they do not belong together", on.lines[1])

      for _ = 1, 3 do
        on.watch:look()
      end
      files.write(on.key, "two!")
      assert.equal("two! two!", on.await_loads(2))
      assert.same({ 2, 2 }, { #on.loads, #on.lines })
    end)
  end)

  it("waits for files that are away", function()
    with_watch(function(on)
      os.remove(on.cert)
      for _ = 1, 3 do
        on.watch:look()
      end
      assert.same({}, on.loads)
      files.write(on.cert, "one")
      assert.equal("one one", on.await_loads(1))
    end)
  end)

  it("loads unchanged files when it is told to", function()
    with_watch(function(on)
      assert.is_true(on.watch:reload())
      files.write(on.key, "other")
      local ok, message = on.watch:reload()
      assert.same({ nil, "they do not belong together" }, { ok, message })
    end)
  end)

  it("looks no more once it is stopped", function()
    with_watch(function(on)
      on.save "two!"
      on.watch:stop()
      on.watch:stop()
      assert.is_nil(on.watch.timer)
      assert.is_nil(on.watch.poll_timer)
      assert.is_nil(on.watch.watch)
    end)
  end)
end)

describe("a server with TLS", function()
  local files_of = serving.write_certificate

  -- Runs fn(on, paths, get) with an app that serves "/a" over TLS.
  local function with_tls(fn)
    local folder <close> = files.temporary()
    local paths = files_of(folder.path)
    serving.run(function(on)
      on.app:route("GET", "/a", function() return "secret" end)
      fn(on, paths, function(ca_file, headers)
        return slack.fetch(on.server:url() .. "/a", { ca_file = ca_file, headers = headers })
      end, folder.path)
    end, { http = { tls = { cert = paths.cert, key = paths.key } } })
  end

  it("serves over TLS when it has a certificate and its key (S121)", function()
    with_tls(function(on, paths, get)
      assert.matches("^https://127.0.0.1:%d+$", on.server:url())
      assert.equal("secret", assert(get(paths.ca)).body)
    end)
  end)

  it("gives a changed certificate to new connections, and old ones go on", function()
    with_tls(function(on, paths, get, folder)
      local old_ca = folder .. "/old_ca.pem"
      assert(os.rename(paths.ca, old_ca))
      assert.equal("secret", assert(get(old_ca)).body)
      files_of(folder)
      live.wait(function() return on.log():find("was loaded again", 1, true) end)
      assert.equal("secret", assert(get(paths.ca)).body)
      local connections = on.server:stats().connections_accepted
      assert.equal("secret", assert(get(old_ca)).body)
      assert.equal(connections, on.server:stats().connections_accepted)
      assert.equal("secret", assert(get(old_ca, { Connection = "close" })).body)
      assert.is_nil((get(old_ca))) -- its session is not resumed
    end)
  end)

  it("gives one of another kind of key to clients that would take the old one, too", function()
    with_tls(function(on, paths, get, folder)
      assert.equal("secret", assert(get(paths.ca, { Connection = "close" })).body)
      local ok, output = files.run(("cd '%s' && openssl req -x509 -newkey rsa:2048 -noenc -days 2 "
        .. "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
        .. "-keyout new_key.pem -out new_cert.pem && cp new_cert.pem rsa_ca.pem "
        .. "&& mv new_key.pem '%s' && mv new_cert.pem '%s'"):format(folder, paths.key, paths.cert))
      assert.is_true(ok, output)
      live.wait(function() return on.log():find("was loaded again", 1, true) end)
      assert.equal("secret", assert(get(folder .. "/rsa_ca.pem")).body)
      assert.is_nil((get(paths.ca)))
    end)
  end)

  it("keeps the old certificate when the new one is none", function()
    with_tls(function(on, paths, get)
      files.write(paths.cert, "no certificate")
      live.wait(function() return on.log():find("stays the old one", 1, true) end)
      assert.equal("secret", assert(get(paths.ca)).body)
      local other <close> = files.temporary()
      files_of(other.path)
      files.write(paths.cert, files.read(other.path .. "/cert.pem")) -- of another key
      live.wait(function() return select(2, on.log():gsub("stays the old one", "")) == 2 end)
      assert.equal("secret", assert(get(paths.ca, { Connection = "close" })).body)
      assert.equal("secret", assert(get(paths.ca)).body)
      assert.not_matches("PRIVATE", on.log())
    end)
  end)

  it("loads its certificate again on SIGHUP", function()
    local folder <close> = files.temporary()
    local paths = files_of(folder.path)
    live.run(function(_, new_app, lines)
      local app = new_app {
        http = { host = "127.0.0.1", port = 0, tls = { cert = paths.cert, key = paths.key } },
      }
      local running = tasks.spawn(app.run, app)
      live.wait(function() return app.phase == "running" end)
      os.execute("kill -HUP " .. core.pid())
      live.wait(function()
        return table.concat(lines):find("cert.pem was loaded again", 1, true)
      end)
      assert(app:stop())
      assert(running:join(5)) -- or the signals stay taken
    end)
  end)
end)
