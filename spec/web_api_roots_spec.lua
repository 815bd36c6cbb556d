local clients = require "slack.client"
local options = require "slack.options"
local roots = require "slack.web_api.roots"
local urls = require "slack.oauth.urls"

local GOVSLACK <const> = "https://slack-gov.com/api/"

local function read(given)
  given.token, given.app_token = "xoxb-1", "xapp-1-A1-1-a"
  return options.read(given)
end

describe("web_api.roots", function()
  it("give a URL its slash, once (S234)", function()
    for _, url in ipairs { "https://a.example/api", "https://a.example/api/",
      "https://a.example/api//" } do
      assert.equal("https://a.example/api/", roots.api_url { api_url = url })
    end
    assert.equal("https://a.example/", roots.api_url { api_url = "https://a.example" })
  end)

  it("are Slack's unless something else is said", function()
    if os.getenv "SLACK_API_URL" then
      pending "SLACK_API_URL is set"
    end
    assert.equal("https://slack.com/api/", roots.api_url {})
    assert.equal("https://slack.com/api/", roots.api_url { govslack = false })
    assert.equal("https://slack.com/api/", read({}).api_url)
  end)

  it("are GovSlack's for a client and an app, with its pages of OAuth and openid", function()
    assert.equal("slack.client: " .. GOVSLACK,
      tostring(clients.new { token = "xoxb-1", govslack = true }))
    assert.equal(GOVSLACK, read({ govslack = true }).api_url)
    local page = urls.authorize({ client_id = "1", scopes = {}, user_scopes = {} }, GOVSLACK, "s")
    assert.matches("^https://slack%-gov%.com/oauth/v2/authorize%?", page)
    local openid = { scopes = { "openid" }, redirect_uri = "https://a.example/r" }
    page = urls.sign_in({ client_id = "1", openid = openid }, GOVSLACK, "s", "n")
    assert.matches("^https://slack%-gov%.com/openid/connect/authorize%?", page)
  end)

  it("are not given twice", function()
    local both = { token = "xoxb-1", govslack = true, api_url = "https://a.example/" }
    local ok, message = pcall(function() clients.new(both) end)
    assert.is_false(ok)
    assert.matches("web_api_roots_spec.lua:%d+: slack.client: the options \"api_url\" and "
      .. "\"govslack\" exclude each other", message)
    local _, problem = read(both)
    assert.matches("exclude each other", problem)
  end)

  it("of REST interfaces are on hosts of their own, and beside the Web API elsewhere", function()
    for api_url, expected in pairs {
      ["https://slack.com/api/"] = "https://api.slack.com/",
      [GOVSLACK] = "https://api.slack-gov.com/",
      ["http://127.0.0.1:8080/api/"] = "http://127.0.0.1:8080/",
    } do
      assert.equal(expected, roots.rest(api_url))
    end
  end)
end)
