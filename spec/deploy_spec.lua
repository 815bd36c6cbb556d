-- The files of examples/deploy, each by the program that it is for where that is installed.
local Process = require "support.process"
local Redis = require "support.redis"
local core = require "slack.core"
local example = require "support.example"
local files = require "support.files"
local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"

local FOLDER <const> = "examples/deploy/"
-- What a stop may take besides the time that handlers get.
local MARGIN <const> = 5

local silent = log.new { level = "off" }

local function is_installed(program)
  return files.run(("command -v %s >/dev/null"):format(program))
end

local function words(text)
  local list = {}
  for word in text:gsub("\\\n", " "):gmatch "%S+" do
    list[word] = true
  end
  return list
end

-- Seconds that running handlers of the bot have at a stop.
local function shutdown_timeout()
  return tonumber(files.read(FOLDER .. "bot.lua"):match "shutdown_timeout = (%d+)")
end

describe("examples/deploy/bot@.service", function()
  local unit = files.read(FOLDER .. "bot@.service")

  local function value(name)
    return unit:match("\n" .. name .. "=([^\n]*)")
  end

  it("is a unit without mistakes", function()
    if not is_installed "systemd-analyze" then
      return pending "systemd-analyze is not installed"
    end
    local ok, output = files.run("systemd-analyze verify --man=no '" .. FOLDER .. "bot@.service'")
    assert.truthy(ok, output)
    assert.equal("", output)
  end)

  it("waits longer for the bot's end than the bot does for its handlers", function()
    assert.is_true(tonumber(value "TimeoutStopSec") >= shutdown_timeout() + MARGIN)
  end)

  it("starts again for as long as a Redis is away, which each start waits for", function()
    local patience = 5 -- seconds that a call waits, as README says
    local fastest = (patience + value "RestartSec") * value "StartLimitBurst"
    assert.is_true(tonumber(value "StartLimitIntervalSec") < fastest)
  end)

  it("lets no core dump have the tokens in it, and no file of its be others'", function()
    assert.same({ "0", "0077" }, { value "LimitCORE", value "UMask" })
  end)

  it("signals the first process alone, which passes it on", function()
    assert.equal("mixed", value "KillMode")
  end)

  it("starts again what crashed, and keeps its file where alone it may write", function()
    assert.equal("on-failure", value "Restart")
    local path = unit:match "STORAGE=sqlite:/var/lib/(%S+)/bot%.db\n"
    assert.same({ path, "strict" }, { value "StateDirectory", value "ProtectSystem" })
  end)
end)

describe("examples/deploy/Containerfile", function()
  local text = files.read(FOLDER .. "Containerfile")
  local build, image = text:match "^(.*)\nFROM (.*)$"

  local function packages(stage)
    return words(stage:match "%-%-no%-install%-recommends \\\n(.-)\n[%w ]*[&C]")
  end

  it("builds with what make installs to build", function()
    local wanted = words(files.read("Makefile"):match "DEPS_BUILD = (.-)\n[%w]")
    wanted.make = true
    assert.same(wanted, packages(build))
  end)

  -- Package names that hold the libraries which core.so names itself; nil when it is made for a
  -- sanitizer, and then linked with more.
  local function needed()
    local module = package.searchpath("slack.core", package.cpath)
    local _, linked = files.run("ldd " .. module)
    local _, named = files.run("readelf -d " .. module)
    if named:find "%[lib[at]san" then
      return nil
    end
    local paths = {}
    for library in named:gmatch "%(NEEDED%)[^%[]*%[([^%]]+)%]" do
      table.insert(paths, linked:match(library:gsub("%p", "%%%0") .. " => (%S+)"))
    end
    local ok, owners = files.run(("set -f; dpkg -S $(readlink -f %s | sed 's,.*/,*/,')"):format(
      table.concat(paths, " ")))
    assert(ok, owners)
    local list, seen = {}, {}
    for name, file in ("\n" .. owners):gmatch "\n([^:\n]+)[^\n]*: /[^\n]*/([^/\n]+)" do
      if not seen[file] then -- others have it for other processors
        list[name], seen[file] = true, true
      end
    end
    return list
  end

  it("has the packages of all libraries that the C module is linked with", function()
    local is_debian_12 = files.run "grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release"
    if not (is_debian_12 and is_installed "readelf") then
      return pending "this is not Debian 12"
    end
    local there, list = packages(image), needed()
    if not list then
      return pending "the C module is made for a sanitizer"
    end
    for name in pairs(list) do
      local is_always_there = name == "libc6" or name:find "^ld%-linux"
      assert.truthy(there[name] or is_always_there, name)
    end
  end)

  it("runs the bot as its first process, as nobody else, on a volume", function()
    for _, line in ipairs {
      "USER 10001", 'CMD ["lua5.4", "bot.lua"]', "ENV STORAGE=sqlite:/data/bot.db", "VOLUME /data",
      "STOPSIGNAL SIGTERM",
    } do
      assert.truthy(image:find("\n" .. line .. "\n", 1, true), line)
    end
  end)

  it("copies what there is", function()
    for source in text:gmatch "\nCOPY ([%w/*.]+) " do
      assert.truthy(files.run("ls -d " .. source), source)
    end
    for script in text:gmatch '"([%w_]+%.lua)"' do
      assert.truthy(io.open(FOLDER .. script), script)
    end
  end)
end)

describe("examples/deploy/haproxy.cfg", function()
  it("is taken by HAProxy", function()
    if not is_installed "haproxy" then
      return pending "haproxy is not installed"
    end
    local directory <close> = files.temporary()
    local pem = assert(core.certificate { names = "DNS:localhost" })
    local path = directory.path .. "/bot.pem"
    files.write(path, pem.certificate .. pem.key)
    files.write(directory.path .. "/haproxy.cfg",
      (files.read(FOLDER .. "haproxy.cfg"):gsub("/etc/haproxy/bot%.pem", path)))
    local ok, output = files.run(("haproxy -c -f %s/haproxy.cfg"):format(directory.path))
    assert.truthy(ok, output)
  end)

  it("asks receivers whether they are ready, and lets nobody else ask", function()
    local text = files.read(FOLDER .. "haproxy.cfg")
    assert.truthy(text:find("\n    option httpchk GET /ready\n", 1, true))
    assert.truthy(text:find("http-request deny if { path /health /ready /metrics }", 1, true))
  end)
end)

describe("examples/deploy/redis.conf", function()
  it("makes a Redis that writes what it is given to its disk, and throws nothing away", function()
    if not Redis.is_installed() then
      return pending(Redis.MISSING)
    end
    local redis <close> = Redis.start { files.read(FOLDER .. "redis.conf") }
    for name, value in pairs {
      appendonly = "yes", appendfsync = "everysec", ["maxmemory-policy"] = "noeviction",
    } do
      assert.equal(name .. "\n" .. value, redis:ask("config get " .. name))
    end
  end)
end)

describe("examples/deploy/bot.lua", function()
  local slack_here, directory

  before_each(function()
    directory = files.temporary()
    slack_here = assert(sandbox.start { log = silent })
  end)

  after_each(function()
    slack_here:stop()
    getmetatable(directory).__close(directory)
  end)

  local function run()
    local bot = example.run(FOLDER .. "bot.lua", slack_here, {
      SLACK_BOT_TOKEN = slack_here.bot_token, SLACK_APP_TOKEN = slack_here.app_token,
      SLACK_SIGNING_SECRET = "", ROLE = "",
      STORAGE = ("sqlite:%s/bot.db"):format(directory.path),
    })
    return bot, bot:output():match "http://[%d.]+:(%d+)"
  end

  it("counts, goes on where it was, and ends with 0 when it is asked to", function()
    for i = 1, 2 do
      local bot <close> = run()
      slack_here:say { text = "one more" }
      live_app.wait(function()
        local text = slack_here:command({ command = "/count" }).message.text
        return text == ("%d messages here."):format(i)
      end)
      example.stop(bot)
    end
  end)

  it("is found healthy while it runs, and not any more", function()
    local bot <close>, port = run()
    local function is_healthy()
      local look <close> = Process.lua(FOLDER .. "healthy.lua", { environment = { PORT = port } })
      live_app.wait(function() return not look:is_running() end)
      return look:wait() == 0
    end
    assert.is_true(is_healthy())
    example.stop(bot)
    assert.is_false(is_healthy())
  end)
end)
