-- Runs programs under callgrind and reads what they have counted (count.h), by the object
-- that the instructions are in.

local files = require "support.files"

local M = {}

-- What of libc a program runs depends on the processor, unless it is told that it has none
-- of these; and names are found once, before anything is counted.
local ENVIRONMENT <const> = "LD_BIND_NOW=1 GLIBC_TUNABLES=glibc.cpu.hwcaps="
  .. "-AVX,-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-BMI1,-BMI2,-ERMS,-FSRM,-LZCNT,-MOVBE,-RTM"

---What one file of callgrind's says. What a function takes of its callees is not counted twice.
---@param text string
---@return string? name that count_end has given it
---@return table<string, integer> instructions by object
function M.read(text)
  local objects, names, object, is_call, name = {}, {}, nil, false, nil
  for line in text:gmatch "[^\n]+" do
    local id, known = line:match "^ob=%((%d+)%)%s*(.*)"
    if id then
      names[id] = known ~= "" and known or names[id]
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
      id, known = line:match "^cob=%((%d+)%)%s*(.*)"
      if id and known ~= "" then
        names[id] = known
      end
      name = name or line:match "^desc: Trigger: Client Request: (.*)"
    end
  end
  return name, objects
end

---@class bench.Counting
---@field environment string?
---@field harness string? a program with its options that starts the one that is counted
---@field counts_by_thread boolean? what count_on and count_off enclose, of their thread alone
---@field command string
---@field directory string where callgrind writes

---Begins to count; the function that comes back waits, and gives instructions by name and by
---object.
---@param counting bench.Counting
---@return fun(): table<string, table<string, integer>>
function M.start(counting)
  local out = counting.directory .. "/callgrind.out"
  local pipe = assert(io.popen(("%s %s %s valgrind --tool=callgrind --instr-atstart=no "
    .. "--collect-atstart=%s --callgrind-out-file=%s --log-file=%s %s 2>&1"):format(
    counting.environment or "", ENVIRONMENT, counting.harness and counting.harness .. " --" or "",
    counting.counts_by_thread and "no" or "yes", out, out .. ".log", counting.command)))
  return function()
    local said = pipe:read "a"
    assert(pipe:close(), said .. counting.command .. ": could not be counted")
    local counted = {}
    for _, path in ipairs(files.list(counting.directory, "^callgrind%.out%.%d+$")) do
      local name, objects = M.read(files.read(path))
      counted[name or path] = objects
    end
    return counted
  end
end

return M
