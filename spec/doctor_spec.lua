local Case = require "slack.doctor.case"
local Needs = require "slack.manifest.needs"
local core = require "slack.core"
local debian = require "slack.doctor.debian"
local doctor = require "slack.doctor"
local errors = require "slack.errors"
local files = require "support.files"
local http_date = require "slack.doctor.http_date"
local json = require "slack.json"
local judge_redis = require("slack.doctor.storage").judge_redis
local listeners = require "slack.manifest.listeners"
local small_disk = require("support.inbox_faults").small_disk
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local NOW = 1767610800 -- Mon, 05 Jan 2026 11:00:00 GMT
local DATE = "Mon, 05 Jan 2026 11:00:00 GMT"
local SECRET = ("0123456789abcdef"):rep(2)

-- What Slack answers, by method: a body, and a header of scopes.
local function slack_that_says(answers)
  return function(request)
    local answer = answers[request.url:match "[^/]+$"] or { body = { ok = true } }
    if answer.failure then
      return nil, errors.new(answer.failure)
    end
    local lines = { date = answer.date or DATE, ["x-oauth-scopes"] = answer.scopes }
    return {
      status = answer.status or 200, body = json.encode(answer.body or { ok = true }),
      header = function(_, name) return lines[name] end,
    }
  end
end

local function new_case(given)
  local all = {
    environment = function(name) return given.variables and given.variables[name] end,
    path = "bot.lua", env_file = "none/.env", versions = core.versions(),
    now = function() return NOW end, fetch = slack_that_says(given.slack or {}),
    stat = function() end, read = function() end,
    open_storage = function(url) return storage.open(url) end,
  }
  for name, value in pairs(given) do
    all[name] = value
  end
  all.settings = { api_url = "https://slack.com/api/", transport = "socket", storage = "memory:" }
  for name, value in pairs(given.settings or {}) do
    all.settings[name] = value
  end
  return Case.new(all)
end

-- What a check finds, as "STATE: MESSAGE" in lines, and the remedies.
local function findings(name, given)
  local lines, remedies = {}, {}
  for _, check in ipairs(doctor.checks()) do
    if check.name == name then
      for i, finding in ipairs(tasks.run(doctor.run, check, new_case(given))) do
        lines[i] = finding.state .. ": " .. finding.message
        remedies[#remedies + 1] = finding.remedy
        assert.equal(finding.state ~= "ok", finding.remedy ~= nil)
      end
    end
  end
  return table.concat(lines, "\n"), table.concat(remedies, "\n")
end

local function says(name, given, ...)
  local text, remedies = findings(name, given)
  for _, wanted in ipairs { ... } do
    assert.truthy((text .. "\n" .. remedies):find(wanted, 1, true), text .. "\n" .. remedies)
  end
end

describe("doctor: versions", function()
  it("passes those that work, and names those with known mistakes", function()
    says("libraries", { versions = { libcurl = "8.22.0", hiredis = "1.2.0" } },
      "ok: hiredis 1.2.0, libcurl 8.22.0")
    says("libraries", { versions = { libcurl = "8.21.0" } }, "warning: libcurl 8.21.0")
    says("libraries", { versions = { libcurl = "7.68.0" } }, "problem: libcurl 7.68.0")
    says("libraries", { versions = { libcurl = "8.22.0", libwebsockets = "4.3.2-x" } }, "ok: ")
    says("libraries", { versions = { libwebsockets = "4.3.0" } }, "warning: libwebsockets 4.3.0")
    says("libraries", { versions = { openssl = "OpenSSL 1.1.1w 11 Sep 2023" } },
      "warning: OpenSSL 1.1.1w")
    says("libraries", { versions = { sqlite = "3.23.1" } }, "problem: SQLite 3.23.1")
  end)

  -- What Debian's package of a library says of its repairs.
  local function packaged(name, text)
    local folder <close> = files.temporary()
    files.write(folder.path .. "/changelog", text)
    files.run(("gzip '%s/changelog'"):format(folder.path))
    local packed = files.read(folder.path .. "/changelog.gz")
    return function(path)
      return path == "/usr/share/doc/" .. name .. "/changelog.Debian.gz" and packed or nil
    end
  end

  it("names those with holes that a peer can use, and where that is written", function()
    for version, wanted in pairs {
      ["libcurl 7.87.0"] = "CVE-2023-23916", ["libcurl 8.11.1"] = "CVE-2025-0665",
      ["libcurl 8.18.0"] = "CVE-2026-3784", ["openssl OpenSSL 3.0.2 15 Mar 2022"] = "CVE-2022-3602",
      ["hiredis 0.14.1"] = "CVE-2021-32765", ["hiredis 1.3.0"] = "hiredis 1.3.0 can be made to",
      ["lua 5.4.0"] = "CVE-2020-15888", ["lua 5.4.5"] = "install Lua 5.4.6",
    } do
      local library, number = version:match "^(%S+) (.*)$"
      says("libraries", { versions = { [library] = number } }, "warning: ", wanted)
    end
    for _, version in ipairs {
      "libcurl 8.19.0", "libcurl 8.14.2", "libcurl 8.16.1", "openssl OpenSSL 3.0.7 1 Nov 2022",
      "hiredis 1.2.0", "hiredis 1.3.1", "lua 5.4.4", "lua 5.4.6",
    } do
      local library, number = version:match "^(%S+) (.*)$"
      says("libraries", { versions = { [library] = number } }, "ok: ")
    end
  end)

  it("trusts a distribution's package that has the repair, and no other", function()
    local versions = { hiredis = "0.14.1" }
    says("libraries", {
      versions = versions,
      read = packaged("libhiredis0.14", "hiredis (0.14.1-2)\n  * CVE-2021-32765: Prevent\n"),
    }, "ok: ")
    says("libraries", {
      versions = versions, read = packaged("libhiredis0.14", "hiredis (0.14.1-1)\n"),
    }, "warning: hiredis 0.14.1", "CVE-2021-32765", "or a package of your distribution")
    says("libraries", { versions = versions, read = function() return "no gzip" end },
      "warning: hiredis 0.14.1")
  end)

  it("goes by the package's version where its changelog is left out, as in images", function()
    local function packages(version)
      return function(path)
        return path == "/var/lib/dpkg/status" and ("Package: libhiredis0.14-x\nStatus: install ok "
          .. "installed\nVersion: 9\n\nPackage: libhiredis0.14\nStatus: install ok installed\n"
          .. "Architecture: amd64\nVersion: %s\n\nPackage: z\n"):format(version) or nil
      end
    end
    local versions = { hiredis = "0.14.1" }
    says("libraries", { versions = versions, read = packages "0.14.1-2" }, "ok: ")
    says("libraries", { versions = versions, read = packages "0.14.1-3" }, "ok: ")
    says("libraries", { versions = versions, read = packages "0.14.1-1" }, "warning: hiredis")
    says("libraries", { versions = versions, read = packages "0.14.1-2~bpo11+1" },
      "warning: hiredis")
  end)

  it("compares the versions of packages as Debian does", function()
    local ORDER = { "1.0~rc1-1", "1.0-1~x", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0-10",
      "1.0a-1", "1.0.1-1", "1.10-1", "1:0.1-1" }
    for i = 2, #ORDER do
      assert.is_true(debian.is_older(ORDER[i - 1], ORDER[i]), ORDER[i])
      assert.is_false(debian.is_older(ORDER[i], ORDER[i - 1]), ORDER[i])
      assert.is_false(debian.is_older(ORDER[i], ORDER[i]))
    end
    assert.is_true(debian.is_older("7.88.1-10+deb12u9", "7.88.1-10+deb12u15"))
  end)

  it("asks the Lua that runs which one it is", function()
    assert.matches("^5%.4%.%d+$", core.versions().lua)
  end)

  it("wants lua-cjson, and no other module of that name", function()
    says("lua", {}, "ok: Lua 5.4, lua-cjson")
    says("lua", { cjson = { encode = print } }, "problem: ", "luarocks --lua-version 5.4 install")
  end)
end)

describe("doctor: the bot's files", function()
  it("tells of a program that does not load", function()
    says("program", { program = { apps = { { settings = {} } } } }, "ok: bot.lua makes 1 app")
    says("program", { program_error = errors.new { code = "syntax", message = "bot.lua:3: oh" } },
      "problem: bot.lua:3: oh", "mend that line")
    says("program", { program_error = errors.new { code = "no_program", message = "none" } },
      "problem: none", "lua-slack doctor BOT")
  end)

  it("names scripts that do not load, by file and line", function()
    local app = {
      settings = { scripts = "handlers" },
      scripts = {
        problems = function() return { { script = "a.lua", message = "a.lua:7: no" } } end,
        stats = function() return { generations = { ["b.lua"] = 1 } } end,
      },
    }
    says("scripts", { program = { apps = { app } } }, "problem: a.lua:7: no", "mend a.lua")
    app.scripts.problems = function() return {} end
    says("scripts", { program = { apps = { app } } }, "ok: 1 script in handlers")
    says("scripts", { program = { apps = { app } },
      scripts_error = errors.new { code = "no_scripts", message = "not there" } },
      "problem: not there")
  end)

  it("warns of a program and of scripts that others may write", function()
    local function stat(path)
      return "1:2:3:4", "file", tonumber(path == "handlers" and "777" or "664", 8)
    end
    local app = {
      settings = { scripts = "handlers" },
      scripts = {
        problems = function() return {} end, stats = function() return { generations = {} } end,
      },
    }
    local given = { stat = stat, program = { apps = { app } } }
    says("program", given, "warning: bot.lua may be written by others", "(mode 664)",
      "chmod -R go-w bot.lua", "ok: bot.lua makes 1 app")
    says("scripts", given, "warning: handlers may be written by others", "(mode 777)")
  end)

  it("warns of a key of TLS that others may read", function()
    local function key(mode)
      return {
        settings = { http = { host = "127.0.0.1", port = 1, tls = { key = "key.pem" } } },
        stat = function(path) return path == "key.pem" and "1:2:3:4", "file", mode end,
      }
    end
    says("TLS key", key(tonumber("640", 8)), "warning: the key key.pem may be read by others",
      "(mode 640)", "chmod 600 key.pem")
    says("TLS key", key(tonumber("600", 8)), "ok: ")
    assert.equal("", (findings("TLS key", {})))
  end)

  it("warns of a .env that others may read", function()
    local function env(mode)
      return { env_file = ".env", stat = function() return "1:2:3:4", "file", mode end }
    end
    says(".env", env(tonumber("644", 8)), "warning: .env may be read by others", "(mode 644)",
      "chmod 600 .env")
    says(".env", env(tonumber("600", 8)), "ok: ")
    assert.equal("", (findings(".env", {})))
    local wrong = env(tonumber("600", 8))
    wrong.env_error = errors.new { code = "env", message = ".env:2: NAME=VALUE expected" }
    says(".env", wrong, "problem: .env:2: NAME=VALUE expected")
    says(".env", { env_error = errors.new { code = "missing", message = "there is no file x" } },
      "problem: there is no file x")
  end)
end)

describe("doctor: tokens", function()
  local GOOD = {
    SLACK_BOT_TOKEN = "xoxb-1-2-x", SLACK_APP_TOKEN = "xapp-1-2-x", SLACK_SIGNING_SECRET = SECRET,
  }

  local function with(changes, settings)
    local variables = {}
    for name, value in pairs(GOOD) do
      variables[name] = value
    end
    for name, value in pairs(changes) do
      variables[name] = value or nil
    end
    return { variables = variables, settings = settings }
  end

  it("are fine when each has its kind", function()
    assert.equal("ok: SLACK_BOT_TOKEN is a bot token\nok: SLACK_APP_TOKEN is an app-level token\n"
      .. "ok: SLACK_SIGNING_SECRET is a signing secret", (findings("tokens", with {})))
    says("tokens", with { SLACK_BOT_TOKEN = "xoxe.xoxb-1-x" }, "ok: SLACK_BOT_TOKEN is a bot")
    says("tokens", with({}, { token = "xoxp-1-x" }), "ok: SLACK_BOT_TOKEN is a user token")
  end)

  it("are named when they are swapped, or of another kind", function()
    says("tokens", with { SLACK_BOT_TOKEN = "xapp-1-x", SLACK_APP_TOKEN = "xoxb-1-x" },
      "problem: SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped")
    says("tokens", with { SLACK_BOT_TOKEN = SECRET },
      "problem: SLACK_BOT_TOKEN is a signing secret, where a bot token (xoxb-…) is expected",
      "that one belongs into SLACK_SIGNING_SECRET")
    says("tokens", with { SLACK_SIGNING_SECRET = "xoxb-1-2-x" },
      "problem: SLACK_SIGNING_SECRET is a bot token")
    says("tokens", with { SLACK_SIGNING_SECRET = "1234" },
      "warning: SLACK_SIGNING_SECRET does not look as Slack makes them: 32 characters")
    says("tokens", with { SLACK_APP_TOKEN = "xoxe-1-x" }, "problem: SLACK_APP_TOKEN is a refresh")
    says("tokens", with { SLACK_BOT_TOKEN = "'xoxb-1-x'" }, "begins or ends with")
  end)

  it("are missed where the transport needs them", function()
    says("tokens", with { SLACK_APP_TOKEN = false }, "problem: SLACK_APP_TOKEN is missing",
      "connections:write")
    local text = findings("tokens", with({ SLACK_APP_TOKEN = false }, { transport = "http" }))
    assert.falsy(text:find("APP_TOKEN", 1, true))
    says("tokens", with({ SLACK_SIGNING_SECRET = false }, { transport = "http" }),
      "problem: SLACK_SIGNING_SECRET is missing")
    text = findings("tokens", with({ SLACK_BOT_TOKEN = false }, { oauth = {} }))
    assert.falsy(text:find("missing", 1, true))
    says("tokens", with({ SLACK_BOT_TOKEN = false }, { token = "xoxb-offline" }),
      "problem: SLACK_BOT_TOKEN is missing")
  end)

  it("of apps for many workspaces are looked at", function()
    local function oauth(id, secret)
      return { settings = { oauth = { client_id = id, client_secret = secret } } }
    end
    assert.equal("ok: SLACK_CLIENT_ID is there\nok: SLACK_CLIENT_SECRET is there",
      (findings("oauth", oauth("1.2", SECRET))))
    says("oauth", oauth("offline", SECRET), "problem: SLACK_CLIENT_ID is missing")
    says("oauth", oauth("1.2", "geheim"),
      "warning: SLACK_CLIENT_SECRET does not look as Slack makes them")
    assert.falsy(findings("oauth", oauth("geheim", "geheim")):find "geheim")
    assert.equal("", (findings("oauth", {})))
  end)

  it("are never shown", function()
    for _, value in ipairs { "xoxb-1-geheim", "xapp-geheim", "geheim", "https://x/geheim" } do
      local text, remedies = findings("tokens", with {
        SLACK_BOT_TOKEN = value, SLACK_APP_TOKEN = value, SLACK_SIGNING_SECRET = value,
      })
      assert.falsy((text .. remedies):find "geheim")
    end
  end)
end)

describe("doctor: the network", function()
  local function unreached(code, message)
    return { ["api.test"] = { failure = { code = code, message = message or code } } }
  end

  it("tells where Slack is reached, and why not", function()
    says("connection", {}, "ok: slack.com answers")
    says("connection", { slack = unreached "dns" }, "problem: the name slack.com", "resolv.conf")
    says("connection", { slack = unreached("timeout", "timed out") }, "problem: timed out",
      "firewall")
  end)

  it("tells which proxy there is, without its password, and what it answered", function()
    says("proxy", {}, "ok: none")
    local variables = { HTTPS_PROXY = "http://ada:geheim@proxy.example:3128" }
    local text = findings("proxy", { variables = variables })
    assert.equal("ok: http://proxy.example:3128 of HTTPS_PROXY", text)
    says("proxy", { variables = variables, slack = unreached("proxy", "it answered with 407") },
      "problem: it answered with 407", "check HTTPS_PROXY")
    says("proxy", { settings = { proxy = "http://other.example:1" }, variables = variables },
      "ok: http://other.example:1 of the option \"proxy\"")
    says("proxy", { settings = { proxy = "socks9://x" } }, "problem: ")
    says("proxy", { variables = variables, settings = { api_url = "http://127.0.0.1:1/api/" } },
      "passed by for this machine")
  end)

  it("blames the proxy, not Slack, where it is the proxy that is not reached", function()
    local variables = { HTTPS_PROXY = "http://proxy.example:3128" }
    for code, message in pairs {
      connection = "no connection through the proxy proxy.example:3128: Connection refused",
      dns = "Could not resolve proxy: proxy.example",
    } do
      local given = { variables = variables, slack = unreached(code, message) }
      says("proxy", given, "problem: " .. message, "check HTTPS_PROXY")
      assert.equal("", (findings("connection", given)))
    end
    says("connection", { variables = variables, slack = unreached("timeout", "timed out") },
      "problem: timed out", "check that the proxy of HTTPS_PROXY answers")
  end)

  it("asks for the clock where a certificate is of another time", function()
    for _, message in ipairs { "certificate has expired", "certificate is not yet valid" } do
      local given = { slack = unreached("tls", message) }
      says("authorities", given, "problem: " .. message, "timedatectl")
      assert.falsy(select(2, findings("authorities", given)):find("ca_file", 1, true))
    end
  end)

  it("names the package of authorities where a system has none", function()
    local message = "this system has no authorities: install the package ca-certificates"
    says("authorities", { slack = unreached("tls", message) }, "problem: " .. message,
      "install the package ca-certificates")
  end)

  it("looks into the file of authorities", function()
    local variables = { SSL_CERT_FILE = "/ca.pem" }
    says("authorities", {}, "ok: the system's authorities vouch for slack.com")
    says("authorities", { variables = variables }, "problem: SSL_CERT_FILE: /ca.pem cannot be read")
    says("authorities", { variables = variables, read = function() return "hello" end },
      "problem: SSL_CERT_FILE: there is no certificate in /ca.pem")
    says("authorities", { settings = { ca_file = "/none.pem" }, read = function()
      return "-----BEGIN CERTIFICATE-----"
    end }, "problem: ", "/none.pem")
    local read = function() return "-----BEGIN CERTIFICATE-----\n" end
    says("authorities", { variables = variables, read = read }, "ok: /ca.pem vouches for")
    says("authorities", { variables = variables, read = read, slack = unreached("tls", "unknown") },
      "problem: unknown", "ca_file")
  end)

  it("compares the clocks", function()
    says("clock", {}, "ok: ")
    says("clock", { now = function() return NOW + 120 end }, "warning: this machine's "
      .. "clock is 120 s ahead of Slack's")
    says("clock", { now = function() return NOW - 301 end }, "problem: this machine's clock is 301 "
      .. "s behind Slack's", "timedatectl")
  end)

  it("reads dates of HTTP", function()
    assert.equal(NOW, http_date(DATE))
    assert.equal(784111777, http_date "Sun, 06 Nov 1994 08:49:37 GMT")
    assert.is_nil(http_date "yesterday")
    assert.is_nil(http_date "Sun, 06 Foo 1994 08:49:37 GMT")
  end)

  it("asks Slack whose the token is", function()
    local function bot(answer)
      return { settings = { token = "xoxb-1-x" }, slack = { ["auth.test"] = answer } }
    end
    says("auth.test", bot { body = { ok = true, user = "lunchbot", team = "Moon" } },
      "ok: the token is lunchbot's in Moon")
    says("auth.test", bot { body = { ok = false, error = "token_revoked" } },
      "problem: auth.test: token_revoked", "install the app again")
    says("auth.test", bot { body = { ok = false, error = "brand_new" } }, "look that word up")
    says("auth.test", bot { status = 503, body = {} }, "problem: auth.test: status 503")
    assert.equal("", (findings("auth.test", {})))
  end)

  it("asks Slack for a connection", function()
    local function bot(answer, transport)
      return {
        settings = { app_token = "xapp-1-x", transport = transport or "socket" },
        slack = { ["apps.connections.open"] = answer },
      }
    end
    says("socket mode", bot {}, "ok: ")
    says("socket mode", bot { body = { ok = false, error = "missing_scope" } },
      "problem: apps.connections.open: missing_scope", "connections:write")
    says("socket mode", bot { body = { ok = false, error = "forbidden" } }, "switch Socket Mode on")
    assert.equal("", (findings("socket mode", bot({}, "http"))))
  end)
end)

describe("doctor: scopes", function()
  local function bot(granted, needs)
    return {
      settings = { token = "xoxb-1-x" }, known_needs = needs, program = { apps = { {} } },
      slack = { ["auth.test"] = { scopes = granted } },
    }
  end

  it("are held against what listeners and calls need", function()
    local needs = Needs.new()
    needs:add_scope("bot", { "chat:write" }, { what = "c:say", place = "bot.lua:7" })
    needs:add_scope("bot", { "channels:history", "im:history" }, { what = "c:ask" })
    says("scopes", bot("chat:write,im:history", needs), "ok: ", "2 granted")
    says("scopes", bot("im:history", needs),
      "problem: the token lacks the scope chat:write, for c:say (bot.lua:7)")
    says("scopes", bot("chat:write", needs), "the scope channels:history or im:history, for c:ask")
    says("scopes", bot(nil, needs), "warning: Slack does not tell")
  end)

  it("for some kinds of channels are a matter of taste", function()
    local needs, reason = Needs.new(), { what = "app:message" }
    listeners.add_messages(needs, {}, reason)
    says("scopes", bot("im:history", needs), "warning: without the scope channels:history no mess")
    says("scopes", bot("", needs), "problem: the token lacks the scope channels:history")
  end)

  it("cannot be told for what the sources do not say", function()
    local needs = Needs.new()
    needs:note("which method", "bot.lua:3")
    says("sources", bot("", needs), "warning: bot.lua:3: which method")
    assert.equal("", (findings("sources", bot("", Needs.new()))))
  end)
end)

describe("doctor: the HTTP side", function()
  local HTTP = { host = "127.0.0.1", port = 3000, health = "/health", max_connections = 10 }

  it("tells whether its port is free", function()
    says("port", { settings = { http = { host = "127.0.0.1", port = 0 } } }, "ok: ")
    says("port", { settings = { http = HTTP }, reserve_port = function()
      return nil, "in use", "address_in_use"
    end }, "warning: port 3000 is taken", "http.port")
    says("port", { settings = { http = { host = "192.0.2.1", port = 1 } } }, "problem: 192.0.2.1:1")
    assert.equal("", (findings("port", {})))
  end)

  it("looks at the address that Slack knows", function()
    local function bot(answer, url)
      return {
        settings = { http = HTTP, transport = "http" }, slack = { health = answer },
        public_url = url,
      }
    end
    says("public URL", bot({}, "https://bot.example"), "ok: https://bot.example leads to the bot")
    says("public URL", bot({ status = 502 }, "https://bot.example/"), "warning: ", "with 502")
    says("public URL", bot({ failure = { code = "tls", message = "unknown" } }, "https://x.y"),
      "warning: unknown", "public authorities")
    assert.equal("", (findings("public URL", bot({}))))
  end)
end)

describe("doctor: the store", function()
  local folder

  before_each(function()
    folder = files.temporary()
  end)

  after_each(function()
    getmetatable(folder).__close(folder)
  end)

  local function sqlite(path, more)
    local given = { settings = { storage = "sqlite:" .. path }, stat = core.stat }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return given
  end

  it("needs a folder that can be written to", function()
    says("storage", sqlite(folder.path .. "/bot.db"), "ok: ", "will be made by the bot")
    assert.is_nil((core.stat(folder.path .. "/bot.db")))
    says("storage", sqlite(folder.path .. "/none/bot.db"), "problem: there is no folder",
      "mkdir -p")
    says("storage", sqlite("/proc/bot.db"), "problem: nothing can be written")
    assert.same({}, core.list_directory(folder.path))
  end)

  it("needs room on its disk", function()
    local disk <close>, lack = small_disk "64k"
    if not disk then
      return pending(lack)
    end
    local path = disk.path .. "/bot.db"
    says("storage", sqlite(path), "problem: nothing can be written", "No space left",
      "make room: df -h " .. disk.path)
    assert.same({}, core.list_directory(disk.path))
  end)

  it("follows no link to find that out", function()
    local precious = folder.path .. "/precious"
    files.write(precious, "precious")
    assert(os.execute(("ln -s '%s' '%s/.lua-slack-doctor-%d'"):format(precious, folder.path,
      core.pid())))
    findings("storage", sqlite(folder.path .. "/bot.db"))
    assert.equal("precious", files.read(precious))
  end)

  it("is opened when it is there", function()
    local path = folder.path .. "/bot.db"
    tasks.run(function() assert(storage.open("sqlite:" .. path)):close() end)
    os.execute(("chmod 600 '%s'"):format(path))
    says("storage", sqlite(path), "ok: ", "can be opened")
    os.execute(("chmod 644 '%s'"):format(path))
    says("storage", sqlite(path), "warning: ", "may be read by others", "chmod 600")
    files.write(path, ("no database "):rep(100))
    says("storage", sqlite(path), "problem: ")
  end)

  it("is left as it is when it is older, or empty", function()
    local path = folder.path .. "/bot.db"
    tasks.run(function() assert(storage.open("sqlite:" .. path)):close() end)
    local text = files.read(path)
    assert.equal(2, (string.unpack(">I4", text, 61))) -- what the doctor takes for the newest
    local old = text:sub(1, 60) .. string.pack(">I4", 1) .. text:sub(65)
    for content, expected in pairs { [old] = "an older lua-slack", [""] = "will be made" } do
      files.write(path, content)
      os.execute(("chmod 600 '%s'"):format(path))
      says("storage", sqlite(path), "ok: ", expected)
      assert.is_true(files.read(path) == content)
      assert.same({ "bot.db" }, core.list_directory(folder.path))
    end
  end)

  it("does not belong on a disk of another machine", function()
    says("storage", sqlite(folder.path .. "/bot.db", { read = function()
      return "/dev/sda1 / ext4 rw 0 0\nserver:/x " .. folder.path .. " nfs4 rw 0 0\n"
    end }), "warning: ", "lies on another machine (nfs4)")
  end)

  it("in memory outlives nothing", function()
    says("storage", {}, "ok: in memory")
  end)

  it("in Redis is judged by what the server says of itself", function()
    local function judge(info)
      local told = {}
      local function tell(report, text)
        table.insert(report.findings, text)
        table.insert(told, text)
      end
      judge_redis(info, { findings = {}, ok = tell, warning = tell, problem = tell })
      return table.concat(told, "\n")
    end
    local good = { redis_version = "7.0.15", role = "master", maxmemory_policy = "noeviction",
      maxmemory = "0", aof_enabled = "1" }
    local function with(name, value)
      return setmetatable({ [name] = value }, { __index = good })
    end
    assert.equal("Redis 7.0.15 keeps what it is given", judge(good))
    assert.matches("6.2 is the oldest", judge(with("redis_version", "6.0.16")))
    assert.matches("replica", judge(with("role", "slave")))
    assert.matches("no log of changes", judge(with("aof_enabled", "0")))
    assert.matches("could not write", judge(with("aof_last_write_status", "err")))
    local evicting = with("maxmemory_policy", "allkeys-lru")
    assert.matches("keeps what", judge(evicting))
    evicting.maxmemory = "1000000"
    assert.matches("throws entries away when its memory is full %(allkeys%-lru%)", judge(evicting))
  end)

  it("in Redis must answer", function()
    local reserved <close> = assert(core.reserve_port("127.0.0.1", 0))
    says("storage", { settings = { storage = ("redis://:geheim@127.0.0.1:%d")
      :format(reserved:port()) }, open_storage = function(url)
        return storage.open(url, { timeout = 0.2 })
      end }, "problem: ", "check host, port")
  end)
end)

describe("doctor: limits", function()
  it("of notices are told when scripts are watched", function()
    says("scripts' notices", { settings = { scripts = "spec" } }, "ok: ")
    says("scripts' notices", { settings = { scripts = "spec" }, file_watch = function() end },
      "warning: no notices", "max_user_instances")
    local function few() return "8\n" end
    says("scripts' notices", { settings = { scripts = "spec" }, read = few },
      "warning: only 8 folders")
    assert.equal("", (findings("scripts' notices", {})))
  end)

  it("of open files are held against what the bot may need", function()
    local function limited(limit, http)
      return { settings = { http = http }, read = function()
        return "Limit  Soft  Hard\nMax open files            " .. limit .. "   4096   files\n"
      end }
    end
    says("open files", limited(1024), "ok: 1024 files")
    says("open files", limited(1024, { max_connections = 4000 }),
      "warning: 1024 files may be open, the bot may need 4064", "ulimit -n 4064")
    says("open files", limited "unlimited", "ok: unlimited")
    assert.equal("", (findings("open files", {})))
  end)
end)
