-- The way to Slack: proxy, certificate authorities, names, connections, the clock.

local http_date = require "slack.doctor.http_date"
local tokens = require "slack.doctor.tokens"

local PROXY_VARIABLES = { "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy" }
local SKEW, SIGNATURES = 60, 300 -- seconds

-- Proxy ------------------------------------------------------------------------------------

local function without_credentials(url)
  return (url:gsub("//[^/@]*@", "//"))
end

local function proxy_of(case)
  if case.settings.proxy then
    return case.settings.proxy ~= "" and case.settings.proxy or nil, 'the option "proxy"'
  end
  for _, name in ipairs(PROXY_VARIABLES) do
    local value = case.environment(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

local function is_loopback(host)
  return host:find "^127%." or host:find "^localhost" or host:find "^%[::1%]"
end

-- What is not reached then is the proxy, and not Slack.
local function is_of_proxy(failure)
  return failure ~= nil and (failure.code == "proxy"
    or failure.message:find("no connection through the proxy", 1, true) ~= nil
    or failure.message:find("Could not resolve proxy", 1, true) ~= nil) -- libcurl's words
end

local function check_proxy(case, report)
  local proxy, source = proxy_of(case)
  if not proxy then
    return report:ok "none: connections go straight to Slack"
  end
  local shown = ("%s of %s"):format(without_credentials(proxy), source)
  local net, err = case:net()
  if not net then
    return err.code == "proxy" and report:problem(err.message, "check " .. source) or nil
  elseif is_loopback(case:api_host()) and not case.settings.proxy then
    return report:ok(shown .. ", which is passed by for this machine")
  end
  local failure = case:reach().failure
  if is_of_proxy(failure) then
    return report:problem(failure.message, ("check %s: host, port, user and password, and that a "
      .. "proxy answers there"):format(source))
  end
  report:ok(shown)
end

-- Certificate authorities ---------------------------------------------------------------------

local function check_ca(case, report)
  local path = case.settings.ca_file or case.environment "SSL_CERT_FILE"
  local source = case.settings.ca_file and 'the option "ca_file"' or "SSL_CERT_FILE"
  if path and path ~= "" then
    local text = case.read(path)
    if not text then
      return report:problem(("%s: %s cannot be read"):format(source, path),
        "name a file with certificates in PEM form")
    elseif not text:find("-----BEGIN CERTIFICATE-----", 1, true) then
      return report:problem(("%s: there is no certificate in %s"):format(source, path),
        "a file in PEM form is expected: it has lines -----BEGIN CERTIFICATE-----")
    end
  end
  local failure = case:reach().failure
  if failure and failure.code == "tls" then
    local is_of_time = failure.message:find("expired", 1, true)
      or failure.message:find("not yet valid", 1, true)
    return report:problem(failure.message, failure.message:find("ca-certificates", 1, true)
      and "install the package ca-certificates" or is_of_time
      and "if this machine's clock, which says " .. os.date "!%F %T UTC"
      .. ", is wrong: timedatectl set-ntp true"
      or "behind a proxy that looks into TLS: give its authority as ca_file or SSL_CERT_FILE")
  elseif not failure then
    report:ok(("%s vouch%s for %s"):format(path and path ~= "" and path
      or "the system's authorities", path and path ~= "" and "es" or "", case:api_host()))
  end
end

-- Names and connections ------------------------------------------------------------------------

local function check_reach(case, report)
  local failure = case:reach().failure
  local host = case:api_host()
  if not failure then
    return report:ok(("%s answers"):format(host))
  elseif is_of_proxy(failure) then
    return -- which has been told
  elseif failure.code == "dns" then
    return report:problem(("the name %s cannot be resolved"):format(host),
      "check /etc/resolv.conf, and SLACK_API_URL; behind a proxy set HTTPS_PROXY")
  elseif failure.code ~= "tls" then
    local proxy, source = proxy_of(case)
    report:problem(failure.message, proxy
      and ("check that the proxy of %s answers, and lets this machine through"):format(source)
      or "check that a firewall lets this machine out to port 443; behind a proxy set HTTPS_PROXY")
  end
end

-- The clock ------------------------------------------------------------------------------------

local function check_clock(case, report)
  local answer = case:reach()
  local there = answer.date and http_date(answer.date)
  if not there then
    return
  end
  local skew = math.floor(answer.at - there + 0.5)
  local text = ("this machine's clock is %d s %s Slack's"):format(math.abs(skew),
    skew < 0 and "behind" or "ahead of")
  local remedy = "let it follow a time server: timedatectl set-ntp true"
  if math.abs(skew) >= SIGNATURES then
    report:problem(text .. ": requests over HTTP are refused, whose signatures are too old",
      remedy)
  elseif math.abs(skew) > SKEW then
    report:warning(text, remedy)
  else
    report:ok("it agrees with Slack's")
  end
end

-- Tokens at Slack --------------------------------------------------------------------------------

local RENEW = "the token is no longer good: install the app again and take the new one"
local REMEDIES = {
  invalid_auth = 'the token is of no app: copy it again from the page "OAuth & Permissions"',
  not_authed = "give a token", account_inactive = RENEW, token_revoked = RENEW,
  token_expired = "the token is one that expires: let the option oauth renew it, or switch token "
    .. "rotation off for an app in one workspace",
  not_allowed_token_type = "it is a token of another kind",
  missing_scope = "add the scope on the app's page, and install it again",
  ratelimited = "try again in a minute",
}

local function check_auth(case, report)
  local token = tokens.value_of(case, "token")
  if not token or case:reach().failure then
    return
  end
  local answer = case:call("auth.test", token)
  if answer.failure then
    return report:problem(answer.failure.message, "try again")
  elseif not answer.ok then
    return report:problem(("auth.test: %s"):format(answer.error), REMEDIES[answer.error]
      or "look that word up at Slack's page of auth.test")
  end
  report:ok(("the token is %s's in %s"):format(answer.body.user or answer.body.user_id or "?",
    answer.body.team or answer.body.team_id or "?"))
end

local function check_connection(case, report)
  local settings, token = case.settings, tokens.value_of(case, "app_token")
  local is_used = settings.transport == "socket" or settings.transport == "both"
  if not token or not is_used or case:reach().failure then
    return
  end
  local answer = case:call("apps.connections.open", token)
  if answer.failure then
    return report:problem(answer.failure.message, "try again")
  elseif answer.ok then
    return report:ok "Slack gives connections to the app-level token"
  end
  local remedies = {
    missing_scope = "the app-level token lacks the scope connections:write: make one with it on "
      .. '"Basic Information"',
    not_allowed_token_type = "SLACK_APP_TOKEN takes an app-level token (xapp-…)",
    invalid_auth = 'copy the app-level token again from "Basic Information"',
    forbidden = 'switch Socket Mode on, on the page "Socket Mode"',
  }
  report:problem(("apps.connections.open: %s"):format(answer.error), remedies[answer.error]
    or REMEDIES[answer.error] or 'look at the page "Socket Mode" of the app')
end

return {
  { name = "proxy", run = check_proxy },
  { name = "connection", run = check_reach },
  { name = "authorities", run = check_ca },
  { name = "clock", run = check_clock },
  { name = "auth.test", run = check_auth },
  { name = "socket mode", run = check_connection },
}
