-- The app under test on HTTP: no-op listeners for each kind of event in the mix.
--   lua5.4 app_http.lua API_URL PORT
-- BENCH_STORAGE and BENCH_DURABILITY say where deliveries are kept, if anywhere.
local slack = require "slack"

local durability = os.getenv "BENCH_DURABILITY"

local app = slack.app {
  token = "xoxb-bench",
  signing_secret = "0123456789abcdef0123456789abcdef",
  api_url = arg[1],
  http = { host = "127.0.0.1", port = math.tointeger(arg[2]) },
  storage = os.getenv "BENCH_STORAGE",
  inbox = (durability or "") ~= "" and { durability = durability } or nil,
  log = "error",
}

local function nothing() end

app:event("message", nothing)
app:event("app_mention", nothing)
app:event("reaction_added", nothing)
app:run()
