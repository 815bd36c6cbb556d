std = "lua54"
max_line_length = 100
files["spec"].std = "+busted"
files["lua/slack/types"].ignore = { "2..", "4..", "6.." } -- declarations for editors, never run
exclude_files = { "build", "lua_modules" }
