-- The way in, of bots that are reached over HTTP: the port, and the address that Slack knows.

local http_options = require "slack.http_options"

local TIMEOUT = 10

local function check_port(case, report)
  local http = case.settings.http
  if not http then
    return
  end
  local port, message, code = case.reserve_port(http.host, http.port)
  if port then
    port:close()
    return report:ok(("%s:%d is free"):format(http.host, http.port))
  end
  local remedy = ('give another one, in the option "http.port" or PORT, or stop what listens '
    .. "there: ss -ltnp 'sport = :%d'"):format(http.port)
  if code == "address_in_use" then
    return report:warning(("port %d is taken: by this bot, if it runs"):format(http.port), remedy)
  end
  report:problem(("%s:%d cannot be listened on: %s"):format(http.host, http.port, message), remedy)
end

local OTHERS <const> = 63 -- than the owner may read or write it

local function check_key(case, report)
  local tls = case.settings.http and case.settings.http.tls
  local stamp, _, mode = case.stat(tls and tls.key or "")
  if not stamp then
    return
  elseif mode & OTHERS ~= 0 then
    return report:warning(("the key %s may be read by others on this machine (mode %03o)"):format(
      tls.key, mode), ("chmod 600 %s"):format(tls.key))
  end
  report:ok(("%s is for its owner alone"):format(tls.key))
end

local function known_url(case)
  local oauth = case.settings.oauth
  local uri = oauth and oauth.redirect_uri
  return case.public_url or uri and not uri:find "^http:" and uri:match "^(%a+://[^/]+)"
end

local HELP = "start the bot, and see that the balancer or proxy in front of it leads here"

local function check_public_url(case, report)
  local url = known_url(case)
  if not url or not http_options.receives(case.settings) then
    return
  end
  local path = case.settings.http.health
  local net = case:net()
  local response, err
  if net and path then
    response, err = case.fetch {
      method = "GET", url = url:gsub("/+$", "") .. path, net = net, timeout = TIMEOUT,
    }
  end
  if err then
    report:warning(err.message, err.code == "tls"
      and "Slack takes certificates of public authorities alone, with the whole chain" or HELP)
  elseif response and response.status ~= 200 then
    report:warning(("%s%s answers with %d"):format(url, path, response.status), HELP)
  elseif response then
    report:ok(("%s leads to the bot"):format(url))
  end
end

return {
  { name = "port", run = check_port },
  { name = "TLS key", run = check_key },
  { name = "public URL", run = check_public_url },
}
