-- The fuzzers' own inputs, some that are like them, and long ones, which take no more time than
-- their length, in a few seconds: `make fuzz` looks for more.

local child = require "support.child"
local files = require "support.files"

local COUNT <const> = (os.getenv "STRESS" or "") ~= "" and 5000 or 200

-- Each target changes modules for itself.
local SCRIPT <const> = [[
  local LONG <const>, MOST_SECONDS <const> = 20000, 2
  local files = require "support.files"
  local target, seed = dofile "spec/fuzz/fuzz_%s.lua", %d
  local corpus = {}
  for i, path in ipairs(files.list("spec/fuzz/corpus/%s", "")) do
    corpus[i] = files.read(path)
  end
  math.randomseed(seed)

  -- Somewhere a part of another one, in place of some bytes or of none.
  local function changed(text)
    local other = corpus[math.random(#corpus)]
    for _ = 1, math.random(3) do
      local at, from = math.random(0, #text), math.random(#other)
      local piece = math.random(3) == 1 and string.char(math.random(0, 255))
        or other:sub(from, from + math.random(0, 8))
      text = text:sub(1, at) .. piece .. text:sub(at + 1 + math.random(0, 8))
    end
    return text
  end

  -- Somewhere the same again and again.
  local function stretched(text)
    local at, from = math.random(0, #text), math.random(#text)
    local piece = math.random(2) == 1 and string.char(math.random(32, 126))
      or text:sub(from, from + math.random(0, 4))
    return text:sub(1, at) .. piece:rep(LONG // #piece) .. text:sub(at + 1)
  end

  local function try(text)
    local began = os.clock()
    local ok, message = xpcall(target, debug.traceback, text)
    if ok and os.clock() - began > MOST_SECONDS then
      ok, message = false, "it takes " .. os.clock() - began .. " s"
    end
    if not ok then
      print(("seed %%d, input %%q: %%s"):format(seed, text, message))
      os.exit(1)
    end
  end

  for _, text in ipairs(corpus) do
    try(text)
  end
  for _ = 1, %d do
    try(changed(corpus[math.random(#corpus)]))
  end
  for _ = 1, %d do
    try(stretched(corpus[math.random(#corpus)]))
  end
]]

describe("fuzz targets", function()
  local function names(kind)
    local list = {}
    for i, path in ipairs(files.list("spec/fuzz", "^fuzz_.*%." .. kind .. "$")) do
      list[i] = path:match "fuzz_([%w_]+)%.%a+$"
    end
    return list
  end

  for _, kind in ipairs { "c", "lua" } do
    for _, name in ipairs(names(kind)) do
      it(name .. " has inputs to begin with", function()
        assert.is_true(#files.list("spec/fuzz/corpus/" .. name, "") > 0)
      end)
    end
  end

  for _, name in ipairs(names "lua") do
    it(name .. " holds for its inputs and what is like them", function()
      local seed = math.random(1 << 30)
      local ok, output = child.run(SCRIPT:format(name, seed, name, COUNT, COUNT // 10))
      assert.is_true(ok, output)
    end)
  end
end)
