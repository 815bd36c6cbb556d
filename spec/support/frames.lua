-- WebSocket frames as bytes, written down from RFC 6455 apart from the codec.
local frames = {}

local MASK <const> = "\x0b\xad\xca\xfe"

---A client's frame, masked.
---@param opcode integer
---@param payload string
---@param more? boolean further fragments follow
function frames.masked(opcode, payload, more)
  local first = string.char((more and 0 or 0x80) | opcode)
  local length
  if #payload < 126 then
    length = string.pack("B", 0x80 | #payload)
  elseif #payload < 65536 then
    length = string.pack(">BI2", 0x80 | 126, #payload)
  else
    length = string.pack(">BI8", 0x80 | 127, #payload)
  end
  local bytes = {}
  for i = 1, #payload do
    bytes[i] = string.char(payload:byte(i) ~ MASK:byte((i - 1) % 4 + 1))
  end
  return first .. length .. MASK .. table.concat(bytes)
end

---Takes a server's frames apart: a list of { opcode=, fin=, payload= }.
---@param bytes string
function frames.split(bytes)
  local list, at = {}, 1
  while at + 1 <= #bytes do
    local first, length = bytes:byte(at, at + 1)
    at = at + 2
    if length == 126 then
      length, at = string.unpack(">I2", bytes, at)
    elseif length == 127 then
      length, at = string.unpack(">I8", bytes, at)
    end
    if at + length - 1 > #bytes then
      break
    end
    list[#list + 1] = {
      opcode = first & 15,
      fin = first & 0x80 ~= 0,
      payload = bytes:sub(at, at + length - 1),
    }
    at = at + length
  end
  return list
end

---The request for an upgrade.
function frames.upgrade(target)
  return ("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"):format(
    target)
end

return frames
