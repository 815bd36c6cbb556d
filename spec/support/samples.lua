-- The collection of sample payloads that may lie beside this tree. Specs that read it are
-- left out where it does not, and the summary says so.

local PATH <const> = "../shared/data/payloads/"

local function is_there()
  local file <close> = io.open(PATH .. "README.md")
  return file ~= nil
end

local samples = { PATH = PATH }

---Whether they are there.
samples.ARE_THERE = is_there()

---What to tell where they are not.
samples.MISSING = ("without %s: specs that read it were left out"):format(PATH)

return samples
