-- Limits of this machine.

local FILES_BESIDE = 64 -- what a bot has open besides connections that come in
local FEW_WATCHES = 1024

local function check_notices(case, report)
  local folder = case.settings.scripts
  if not folder then
    return
  end
  local limit = tonumber(((case.read "/proc/sys/fs/inotify/max_user_watches" or ""):match "%d+"))
  local watch = case.file_watch()
  local ok, message = watch ~= nil, nil
  if watch then
    ok, message = watch:add(folder)
    watch:close()
  end
  if not ok then
    return report:warning(("no notices of changed scripts%s: they are looked for every half "
      .. "second"):format(message and " (" .. message .. ")" or ""),
      "raise the limits: sysctl fs.inotify.max_user_instances=512 "
      .. "fs.inotify.max_user_watches=65536")
  elseif limit and limit < FEW_WATCHES then
    return report:warning(("only %d folders can be watched by all programs of a user"):format(
      limit), "sysctl fs.inotify.max_user_watches=65536")
  end
  report:ok(("changes in %s are noticed at once"):format(folder))
end

local function check_files(case, report)
  local text = case.read "/proc/self/limits" or ""
  local limit = text:match "Max open files%s+(%S+)"
  local http = case.settings.http
  local needed = FILES_BESIDE + (http and http.max_connections or 0)
  if not limit then
    return
  elseif tonumber(limit) and tonumber(limit) < needed then
    return report:warning(("%s files may be open, the bot may need %d"):format(limit, needed),
      ("ulimit -n %d, or LimitNOFILE=%d in its unit%s"):format(needed, needed,
      http and ', or a smaller option "http.max_connections"' or ""))
  end
  report:ok(("%s files may be open"):format(limit))
end

return {
  { name = "scripts' notices", run = check_notices },
  { name = "open files", run = check_files },
}
