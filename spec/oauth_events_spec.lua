local core = require "slack.core"
local files = require "support.files"
local oauth_app = require "support.oauth_app"
local slack = require "slack"

local SCOPES = { "chat:write", "channels:history" }

describe("an app that workspaces install", function()
  -- Somebody asks there, and is answered with whose token it was.
  local function ask(team, channel)
    team:say { channel = channel, text = "whose?" }
    return (team:wait_message { channel = channel, text = "token of" }).text
  end

  local function install(it, how)
    how.install_url = it.url .. "/slack/install"
    local page, err = it.here:install(how)
    assert.equal(200, page and page.status, err)
    assert.matches("<h1>All done</h1>", page.body, 1, true)
  end

  local function token_owners(it)
    local owners = {}
    for record in it.app.installations:each() do
      owners[record.bot_token] = record.team_id or record.enterprise_id
    end
    return owners
  end

  for _, transport in ipairs { "http", "socket" } do
    it("answers two workspaces and an organization, each with its token; " .. transport
      .. " (S082, S126)", function()
      oauth_app.run({ channels = { "general" } }, function(here, new)
        local moon = here.workspaces[1]
        local mars = here:add_workspace { team_name = "Mars", channels = { "base" } }
        local planets = { id = "E0PLANETS1", name = "Planets" }
        local earth = here:add_workspace { enterprise = planets, channels = { "sea" } }
        local venus = here:add_workspace { enterprise = planets, channels = { "cloud" } }
        local it = new({ scopes = SCOPES }, {
          transport = transport, app_token = transport == "socket" and here.app_token or nil,
        })
        local owners
        it.app:message("whose?", function(c)
          c:say(("token of %s in %s"):format(owners[c.authorization.bot_token], c.team_id))
        end)
        if transport == "http" then
          here:deliver_over_http(it.url .. "/slack/events")
        end
        install(it, { workspace = moon })
        install(it, { workspace = mars, user = "grace" })
        install(it, { workspace = earth, org = true })
        owners = token_owners(it)

        local function expected(owner, team)
          return ("token of %s in %s"):format(owner, team.team_id)
        end
        assert.equal(expected(moon.team_id, moon), ask(moon, "general"))
        assert.equal(expected(mars.team_id, mars), ask(mars, "base"))
        assert.equal(expected("E0PLANETS1", earth), ask(earth, "sea"))
        assert.equal(expected("E0PLANETS1", venus), ask(venus, "cloud"))
      end)
    end)
  end

  it("is installed over TLS, with a cookie that leaves it only so", function()
    local directory <close> = files.temporary()
    for name, text in pairs(assert(core.certificate {})) do
      files.write(("%s/%s.pem"):format(directory.path, name), text)
    end
    oauth_app.run({ channels = { "general" } }, function(here, new)
      local it = new({ scopes = SCOPES, direct = true }, { http = {
        host = "127.0.0.1", port = 0,
        tls = { cert = directory.path .. "/certificate.pem", key = directory.path .. "/key.pem" },
      } })
      it.app:message("whose?", function(c) c:say("token of " .. c.team_id) end)
      assert.matches("^https://", it.url)
      local authority = directory.path .. "/authority.pem"
      here:deliver_over_http { url = it.url .. "/slack/events", ca_file = authority }
      local page = assert(slack.fetch(it.url .. "/slack/install", {
        ca_file = authority, proxy = "", follow = false,
      }))
      assert.matches("; Secure", page.headers["set-cookie"], 1, true)
      install(it, { ca_file = authority })
      assert.equal("token of " .. here.workspaces[1].team_id, ask(here.workspaces[1], "general"))
    end)
  end)

  it("keeps its installations in a file, and serves them after a restart", function()
    local directory <close> = files.temporary()
    oauth_app.run({ channels = { "general" } }, function(here, new)
      local function start()
        local it = new({ scopes = SCOPES }, { storage = "sqlite:" .. directory.path .. "/bot.db" })
        it.app:message("whose?", function(c) c:say("token of " .. c.team_id) end)
        here:deliver_over_http(it.url .. "/slack/events")
        return it
      end
      local it = start()
      install(it, {})
      assert(it.app:stop())
      start()
      assert.equal("token of " .. here.workspaces[1].team_id, ask(here.workspaces[1], "general"))
    end)
  end)
end)
