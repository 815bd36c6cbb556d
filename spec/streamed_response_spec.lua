local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local errors = require "slack.errors"
local fetch_url = require "slack.fetch"
local http = require "slack.http"
local tasks = require "slack.tasks"
local transfers = require "support.transfers"
local wait_until = require "support.wait_until"

local ENDLESS <const>, FLOOD <const> = transfers.ENDLESS, transfers.FLOOD

local function open(url, options)
  options = options or {}
  options.proxy, options.stream = "", true
  return fetch_url(url, options)
end

describe("a streamed response", function()
  local server

  after_each(function()
    server = server and server:stop()
  end)

  local function serve(body, status)
    server = WebServer.start(function()
      return status or 200, body, { "X-Kind", "test" }
    end)
    return server.url
  end

  local function scripted(...)
    server = ScriptedServer.start(...)
    return server.url
  end

  it("is there with its head, before its body", function()
    local url = scripted { "read", "send HTTP/1.1 201 Made\\r\\nX-Kind: early\\r\\n\\r\\n", "hang" }
    local response <close> = assert(open(url))
    assert.same({ 201, true, "early", "early", url, nil },
      { response.status, response.ok, response.headers["x-kind"], response:header "X-KIND",
        response.url, response.body })
  end)

  it("is read as it arrives", function()
    local url = scripted { "read", ENDLESS, "send one", "pause 50", "send two", "pause 50" }
    local response = assert(open(url))
    assert.same({ "one", "two" }, { response:read(), response:read() })
    assert.same({}, { response:read() })
    assert.equal(6, response.received)
  end)

  it("is read by numbers of bytes, less only at the end", function()
    local response = assert(open(serve(("0123456789"):rep(20000))))
    assert.equal("01", response:read(2))
    assert.equal(("2345678901"):rep(15000), response:read(150000))
    assert.equal(49998, #response:read(1000000))
    assert.is_nil(response:read(1))
    assert.equal("", response:read "a")
  end)

  it("is read in many small numbers of bytes", function()
    local body, count = ("0123456789"):rep(50000), 0
    local response = assert(open(serve(body)))
    for bytes in function() return response:read(7) end do
      assert(bytes == body:sub(count + 1, count + 7))
      count = count + #bytes
    end
    assert.equal(#body, count)
  end)

  it("is read to its end at once", function()
    local response = assert(open(serve "the whole"))
    assert.equal("the", response:read(3))
    assert.equal(" whole", response:read "a")
    assert.is_nil(response:read())
  end)

  it("gives JSON", function()
    assert.same({ a = 1 }, assert(open(serve '{"a":1}')):json())
    server:stop()
    local value, err = assert(open(serve "<html>")):json()
    assert.is_nil(value)
    assert.same({ "invalid_json", "<html>" }, { err.code, err.body })
  end)

  it("is iterated in parts", function()
    local body, got = ("0123456789"):rep(50000), {}
    for part in assert(open(serve(body))):chunks() do
      table.insert(got, part)
    end
    assert.is_true(table.concat(got) == body)
  end)

  for _, size in ipairs { 0, 1 } do
    it(("may have %d bytes"):format(size), function()
      local response = assert(open(serve(("x"):rep(size))))
      assert.equal(size, #response:read "a")
      assert.is_nil(response:read())
    end)
  end

  it("has its body at once when it tells of a failure, and can be read all the same", function()
    local response = assert(open(serve('{"why":"gone"}', 404)))
    assert.same({ 404, '{"why":"gone"}', "gone" },
      { response.status, response.body, response:json().why })
    assert.same({ '{"wh', 'y":"gone"}' }, { response:read(4), response:read() })
    assert.same({}, { response:read() })
  end)

  it("says when it is not whole", function()
    local url = scripted { "read", "send HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhalf" }
    local response = assert(open(url))
    assert.equal("half", response:read())
    for _ = 1, 2 do
      local bytes, err = response:read()
      assert.is_nil(bytes)
      assert.equal("interrupted", err.code)
    end
  end)

  it("that is not whole raises in a loop, which would pass for its end", function()
    local url = scripted { "read", "send HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhalf" }
    local got = ""
    local ok, err = pcall(function()
      for part in assert(open(url)):chunks() do
        got = got .. part
      end
    end)
    assert.same({ false, "half", true }, { ok, got, errors.is(err) })
  end)

  it("is bounded by max_response when that is given", function()
    local url = scripted { "read", ENDLESS, FLOOD }
    local response = assert(open(url, { max_response = 50000 }))
    local bytes, err = response:read "a"
    assert.is_nil(bytes)
    assert.equal("too_large", err.code)
  end)

  it("has no limit of time but that of silence", function()
    local url = scripted { "read", ENDLESS, "send one", "hang" }
    local response = assert(open(url, { idle_timeout = 0.1 }))
    assert.equal("one", response:read())
    local _, err = response:read()
    assert.same({ "timeout", true }, { err.code, err.message:find "idle_timeout" ~= nil })
  end)

  it("has the limit of time that it is given", function()
    local url = scripted { "read", ENDLESS, "slow 20 " .. ("x"):rep(10000) }
    local response = assert(open(url, { timeout = 0.2 }))
    local _, err = response:read "a"
    assert.equal("timeout", err.code)
  end)

  it("brings its body's function along", function()
    local url = scripted { "head", "send HTTP/1.1 200 OK\\r\\n\\r\\n", "body", "send got it" }
    local give = { "one", "two" }
    local response = assert(open(url, { body = function() return table.remove(give, 1) end }))
    assert.equal("got it", response:read "a")
    wait_until("the body", function()
      return server.program:output():find "body 6"
    end)
  end)

  describe("ends its transfer", function()
    local count

    before_each(function()
      count = http.count_new()
      scripted { "read", ENDLESS, FLOOD }
    end)

    it("when it is closed, once or twice", function()
      local response = assert(open(server.url))
      assert.equal(1, count())
      response:close()
      response:close()
      assert.equal(0, count())
      local bytes, err = response:read()
      assert.is_nil(bytes)
      assert.equal("closed", err.code)
    end)

    it("with the block that it is a variable of", function()
      do
        local response <close> = assert(open(server.url))
        assert.is_string(response:read())
      end
      assert.equal(0, count())
    end)

    it("with the loop that is left", function()
      for part in assert(open(server.url)):chunks() do
        if part ~= "" then
          break
        end
      end
      assert.equal(0, count())
    end)

    it("when nobody holds it any more", function()
      assert(open(server.url))
      collectgarbage()
      collectgarbage()
      assert.equal(0, count())
    end)

    it("with the task that reads it", function()
      tasks.run(function()
        local read = 0
        local task = tasks.spawn(function()
          local response <close> = assert(open(server.url))
          while true do
            read = read + #response:read(1000000)
          end
        end)
        wait_until("some of it", function()
          return read > 0
        end)
        task:cancel()
        task:join()
        assert.equal(0, count())
      end)
    end)

    it("with the task that waits for its head", function()
      server:stop()
      scripted { "read", "hang" }
      tasks.run(function()
        local task = tasks.spawn(open, server.url)
        wait_until("the request", function()
          return server:count() == 1
        end)
        task:cancel()
        task:join()
        assert.equal(0, count())
      end)
    end)
  end)

  it("can be one of more than its host has turns", function()
    local url = scripted { "read", ENDLESS, FLOOD }
    local list <close> = setmetatable({}, { __close = function(all)
      for _, response in ipairs(all) do
        response:close()
      end
    end })
    for i = 1, 20 do
      list[i] = assert(open(url, { timeout = 30 }))
    end
    for _, response in ipairs(list) do
      assert.equal(300000, #response:read(300000))
    end
  end)

  it("tells two tasks that read it at once apart", function()
    local url = scripted { "read", ENDLESS, "hang" }
    tasks.run(function()
      local response <close> = assert(open(url))
      local first = tasks.spawn(response.read, response)
      tasks.sleep(0)
      local ok, message = pcall(function()
        local bytes = response:read()
        return bytes
      end)
      assert.is_false(ok)
      assert.matches("spec/streamed_response_spec.lua:%d+: .*another task reads this response",
        message)
      first:cancel()
    end)
  end)

  it("that is closed ends the wait of who reads it", function()
    local url = scripted { "read", ENDLESS, "hang" }
    tasks.run(function()
      local response = assert(open(url))
      local reader = tasks.spawn(response.read, response)
      tasks.sleep(0)
      response:close()
      local _, bytes, err = reader:join()
      assert.is_nil(bytes)
      assert.equal("closed", err.code)
    end)
  end)

  it("raises for what is no number of bytes", function()
    local response <close> = assert(open(serve "x"))
    for _, wrong in ipairs { 0, -1, 1.5, "l", {} } do
      local ok, message = pcall(function()
        local bytes = response:read(wrong)
        return bytes
      end)
      assert.is_false(ok)
      assert.matches("spec/streamed_response_spec.lua:%d+: response:read: a number of bytes",
        message)
    end
  end)
end)
