-- Scripts and modules that require each other are saved, spoilt, repaired and removed by chance.
-- After each step all scripts must share one instance of each module, and be what a start would
-- make of the folder, when that has no problem. STRESS=1: many times.
local Offline = require "support.offline_app"
local files = require "support.files"
local tasks = require "slack.tasks"

local STEPS <const> = 50
-- Of those the last three have found mistakes.
local SEEDS = { 1, 46, 51, 87 }
if (os.getenv "STRESS" or "") ~= "" then
  for seed = 1, 200 do
    SEEDS[seed] = seed
  end
end
local SCRIPTS <const>, MODULES <const> = { "a", "b", "c", "d" }, { "m1", "m2", "m3" }

local SCRIPT <const> = [[
  local app, name = ...
  local used = {}
  %s
  app:message(function()
    local said = {}
    %s
    for module, value in pairs(used) do
      table.insert(said, ("%%s=%%d@%%p"):format(module, value.version, value))
    end
    table.sort(said)
    table.insert(app:state("said", {}), name .. ":%d:" .. table.concat(said, ","))
  end)
]]
local MODULE <const> = [[
  local used = {}
  %s
  return { version = %d, used = used }
]]

describe("scripts and modules that change by chance", function()
  local chance, version

  -- One number after the other from the seed alone.
  local function start(seed)
    chance, version = seed, 0
  end

  local function random(most)
    chance = (chance * 1103515245 + 12345) % 2147483648
    return chance // 65536 % most + 1
  end

  local function next_version()
    version = version + 1
    return version
  end

  -- Of modules those alone that come later, so that none requires itself.
  local function required(first)
    local lines = {}
    for i = first, #MODULES do
      if random(9) <= 4 then
        local name = random(2) == 1 and ('"m%d"'):format(i) or ('"m" .. %d'):format(i)
        table.insert(lines, ("used.m%d = require(%s)"):format(i, name))
      end
    end
    return table.concat(lines, "\n")
  end

  local function spoilt(text)
    local way = random(12)
    return way == 1 and text .. "if then" or way == 2 and "error 'on purpose'\n" .. text or text
  end

  local function script_text()
    local late = random(5) == 1 and ("used.m%d = require('m' .. %d)"):format(1, 1) or ""
    return spoilt(SCRIPT:format(required(1), late, next_version()))
  end

  local function module_text(i)
    return spoilt(MODULE:format(required(i + 1), next_version()))
  end

  local function change(path)
    local is_module = random(2) == 1
    local list = is_module and MODULES or SCRIPTS
    local i = random(#list)
    local file = ("%s/%s.lua"):format(path, list[i])
    if random(8) == 1 then
      os.remove(file)
    else
      files.write(file, is_module and module_text(i) or script_text())
    end
  end

  local function answer(offline)
    offline.app.states.said = {}
    offline:message "x"
    tasks.sleep(0)
    return table.concat(offline.app.states.said, " | ")
  end

  local function new_app(path)
    local offline = Offline.new { scripts = path }
    assert(offline.app.scripts:load_all())
    return offline
  end

  local function check_instances(said)
    local known = {}
    for module, instance in said:gmatch "(m%d)=(%d+@%w+)" do
      assert(not known[module] or known[module] == instance, "two instances of " .. module)
      known[module] = instance
    end
  end

  local function step(path, offline)
    for _ = 1, random(4) do
      change(path)
    end
    assert(offline.app.scripts:load_all())
    local said = answer(offline)
    check_instances(said)
    local fresh = new_app(path)
    if not fresh.app.scripts:problems()[1] then
      assert.equal((answer(fresh):gsub("@%w+", "")), (said:gsub("@%w+", "")))
    end
    fresh.app.scripts:stop()
  end

  for _, seed in ipairs(SEEDS) do
    it("are what a start would make of them, from seed " .. seed, function()
      tasks.run(function()
        local folder <close> = files.temporary()
        start(seed)
        local offline = new_app(folder.path)
        for number = 1, STEPS do
          local ok, message = pcall(step, folder.path, offline)
          assert(ok, ("step %d: %s"):format(number, tostring(message)))
        end
        offline.app.scripts:stop()
      end)
    end)
  end
end)
