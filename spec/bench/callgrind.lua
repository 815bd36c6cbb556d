-- Runs programs under callgrind and reads what they have counted (count.h), by the object
-- that the instructions are in.

local M = {}

-- What of libc a program runs depends on the processor, unless it is told that it has none
-- of these; and names are found once, before anything is counted.
local ENVIRONMENT <const> = "LD_BIND_NOW=1 GLIBC_TUNABLES=glibc.cpu.hwcaps="
  .. "-AVX,-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-BMI1,-BMI2,-ERMS,-FSRM,-LZCNT,-MOVBE,-RTM"

-- Instructions by object, of one file of callgrind's.
local function read_dump(path)
  local file <close> = assert(io.open(path))
  local objects, names, object, is_call, name = {}, {}, nil, false, nil
  for line in file:lines() do
    local id, text = line:match "^ob=%((%d+)%)%s*(.*)"
    if id then
      names[id] = text ~= "" and text or names[id]
      object = names[id]
    elseif line:find "^calls=" then
      is_call = true -- the next line is what the callee took, which is counted there
    elseif line:find "^[%d+*-]" then
      local cost = not is_call and line:match "^%S+ (%d+)"
      if cost then
        objects[object] = (objects[object] or 0) + math.tointeger(cost)
      end
      is_call = false
    else
      id, text = line:match "^cob=%((%d+)%)%s*(.*)"
      if id and text ~= "" then
        names[id] = text
      end
      name = name or line:match "^desc: Trigger: Client Request: (.*)"
    end
  end
  return name, objects
end

---@class bench.Counting
---@field environment string?
---@field harness string? a program that starts the one that is counted; ends in " -- "
---@field command string
---@field directory string where callgrind writes

---Begins to count; the function that comes back waits, and gives instructions by name and by
---object.
---@param counting bench.Counting
---@return fun(): table<string, table<string, integer>>
function M.start(counting)
  local out = counting.directory .. "/callgrind.out"
  local pipe = assert(io.popen(("%s %s %s valgrind --tool=callgrind --instr-atstart=no "
    .. "--collect-atstart=no --callgrind-out-file=%s --log-file=%s %s 2>&1"):format(
    counting.environment or "", ENVIRONMENT, counting.harness or "", out, out .. ".log",
    counting.command)))
  return function()
    local said = pipe:read "a"
    assert(pipe:close(), said .. counting.command .. ": could not be counted")
    local counted = {}
    local list = assert(io.popen(("ls %s.[0-9]*"):format(out)))
    for path in list:lines() do
      local name, objects = read_dump(path)
      counted[name or path] = objects
    end
    list:close()
    return counted
  end
end

return M
