-- The app under test on HTTP: listeners that read the text of each event in the mix.
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

local characters = 0

local function read_text(c)
  local text = c.event.text
  if text then
    characters = characters + #text
  end
end

app:event("message", read_text)
app:event("app_mention", read_text)
app:event("reaction_added", read_text)
app:run()
print(('{"characters":%d}'):format(characters))
