-- What stands between an app and a new connection: Slack's call for it, certificates, proxies.
local Proxy = require "support.proxy"
local fault_trial = require "support.fault_trial"
local files = require "support.files"
local live = require "support.live_app"
local proxies = require "support.proxies"
local new_certificates = require "faults.certificates"

-- How apps.connections.open fails, what the log says of it.
local FAILURES <const> = {
  { "is rate-limited", { error = "ratelimited", retry_after = 1 },
    "apps.connections.open answered 429 with the error ratelimited" },
  { "answers 503 with a page", { status = 503, body = "<html>Service Unavailable" },
    "answered 503 and no JSON: <html>Service Unavailable" },
  { "answers internal_error", { error = "internal_error" }, "with the error internal_error" },
  { "answers fatal_error", { error = "fatal_error" }, "with the error fatal_error" },
  { "never answers", { delay = 600 }, "timed out after" },
  { "hangs up", { drop = true }, "the connection broke before the answer was whole" },
}

describe("apps.connections.open", function()
  for _, case in ipairs(FAILURES) do
    local does, failure, warning = table.unpack(case)
    it(does .. " for a while: events wait, none is lost or doubled (S204)", function()
      fault_trial.run(function(trial)
        local before = #trial.here:calls "apps.connections.open"
        trial.here:fail("apps.connections.open", failure)
        trial.relay:tell("ws old", "reset")
        trial:send(10)
        trial:wait_warning(warning)
        live.wait(function() return #trial.here:calls "apps.connections.open" > before + 1 end)
        trial.here:fail("apps.connections.open", nil)
      end, { app = { connections = 1 } })
    end)
  end

  it("is not called before the time is over that Slack asked for", function()
    fault_trial.run(function(trial)
      trial.here:fail("apps.connections.open",
        { error = "ratelimited", retry_after = 1, times = 1 })
      trial.relay:tell("ws old", "reset")
      trial:wait_ready(2)
      local calls = trial.here:calls "apps.connections.open"
      for i = 2, #calls do
        local refused = not calls[i - 1].ok
        assert.truthy(not refused or calls[i].at - calls[i - 1].at >= 0.99)
      end
      assert.equal(3, #calls)
    end, { app = { connections = 1 } })
  end)
end)

describe("a server's certificate", function()
  local SHOWN <const> = {
    { "expired", "certificate has expired; check this machine's clock" },
    { "foreign", "unable to get local issuer certificate; if it is your network's own authority" },
  }

  for _, case in ipairs(SHOWN) do
    local shown, warning = table.unpack(case)
    it(("that is %s is refused, and the right one taken again"):format(shown), function()
      local certificates
      fault_trial.run(function(trial)
        certificates.show(shown)
        trial.relay:tell("ws old", "reset")
        trial.relay:tell("api old", "reset")
        trial:send(10)
        trial:wait_warning(warning)
        certificates.show "first"
        trial.relay:tell("api old", "reset")
      end, { app = { connections = 1 }, prepare = function(here, settings)
        certificates = new_certificates(here)
        settings.ca_file = certificates.bundle
      end })
    end)
  end

  it("may be exchanged for one of another authority that the app trusts", function()
    local certificates
    fault_trial.run(function(trial)
      certificates.show "second"
      trial.relay:tell("ws old", "reset")
      trial.relay:tell("api old", "reset")
      trial:wait_ready(2)
      assert.equal(0, trial:warnings "certificate", table.concat(trial.lines, "\n"))
    end, { app = { connections = 1 }, prepare = function(here, settings)
      certificates = new_certificates(here)
      settings.ca_file = certificates.bundle
    end })
  end)

  it("may be of an authority that is written into the CA file while the app runs", function()
    local certificates
    fault_trial.run(function(trial)
      certificates.show "foreign"
      trial.relay:tell("ws old", "reset")
      trial.relay:tell("api old", "reset")
      trial:wait_warning "unable to get local issuer certificate"
      files.write(certificates.bundle, certificates.authority "foreign")
    end, { app = { connections = 1 }, prepare = function(here, settings)
      certificates = new_certificates(here)
      settings.ca_file = certificates.bundle
    end })
  end)
end)

describe("a proxy", function()
  it("that ends and starts again costs no event (S228)", function()
    if not Proxy.is_installed() then
      pending "tinyproxy is not installed"
    end
    local proxy
    fault_trial.run(function(trial)
      proxy:stop()
      trial.relay:tell("ws old", "reset")
      trial:send(10)
      trial:wait_warning "through the proxy 127.0.0.1:%d+"
      proxy = Proxy.start(nil, proxy.port)
      trial:wait_ready(2)
    end, { app = { connections = 1 }, prepare = function(here, settings)
      proxy = Proxy.start()
      proxies.move(here, "127.0.0.1")
      settings.api_url, settings.no_proxy = here.api_url, ""
      settings.proxy = "http://127.0.0.1:" .. proxy.port
    end })
    proxy:stop()
  end)
end)
