local Player = require "slack.recording.player"
local Recorder = require "slack.recording.recorder"
local fetched = require "slack.recording.fetched"
local files = require "support.files"
local live_app = require "support.live_app"
local reader = require "slack.recording.reader"
local slack = require "slack"
local web_server = require "support.web_server"

describe("what slack.fetch is answered", function()
  it("is recorded without headers and secrets, and given again", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/traffic.jsonl"
    local said, url
    local function register(app)
      app:message("weather", function(c)
        local response = assert(slack.fetch(url .. "?key=geheim&city=Kiel", {
          headers = { Authorization = "Bearer other-secret" },
        }))
        local gone = assert(slack.fetch(url .. "none"))
        local text = ("%d° %s %d"):format(response:json().degrees, response.headers["content-type"],
          gone.status)
        said = text
        c:say(text)
      end)
    end
    live_app.run(function(here, new_app)
      local server <close> = web_server.start(function(request)
        if request.target == "/none" then
          return 404, "no"
        end
        return 200, '{"degrees":21,"token":"s3cret"}',
          { "Content-Type", "application/json", "X-Secret", "s3cret" }
      end)
      url = server.url .. "/"
      local app = new_app {}
      register(app)
      live_app.start(here, app)
      local recorder <close> = assert(Recorder.open(path))
      recorder:attach(app)
      here:say { text = "weather" }
      assert(here:wait_message { text = "21" })
    end)
    local text, before = files.read(path), said
    for _, secret in ipairs { "geheim", "Kiel", "other-secret", "s3cret" } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
    local recording = assert(reader.read(path))
    local app = slack.app { token = "xoxb-1", app_token = "xapp-1", log = "off" }
    register(app)
    said = nil
    local player <close> = Player.new(app, recording, function() end)
    assert(player:start())
    local report
    for _, delivery in ipairs(recording.deliveries) do
      local one = player:play(delivery)
      report = one.listeners[1] and one or report
    end
    assert.same({ before, {}, {} }, { said, report.outside, report.errors })
  end)

  for url, expected in pairs {
    ["https://a.example/b?key=1&c=d#e"] = "https://a.example/b?key=hidden&c=hidden",
    ["https://user:pass@a.example/b"] = "https://a.example/b",
    ["https://hooks.slack.com/services/T1/B1/x"] = "https://hooks.slack.com/hidden",
    ["https://a.example/?flag"] = "https://a.example/?flag",
  } do
    it("has of " .. url .. " what is no secret", function()
      assert.equal(expected, fetched.url(url))
    end)
  end

  it("is left out when it is no text, or a large one", function()
    local redaction = { apply = function(_, value) return value end }
    local function left_out(response)
      response.status, response.headers = 200, {}
      local line = fetched.line({ method = "GET", url = "https://a.example", response = response },
        redaction)
      assert.is_nil(line.text)
      local told = fetched.told(line)
      assert.equal("not_recorded", told.code)
      return line.left_out
    end
    assert.same({ "binary", "too large", "stream", "stream" }, {
      left_out { body = "\xFF\xFE" }, left_out { body = ("x"):rep(300000) }, left_out {},
      left_out { body = "", received = 5 },
    })
  end)
end)
