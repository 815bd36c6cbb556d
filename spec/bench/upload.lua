-- The client under test: uploads a file of a few bytes, then a large one.
--   lua5.4 upload.lua API_URL CA_FILE SMALL_FILE LARGE_FILE
-- Says then, as one line of JSON, how that ended.
local slack = require "slack"
local Client = require "slack.client"

local client = Client.new {
  token = "xoxb-bench", api_url = arg[1], ca_file = arg[2], log = "error",
}

local function upload(path)
  local file, err = client:upload { file = path, channel = "C07BENCH001" }
  if not file then
    io.stderr:write(tostring(err), "\n")
  end
  return file and 0 or 1
end

slack.run(function()
  local failed = upload(arg[3]) + upload(arg[4])
  print(('{"answered":%d,"failed":%d}'):format(2 - failed, failed))
  io.stdout:flush()
  slack.sleep(60) -- until it is ended: its memory is looked at
end)
