-- WebSocket frames written out byte by byte, the plain way, to hold the codec
-- against; also frames that no codec would make.
local frames = {}

---@param data string
---@param key string four bytes
---@return string
function frames.masked(data, key)
  local bytes = {}
  for i = 1, #data do
    bytes[i] = string.char(data:byte(i) ~ key:byte((i - 1) % 4 + 1))
  end
  return table.concat(bytes)
end

---@class spec.frame
---@field opcode integer
---@field data string? ""
---@field last boolean? true
---@field reserved integer? the three reserved bits, 0
---@field key string? masks the data
---@field announced integer? the length in the head, when not that of data
---@field form 7|16|64? bits of the length, the fewest that do

---@param frame spec.frame
---@return string
function frames.build(frame)
  local data = frame.data or ""
  local length = frame.announced or #data
  local form = frame.form or (length < 126 and 7 or length < 65536 and 16 or 64)
  local mask_bit = frame.key and 0x80 or 0
  local first = (frame.last == false and 0 or 0x80) | (frame.reserved or 0) << 4 | frame.opcode
  local head
  if form == 7 then
    head = string.pack("BB", first, mask_bit | length)
  elseif form == 16 then
    head = string.pack(">BBI2", first, mask_bit | 126, length)
  else
    head = string.pack(">BBi8", first, mask_bit | 127, length)
  end
  if frame.key then
    return head .. frame.key .. frames.masked(data, frame.key)
  end
  return head .. data
end

frames.TEXT, frames.BINARY, frames.CONTINUATION = 1, 2, 0
frames.CLOSE, frames.PING, frames.PONG = 8, 9, 10

---A close frame's payload.
---@param code integer
---@param reason string?
function frames.close_payload(code, reason)
  return string.pack(">I2", code) .. (reason or "")
end

return frames
