local core = require "slack.core"
local files = require "support.files"
local http = require "slack.http"
local log = require "slack.log"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

describe("HTTP over a socket of this machine", function()
  local folder, path

  before_each(function()
    folder = files.temporary()
    path = folder.path .. "/socket"
  end)

  after_each(function()
    getmetatable(folder).__close(folder)
  end)

  -- Runs fn while a server echoes there.
  local function with_server(fn)
    local server
    local source = loop.register(function(_, id, method, target, _, body)
      server:respond(id, 200, { "Content-Type", "text/plain" },
        ("%s %s %d"):format(method, target, #body))
    end)
    server = assert(core.http_server {
      path = path, mailbox = loop.mailbox(), source = source, log = log.default():core(),
    })
    tasks.run(fn, server)
    server:close()
    loop.unregister(source)
  end

  local function ask(settings)
    settings.url, settings.net = "http://localhost/hello", assert(http.net { socket = path })
    return http.request(settings)
  end

  it("carries requests and answers", function()
    with_server(function()
      for _ = 1, 3 do
        local response = assert(ask { method = "POST", body = ("x"):rep(200000) })
        assert.same({ 200, "POST /hello 200000" }, { response.status, response.body })
      end
    end)
  end)

  it("is for this user alone", function()
    with_server(function(server)
      local _, kind, mode, owner = core.stat(path)
      assert.same({ "other", tonumber("600", 8), core.user_id() }, { kind, mode, owner })
      assert.equal(-1, server:port())
    end)
  end)

  it("does not go past a proxy, nor to the network", function()
    local response, err
    tasks.run(function()
      response, err = ask { method = "GET" }
    end)
    assert.is_nil(response)
    assert.equal("connection", err.code)
  end)

  it("is refused where something is already, and where no path can be", function()
    with_server(function()
      local settings = {
        path = path, mailbox = loop.mailbox(), source = 1, log = log.default():core(),
      }
      local server, message, code = core.http_server(settings)
      assert.same({ nil, "address_in_use" }, { server, code })
      assert.matches("cannot listen at .*/socket: Address already in use", message)
      settings.path = folder.path .. ("/long"):rep(40)
      server, message, code = core.http_server(settings)
      assert.same({ nil, "address" }, { server, code })
      assert.matches("a path of 1 to 107 bytes", message)
      settings.path = folder.path .. "/none/socket"
      assert.equal("listen", select(3, core.http_server(settings)))
    end)
  end)
end)
