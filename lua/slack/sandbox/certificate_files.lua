-- The local Slack's certificate, in files that only this user can read.

local core = require "slack.core"

local M = {}

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  assert(file:close())
  return path
end

---@class slack.sandbox.CertificateFiles
---@field directory string
---@field authority string path
---@field certificate string path
---@field key string path

---@param settings? table names, starts_in, ends_in: see core.certificate
---@return slack.sandbox.CertificateFiles
function M.make(settings)
  local pem = assert(core.certificate(settings or {}))
  local directory = assert(core.temporary_directory())
  return {
    directory = directory,
    authority = write_file(directory .. "/authority.pem", pem.authority),
    certificate = write_file(directory .. "/certificate.pem", pem.certificate),
    key = write_file(directory .. "/key.pem", pem.key),
  }
end

---@param files slack.sandbox.CertificateFiles
function M.remove(files)
  os.remove(files.authority)
  os.remove(files.certificate)
  os.remove(files.key)
  os.remove(files.directory)
end

return M
