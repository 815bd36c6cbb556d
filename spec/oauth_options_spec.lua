local options = require "slack.oauth.options"
local slack = require "slack"

local VARIABLES = { SLACK_CLIENT_ID = true, SLACK_CLIENT_SECRET = true, SLACK_SCOPES = true }

-- Calls fn with only these environment variables of ours.
local function with_environment(environment, fn, ...)
  local getenv = os.getenv
  os.getenv = function(name) -- luacheck: ignore 122
    if VARIABLES[name] then
      return environment[name]
    end
    return getenv(name)
  end
  local ok, value, problem = pcall(fn, ...)
  os.getenv = getenv -- luacheck: ignore 122
  assert(ok, value)
  return value, problem
end

local function read(given, environment, app_options)
  local all = { client_id = "1.2", client_secret = "hush", scopes = "chat:write" }
  for name, value in pairs(given or {}) do
    all[name] = value or nil
  end
  return with_environment(environment or {}, options.read, all, app_options)
end

local function problem_of(given, environment, app_options)
  local settings, problem = read(given, environment, app_options)
  assert.is_nil(settings)
  return problem
end

local function success() end

describe("the option oauth", function()
  it("has defaults", function()
    local settings = assert(read())
    assert.same({ "/slack/install", "/slack/oauth_redirect", 7200 },
      { settings.install_path, settings.redirect_path, settings.rotate_before })
    assert.same({ { "chat:write" }, {} }, { settings.scopes, settings.user_scopes })
    assert.is_nil(settings.openid)
  end)

  it("takes no path with parameters", function()
    for _, path in ipairs { "/slack/*", "/slack/:team/install" } do
      assert.matches('option "oauth.install_path": a path without parameters expected: "' .. path,
        problem_of { install_path = path }, 1, true)
    end
  end)

  it("takes scopes as a list or as one text", function()
    local settings = assert(read { scopes = "a:read, b:write,c", user_scopes = { "d", "e" } })
    assert.same({ { "a:read", "b:write", "c" }, { "d", "e" } },
      { settings.scopes, settings.user_scopes })
  end)

  it("falls back to the environment (S006)", function()
    local settings = assert(read({ client_id = false, client_secret = false, scopes = false },
      { SLACK_CLIENT_ID = "3.4", SLACK_CLIENT_SECRET = "shh", SLACK_SCOPES = "a,b" }))
    assert.same({ "3.4", "shh", { "a", "b" } },
      { settings.client_id, settings.client_secret, settings.scopes })
    assert.matches("environment variable SLACK_CLIENT_SECRET: it has spaces",
      problem_of({ client_secret = false }, { SLACK_CLIENT_SECRET = "s hh" }), 1, true)
  end)

  it("names what is missing and its variable (S006, S032, S074)", function()
    for name, variable in pairs {
      client_id = "SLACK_CLIENT_ID", client_secret = "SLACK_CLIENT_SECRET",
      scopes = "SLACK_SCOPES",
    } do
      local problem = problem_of { [name] = false }
      assert.matches(('option "oauth.%s" is missing'):format(name), problem, 1, true)
      assert.matches(variable, problem, 1, true)
    end
    assert(read { scopes = false, user_scopes = "search:read" })
    assert.matches('"oauth.scopes" is missing', problem_of { scopes = {} }, 1, true)
  end)

  it("has no bot's scopes for installs of persons alone", function()
    assert(read { scopes = false, user_scopes = "search:read", user_only = true })
    assert.matches('"oauth.user_only" and "oauth.scopes"',
      problem_of { user_scopes = "search:read", user_only = true }, 1, true)
    assert.matches('"oauth.user_scopes" is missing',
      problem_of { scopes = false, user_only = true }, 1, true)
    local settings = assert(read({ scopes = false, user_scopes = "x", user_only = true },
      { SLACK_SCOPES = "chat:write" }))
    assert.same({}, settings.scopes)
  end)

  it("wants redirect_uri and redirect_path to be one path (S017, S080)", function()
    assert(read { redirect_uri = "https://bot.example/slack/oauth_redirect" })
    assert(read { redirect_uri = "https://bot.example/back", redirect_path = "/back" })
    assert(read { redirect_uri = "https://bot.example/prefix/slack/oauth_redirect" })
    for _, given in ipairs {
      { redirect_uri = "https://bot.example/back" },
      { redirect_uri = "https://bot.example/slack/oauth_redirect", redirect_path = "/back" },
    } do
      assert.matches('"oauth.redirect_uri" and "oauth.redirect_path"', problem_of(given), 1, true)
    end
    assert.matches("a URL of https with a path",
      problem_of { redirect_uri = "https://bot.example" }, 1, true)
  end)

  it("sends codes over https, and over http to this machine", function()
    for _, host in ipairs { "localhost:3000", "127.0.0.1", "[::1]:80" } do
      assert(read { redirect_uri = "http://" .. host .. "/slack/oauth_redirect" })
    end
    local given = { redirect_uri = "http://127.0.0.1.example/slack/oauth_redirect" }
    assert.matches("a URL of https expected", problem_of(given), 1, true)
    assert(read(given, nil, { insecure = true }))
  end)

  for name, case in pairs {
    client_id = { 1, "string expected" }, client_secret = { "", "it is empty" },
    scopes = { { "chat write" }, '"chat write" is no scope' },
    user_scopes = { 5, "a list of scopes" },
    state_secret = { "short", "at least 16 characters" }, -- (S008)
    install_path = { "install", "a path that begins with /" },
    direct = { "yes", "boolean expected" }, success = { 1, "a page of HTML" },
    before_install = { "x", "function expected" }, rotate_before = { -1, "at least 0" },
    openid = { true, "table expected" }, team = { "T 1", "it has spaces" },
  } do
    it("refuses a wrong " .. name .. " and says what it expects", function()
      local problem = problem_of { [name] = case[1] }
      assert.matches(("oauth.%s"):format(name), problem, 1, true)
      assert.matches(case[2], problem, 1, true)
    end)
  end

  it("suggests the name that was probably meant, and shows no secret", function()
    assert.matches('"oauth.scope"; did you mean "scopes"?', problem_of { scope = "x" }, 1, true)
    assert.matches('"oauth.openid.succes"; did you mean "success"?',
      problem_of { openid = { succes = success } }, 1, true)
    assert.not_matches("hush", problem_of { client_secret = "hush hush" }, 1, true)
    assert.not_matches("hush", problem_of { state_secret = "hush" }, 1, true)
  end)

  it("takes what signing in needs, and derives its URL from that of installing", function()
    local uri = "https://bot.example/p/slack/oauth_redirect"
    local openid = assert(read { redirect_uri = uri, openid = { success = success } }).openid
    assert.same({
      sign_in_path = "/slack/sign_in", redirect_path = "/slack/sign_in_redirect",
      redirect_uri = "https://bot.example/p/slack/sign_in_redirect",
      scopes = { "openid", "profile", "email" }, success = success,
    }, openid)
    assert.matches('"oauth.openid.success" is missing', problem_of { openid = {} }, 1, true)
    assert.matches('"oauth.openid.redirect_uri" is missing',
      problem_of { openid = { success = success } }, 1, true)
  end)

  it("is checked by slack.app, which raises at the caller's line", function()
    local ok, message = pcall(function()
      slack.app { app_token = "xapp-1-1", oauth = { client_id = "1", client_secret = "2" } }
    end)
    assert.is_false(ok)
    assert.matches('^spec/oauth_options_spec.lua:%d+: slack.app: option "oauth.scopes" is missing',
      message)
  end)
end)
