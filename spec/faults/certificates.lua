-- Certificates that a local Slack shows in turn, and the authorities that an app trusts.
local core = require "slack.core"
local files = require "support.files"

-- Seconds.
local LONG_AGO <const>, A_DAY_AGO <const> = -2 * 86400, -86400

---@param here slack.Sandbox
---@return { bundle: string, show: fun(name: "first"|"second"|"expired"|"foreign") }
return function(here)
  local function make(settings)
    settings.names = here.options.certificate and here.options.certificate.names
    return assert(core.certificate(settings))
  end
  local all = {
    second = make {}, foreign = make {},
    expired = make { starts_in = LONG_AGO, ends_in = A_DAY_AGO },
    first = {
      authority = files.read(here.files.authority), key = files.read(here.files.key),
      certificate = files.read(here.files.certificate),
    },
  }
  local bundle = here.files.directory .. "/trusted.pem"
  files.write(bundle, all.first.authority .. all.second.authority .. all.expired.authority)
  return {
    bundle = bundle,
    authority = function(name) return all[name].authority end,
    show = function(name)
      files.write(here.files.key, all[name].key)
      files.write(here.files.certificate, all[name].certificate)
      assert(here.server:reload_certificate())
    end,
  }
end
