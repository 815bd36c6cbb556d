local callgrind = require "bench.callgrind"

-- A file as callgrind writes it: names are given once, and a line behind "calls=" is what the
-- callee took in all.
local DUMP <const> = [[
# callgrind format
version: 1
desc: Trigger: Client Request: decode
positions: line
events: Ir

ob=(1) /usr/bin/lua5.4
fl=(1) ???
fn=(1) luaV_execute
0 100
+3 20
cob=(2) /build/slack/core.so
cfn=(2) push
calls=4 0
* 1000
0 5

ob=(2)
fn=(2)
12 900
-2 90
cob=(3) /lib/libc.so.6
cfi=(3) ???
cfn=(3) malloc
calls=1 0
0 10

ob=(3)
fn=(3)
0 10
]]

describe("bench.callgrind", function()
  it("sums instructions by object, what callees took not twice", function()
    local name, objects = callgrind.read(DUMP)
    assert.equal("decode", name)
    assert.same({ ["/usr/bin/lua5.4"] = 125, ["/build/slack/core.so"] = 990,
      ["/lib/libc.so.6"] = 10 }, objects)
  end)
end)
