-- A TCP client that sends the very bytes it is told, for specs of servers:
-- bash's /dev/tcp with a pipe to it and a file from it.
local files = require "support.files"

local RawClient = {}
RawClient.__index = RawClient

-- The first line of `pids` names the one that waits for the end, and the two that hold
-- the connection.
local SCRIPT <const> = [[
cd '%s' && mkfifo in && : >out && {
  { exec 3<>/dev/tcp/127.0.0.1/%d || exit
    cat in >&3 & writer=$!
    cat <&3 >out & reader=$!
    echo $BASHPID $writer $reader >pids
    exec 3>&-
    wait $reader
    echo >end
  } 2>errors &
} && until [ -s pids ] || [ -s errors ]; do sleep 0.005; done]]

---@param port integer
function RawClient.connect(port)
  local directory = files.temporary()
  local path = directory.path
  os.execute(("bash -c '%s' >/dev/null 2>&1"):format(SCRIPT:format(path, port):gsub("'", "'\\''")))
  -- Open both ways, so that neither end of the pipe waits for the other.
  local pipe = assert(io.open(path .. "/in", "r+b"))
  return setmetatable({ directory = directory, path = path, pipe = pipe }, RawClient)
end

function RawClient:send(bytes)
  assert(self.pipe:write(bytes))
  self.pipe:flush()
end

---Everything received so far.
function RawClient:received()
  return files.read(self.path .. "/out")
end

---Whether the server has ended the connection.
function RawClient:has_ended()
  local file = io.open(self.path .. "/end")
  return file ~= nil and file:close()
end

---How it ended, when that was no plain end.
function RawClient:error()
  return files.read(self.path .. "/errors")
end

---Takes nothing off the wire any more, as a page in a browser that hangs.
function RawClient:stop_reading()
  files.run(("cd '%s' && read -r _ _ reader <pids && kill -STOP $reader"):format(self.path))
end

function RawClient:close()
  self.pipe:close()
  -- In that order, so that nobody makes a file where all are being removed.
  files.run(("cd '%s' && kill $(cat pids); kill -CONT $(cat pids)"):format(self.path))
  getmetatable(self.directory).__close()
end

RawClient.__close = RawClient.close

return RawClient
