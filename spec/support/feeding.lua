-- Byte feeds for parsers: whole, cut at every place, byte by byte, at random.
local assert = require "luassert"

local feeding = {}

local function is_same(one, other)
  if type(one) ~= "table" or type(other) ~= "table" then
    return one == other
  end
  for key, value in pairs(one) do
    if not is_same(value, other[key]) then
      return false
    end
  end
  for key in pairs(other) do
    if one[key] == nil then
      return false
    end
  end
  return true
end

-- The assertion costs many times what the comparison does, so it is only for its words.
local function assert_same(expected, got, where)
  if not is_same(expected, got) then
    assert.same(expected, got, where)
    error("not the same: " .. where)
  end
end

---All that feed gives for the pieces, joined into one list.
---@param parser { feed: fun(self, bytes: string): table[] }
---@param pieces string[]
---@return table[]
function feeding.all(parser, pieces)
  local results = {}
  for _, piece in ipairs(pieces) do
    for _, result in ipairs(parser:feed(piece)) do
      results[#results + 1] = result
      if result.failed or result.refused then
        return results
      end
    end
  end
  return results
end

---Pieces of at most size bytes.
---@return string[]
function feeding.pieces(bytes, size)
  local pieces = {}
  for at = 1, #bytes, size do
    pieces[#pieces + 1] = bytes:sub(at, at + size - 1)
  end
  return pieces
end

---Pieces of random length.
---@param longest integer
---@return string[]
function feeding.random_pieces(bytes, longest)
  local pieces, at = {}, 1
  while at <= #bytes do
    local length = math.random(0, longest)
    pieces[#pieces + 1] = bytes:sub(at, at + length - 1)
    at = at + length
  end
  return pieces
end

---Checks that a fresh parser gives the same for every way to cut the bytes into
---two, for single bytes and for some sizes in between; returns what it gives.
---@param new fun(): table a fresh parser
---@param bytes string
---@return table[]
function feeding.at_every_cut(new, bytes)
  local whole = feeding.all(new(), { bytes })
  for cut = 0, #bytes do
    local results = feeding.all(new(), { bytes:sub(1, cut), bytes:sub(cut + 1) })
    assert_same(whole, results, "cut at byte " .. cut)
  end
  for _, size in ipairs { 1, 2, 3, 7, 64 } do
    assert_same(whole, feeding.all(new(), feeding.pieces(bytes, size)), "pieces of " .. size)
  end
  return whole
end

return feeding
