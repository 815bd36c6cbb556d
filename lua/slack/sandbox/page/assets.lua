-- The files of the page, which lie beside this one wherever it was installed.

local MEDIA_TYPES = {
  css = "text/css; charset=utf-8",
  html = "text/html; charset=utf-8",
  js = "text/javascript; charset=utf-8",
  json = "application/json",
  png = "image/png",
  svg = "image/svg+xml",
  txt = "text/plain; charset=utf-8",
  woff2 = "font/woff2",
}

local M = {}

local DIRECTORY <const> = debug.getinfo(1, "S").source:match "^@(.*[/\\])" or "./"

---A file of the page; read anew each time, so that who works on one sees it at the
---next load.
---@param path string below the page's folder
---@return string? content nil: there is no such file
---@return string? media_type
function M.read(path)
  local media_type = MEDIA_TYPES[path:match "%.(%w+)$" or ""]
  if not media_type or path:find "%.%." or not path:find "^%w[%w._/-]*$" then
    return nil
  end
  local file <close> = io.open(DIRECTORY .. path, "rb")
  local content = file and file:read "a"
  return content, content and media_type
end

return M
