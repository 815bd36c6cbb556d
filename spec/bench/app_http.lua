-- The app under test on HTTP: listeners that read the text of each event in the mix.
--   lua5.4 spec/bench/app_http.lua API_URL PORT
package.path = package.path .. ";./spec/?.lua"

local mix = require "bench.mix"

local app = mix.app {
  signing_secret = "0123456789abcdef0123456789abcdef",
  api_url = arg[1],
  http = { host = "127.0.0.1", port = math.tointeger(arg[2]) },
}
mix.listen(app, mix.read_text)
app:run()
print(('{"characters":%d}'):format(mix.characters()))
