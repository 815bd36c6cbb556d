-- What lua-language-server makes of the annotations: its own check of a bot whose lines say
-- what is wrong with them. LUALS is the command, lua-language-server when it is not given.
local cjson = require "cjson"
local files = require "support.files"

local BOT = "spec/editor/bot/bot.lua"

-- Codes by line.
local function promised()
  local codes, number = {}, 0
  for line in files.read(BOT):gmatch "([^\n]*)\n" do
    number = number + 1
    codes[number] = line:match "%-%-> (.*)"
  end
  return codes
end

-- What the server finds in a folder.
local function reported(command, folder)
  local output <close> = files.temporary()
  local config, found = output.path .. "/config.json", output.path .. "/found.json"
  local here = assert(io.popen "pwd"):read "l"
  files.write(config, cjson.encode {
    ["runtime.version"] = "Lua 5.4",
    ["workspace.library"] = { here .. "/lua/slack" },
    ["diagnostics.disable"] = { "unused-local" },
  })
  local arguments = "--check %s/%s --checklevel=Warning --configpath=%s --check_format=json "
    .. "--check_out_path=%s --logpath=%s"
  files.run(command .. " " .. arguments:format(here, folder, config, found, output.path))
  local codes = {}
  for _, diagnostics in pairs(cjson.decode(files.read(found))) do
    for _, diagnostic in ipairs(diagnostics) do
      local line = diagnostic.range.start.line + 1
      codes[line] = codes[line] or {}
      table.insert(codes[line], diagnostic.code)
    end
  end
  for line, list in pairs(codes) do
    table.sort(list)
    codes[line] = table.concat(list, " ")
  end
  return codes
end

describe("lua-language-server", function()
  local command = os.getenv "LUALS" or ""

  command = command ~= "" and command or "lua-language-server"

  it("finds the mistakes of a bot, and no others", function()
    if not files.run(command .. " --version") then
      return pending("needs lua-language-server: give LUALS=path/to/it")
    end
    assert.same(promised(), reported(command, "spec/editor/bot"))
  end)
end)
