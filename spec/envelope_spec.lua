local cjson = require "cjson.safe"
local core = require "slack.core"

-- A decoder of its own, so that no setting of another spec counts.
local decoder = cjson.new()
decoder.decode_max_depth(1000)

local ID = "7e5205d1-7f4e-4bd1-9c4e-0c5a4ffb7e0a"

local function scan(text)
  local envelope, why = core.scan_envelope(text)
  return assert(envelope, why)
end

local function assert_refused(text)
  local envelope, why = core.scan_envelope(text)
  assert.is_nil(envelope)
  assert.is_string(why)
end

describe("scan_envelope", function()
  it("finds the fields of an event (S214)", function()
    assert.same(
      {
        type = "events_api",
        envelope_id = ID,
        payload = '{"event":{"type":"message","text":"a \\"quoted\\" } word"}}',
        payload_event = '{"type":"message","text":"a \\"quoted\\" } word"}',
        accepts_response_payload = false,
        retry_attempt = 2,
        retry_reason = "timeout",
        num_connections = 0,
      },
      scan(
        '{"envelope_id":"' .. ID .. '","payload":'
          .. '{"event":{"type":"message","text":"a \\"quoted\\" } word"}},'
          .. '"type":"events_api","accepts_response_payload":false,'
          .. '"retry_attempt":2,"retry_reason":"timeout"}'
      )
    )
  end)

  it("finds the fields of hello and disconnect", function()
    local hello = scan [[ {"type":"hello","num_connections":3,"connection_info":{"app_id":"A1"},
      "debug_info":{"host":"applink-1","approximate_connection_time":18060}} ]]
    assert.equal("hello", hello.type)
    assert.equal(3, hello.num_connections)
    assert.equal('{"host":"applink-1","approximate_connection_time":18060}', hello.debug_info)
    assert.is_nil(hello.envelope_id)
    assert.is_nil(hello.payload)

    local disconnect = scan '{"type":"disconnect","reason":"refresh_requested","debug_info":null}'
    assert.equal("disconnect", disconnect.type)
    assert.equal("refresh_requested", disconnect.reason)
    assert.is_nil(disconnect.debug_info)
  end)

  it("knows a field however its name is written", function()
    local envelope = scan [[{"typ\u0065":"hello","\u0065vent\u005fid":1,"\u0074ype\u0000":"x",
      "nu\u006D_connections":2,"\/type":"x","ty\ud83dpe":"x","payload":{"\u0074ype":"inner"}}]]
    assert.equal("hello", envelope.type)
    assert.equal(2, envelope.num_connections)
    assert.equal("b", scan([[{"type":"a","typ\u0065":"b"}]]).type)
    assert.equal("a", scan([[{"typ\u0065":"b","type":"a"}]]).type)
  end)

  it("refuses numbers that no decoder can keep", function()
    for _, number in ipairs {
      "1e309", "-1e309", "1e999999999999999999999", "0.00001e315", "123e307", ("9"):rep(310),
      ("1"):rep(309) .. ".5", "1E+" .. ("9"):rep(1000),
    } do
      assert_refused('{"payload":[' .. number .. "]}")
    end
    for _, number in ipairs {
      "1e307", "-9.99e307", "1e-999", "0e999999999999999999", "0.00001e312", ("9"):rep(308),
      "0." .. ("0"):rep(400) .. "1e400", ("1"):rep(305) .. "e-300", "-0.0e9999",
    } do
      local text = "[" .. number .. "]"
      assert.equal(text, scan('{"payload":' .. text .. "}").payload)
      assert(core.json_decode(text))
    end
  end)

  it("takes only the fields of the outermost object", function()
    local envelope = scan [[{
      "payload": {"type":"inner","envelope_id":"inner","reason":"inner","num_connections":9},
      "others": [{"type":"inner","accepts_response_payload":true,"retry_attempt":9}]
    }]]
    assert.is_nil(envelope.type)
    assert.is_nil(envelope.envelope_id)
    assert.is_nil(envelope.reason)
    assert.equal(0, envelope.num_connections)
    assert.equal(0, envelope.retry_attempt)
    assert.is_false(envelope.accepts_response_payload)
  end)

  it("finds the event's id in the payload and nowhere else", function()
    local cases = {
      ['{"payload":{"event":{"event_id":"no","a":[{}]},"event_id":"Ev1","b":[]}}'] = "Ev1",
      ['{"payload":{"event_id":"Ev1","event_id":"Ev2"}}'] = "Ev2",
      ['{"payload":{"event\\u005fid" : "Ev3"}}'] = "Ev3",
      ['{"payload":{"event_id":"Ev1"},"payload":{"a":1}}'] = false,
      ['{"payload":{"event_id":"Ev1","event_id":{"a":"b"}}}'] = false,
      ['{"payload":{"event_id":7,"other":"Ev1"}}'] = false,
      ['{"payload":[{"event_id":"Ev1"}]}'] = false,
      ['{"payload":["event_id","Ev1"],"event_id":"outer"}'] = false,
      ['{"other":{"event_id":"Ev1"},"payload":{"event":{"event_id":"Ev1"}}}'] = false,
    }
    for text, id in pairs(cases) do
      assert.equal(id or nil, scan(text).payload_event_id, text)
    end
    assert.equal("outer", scan('{"event_id":"outer","payload":{"event_id":"inner"}}').event_id)
  end)

  it("finds the event in the payload when it is an object", function()
    local cases = {
      ['{"payload":{"a":{"event":{}},"event" : {"event":{"b":1}} ,"c":[]}}'] = '{"event":{"b":1}}',
      ['{"payload":{"event":{"n":1},"event":{"n":2}}}'] = '{"n":2}',
      ['{"payload":{"ev\\u0065nt":{"n":3}}}'] = '{"n":3}',
      ['{"payload":{"event":{"n":1},"event":null}}'] = false,
      ['{"payload":{"event":{"n":1}},"payload":{"b":1}}'] = false,
      ['{"payload":{"event":[{}]}}'] = false,
      ['{"payload":{"event":"{}"}}'] = false,
      ['{"event":{"n":1},"payload":{}}'] = false,
    }
    for text, event in pairs(cases) do
      assert.equal(event or nil, scan(text).payload_event, text)
    end
  end)

  it("gives a payload of any kind as it stands", function()
    local payloads =
      { "{}", "[]", '"text"', "0", "-1.5e+3", "true", "false", '{ "a" : [ 1 , 2 ] }' }
    for _, payload in ipairs(payloads) do
      assert.equal(payload, scan('{"payload": ' .. payload .. ' ,"type":"x"}').payload)
    end
    assert.is_nil(scan('{"payload":null}').payload)
  end)

  it("counts the last of a repeated field, as decoders do", function()
    local envelope = scan '{"type":"a","payload":{"b":1},"type":"c","payload":null,"type":"d"}'
    assert.equal("d", envelope.type)
    assert.is_nil(envelope.payload)
    assert.is_nil(scan('{"type":"a","type":5}').type)
    assert.is_false(scan('{"accepts_response_payload":true,"accepts_response_payload":0}')
      .accepts_response_payload)
  end)

  it("takes fields of an unexpected type for missing", function()
    local envelope = scan [[{"type":1,"envelope_id":["x"],"reason":{},"retry_reason":null,
      "retry_attempt":"2","num_connections":-1,"accepts_response_payload":"true"}]]
    assert.same(
      { retry_attempt = 0, num_connections = 0, accepts_response_payload = false },
      envelope
    )
    for _, number in ipairs { "1.5", "1e2", "-3", "99999999999999999999", "2147483648" } do
      assert.equal(0, scan('{"retry_attempt":' .. number .. "}").retry_attempt)
    end
    assert.equal(1000000, scan('{"retry_attempt":1000000}').retry_attempt)
  end)

  it("takes only a plain envelope_id", function()
    for _, id in ipairs { "x", ID, ("x"):rep(255), "spaces and /punctuation!" } do
      assert.equal(id, scan('{"envelope_id":"' .. id .. '"}').envelope_id)
    end
    for _, id in ipairs { "", ("x"):rep(256), 'a\\"b', "a\\u0041", "ü", "\x7f" } do
      assert.is_nil(scan('{"envelope_id":"' .. id .. '"}').envelope_id)
    end
  end)

  describe("of nesting", function()
    local function nested(depth, opening, closing, inside)
      return '{"a":' .. opening:rep(depth - 1) .. (inside or "") .. closing:rep(depth - 1) .. "}"
    end

    it("reads any depth, and goes on behind it", function()
      for _, depth in ipairs { 2, 63, 64, 65, 128, 511, 512, 513, 514, 1000, 500000 } do
        scan(nested(depth, "[", "]"))
        scan(nested(depth, '{"a":', "}", "1"))
        local text = nested(depth, '[{"]":"}\\"]"},', "]", "[]")
        assert.equal(text, scan('{"payload":' .. text .. ',"type":"t"}').payload)
        assert.equal("t", scan('{"payload":' .. text .. ',"type":"t"}').type)
      end
    end)

    it("finds no field of the envelope inside it", function()
      local envelope = scan('{"x":' .. ('{"type":'):rep(600) .. '"inner"' .. ("}"):rep(600) .. "}")
      assert.is_nil(envelope.type)
    end)

    it("refuses what has no end, whatever its depth", function()
      for _, depth in ipairs { 2, 511, 512, 513, 514, 500000 } do
        local text = nested(depth, "[", "]", '"x"')
        scan(text)
        for _, cut in ipairs { 1, 2, depth, depth + 1, depth + 2 } do
          assert_refused(text:sub(1, -cut - 1))
        end
        assert_refused('{"a":' .. ("["):rep(depth))
        assert_refused(text .. "}")
        assert_refused('{"a":' .. ("["):rep(depth) .. "]" .. ("}"):rep(depth))
      end
    end)

    it("refuses strings at any depth that are none", function()
      for _, depth in ipairs { 2, 511, 512, 513, 514, 2000 } do
        for _, inside in ipairs { '"', '"\n"', '"\\x"', '"\\' } do
          assert_refused(nested(depth, "[", "]", inside))
        end
      end
    end)
  end)

  it("keeps apart objects and lists at every depth", function()
    assert_refused('{"a":[1}')
    assert_refused('{"a":{"b":1]}')
    for depth = 1, 70 do
      local opening, closing = {}, {}
      for i = 1, depth do
        opening[i] = i % 3 == 0 and '{"k":' or "["
        closing[depth + 1 - i] = i % 3 == 0 and "}" or "]"
      end
      local inner = table.concat(opening) .. "0" .. table.concat(closing)
      assert.equal(inner, scan('{"payload":' .. inner .. "}").payload)
      local first = closing[1]
      closing[1] = first == "}" and "]" or "}"
      inner = table.concat(opening) .. "0" .. table.concat(closing)
      assert_refused('{"payload":' .. inner .. "}")
    end
  end)

  it("wants one object and nothing after it", function()
    local others = { "", " ", "[]", "1", '"x"', "null", "{} {}", "{}x", "{},", "\u{feff}{}" }
    for _, text in ipairs(others) do
      assert_refused(text)
    end
    scan " \t\r\n{} \t\r\n"
  end)

  it("refuses error pages and other texts that are no JSON (S212)", function()
    for _, text in ipairs { "<!DOCTYPE html><html></html>", "502 Bad Gateway", "ok", "{ok}" } do
      assert_refused(text)
    end
  end)

  it("passes on types it does not know and envelopes without an id", function()
    assert.equal("some_new_thing", scan('{"type":"some_new_thing","envelope_id":"x"}').type)
    assert.same(
      { retry_attempt = 0, num_connections = 0, accepts_response_payload = false },
      scan "{}"
    )
    assert.is_nil(scan('{"type":"events_api","payload":{}}').envelope_id)
  end)

  it("reads an envelope of 10 MB", function()
    local payload = '{"text":"' .. ("0123456789abcdef"):rep(10 << 16) .. '"}'
    local text = '{"type":"events_api","payload":' .. payload .. ',"envelope_id":"x"}'
    assert.is_true(scan(text).payload == payload)
    assert_refused(text:sub(1, -2))
  end)

  it("refuses every text that has been cut short", function()
    local text = '{"type":"a\\u00e9\\n","n":-1.5e-7,"l":[true,false,null,{"x":""}],"e":{}}'
    scan(text)
    for length = 0, #text - 1 do
      assert_refused(text:sub(1, length))
    end
  end)

  describe("on values, agrees with lua-cjson that", function()
    local valid = {
      "0", "-0", "10", "-10", "0.0", "1.25", "1e5", "1E5", "1e+5", "1e-5", "1.5E-10", "true",
      "false", "null", '""', '"a"', '"\\""', '"\\\\"', '"\\/"', '"\\b\\f\\n\\r\\t"', '"\\u0000"',
      '"\\uFFFF"', '"\\uD83D\\uDE80"', '"\u{1F680}"', '"\x7f"', "[]", "[ ]", "[1]", "[1,2]",
      "[ 1 , [ ] ]", "{}", "{ }", '{"a":1}', '{ "a" : 1 , "b" : [ ] }', '{"":0}', '"1234567"',
      '"12345678"', '"123456789012345"', '"1234567\\n"', '"12345678\\n"',
    }
    local invalid = {
      "", "-", ".5", "1e", "1e+", "tru", "True", "nul", "falsee", "'a'", '"', '"a',
      '"\\"', '"\\x41"', '"\\u12"', '"\\u12G4"', '"\\uD83"', "[", "[1", "[1,", "[1,]", "[,1]",
      "[1 2]", "]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', "{,}", "{a:1}", "{1:1}",
      '{"a" 1}', '{"a":1 "b":2}', '{"a"::1}', "[}", "{]", "}", "@", "\0", "1 2", ",", '"a" "b"',
      "/* */ 1",
    }
    -- Where lua-cjson takes more than RFC 8259 allows.
    local lenient = {
      "01", "-01", "-.5", "+1", "1.", "1.e5", "0x10", "NaN", "Infinity", "-Infinity", "inf", "nan",
      '"\n"', '"\0"', '"\t"', '"1234567\n"', '"12345678\1"',
    }

    for _, value in ipairs(valid) do
      it(("%q is one"):format(value), function()
        local text = '{"payload":' .. value .. ',"z":[' .. value .. "]}"
        assert(decoder.decode(text))
        if value ~= "null" then
          assert.equal(value, scan(text).payload)
        end
      end)
    end

    for _, value in ipairs(invalid) do
      it(("%q is none"):format(value), function()
        for _, text in ipairs { '{"a":' .. value .. "}", '{"a":[' .. value .. ",0]}" } do
          assert.is_nil((decoder.decode(text)))
          assert_refused(text)
        end
      end)
    end

    it("a lone surrogate is one, which RFC 8259 allows and lua-cjson does not", function()
      assert.equal([["\ud83d"]], scan([[{"payload":"\ud83d"}]]).payload)
    end)

    for _, value in ipairs(lenient) do
      it(("%q is none, where lua-cjson lets it pass"):format(value), function()
        assert_refused('{"a":' .. value .. "}")
        assert_refused('{"a":[' .. value .. "]}")
      end)
    end
  end)

  describe("on random texts", function()
    local PIECES = { "a", "\\n", "\\\\", '\\"', "ü", "\\u0041", "plain text here", "}", "]" }
    local BYTES = { "", "{", "}", "[", "]", '"', "\\", ",", ":", "0", "e", " ", "\1" }

    local function random_string()
      local parts = {}
      for i = 1, math.random(0, 12) do
        parts[i] = PIECES[math.random(#PIECES)]
      end
      return '"' .. table.concat(parts) .. '"'
    end

    local function random_value(depth)
      local kind = math.random(depth > 4 and 4 or 7)
      if kind == 1 then
        return ({ "0", "-12", "3.25", "1e9", "-0.5E-3" })[math.random(5)]
      elseif kind == 2 then
        return ({ "true", "false", "null" })[math.random(3)]
      elseif kind <= 4 then
        return random_string()
      end
      local parts = {}
      for i = 1, math.random(0, 5) do
        local value = random_value(depth + 1)
        local name = random_string() .. (" "):rep(math.random(0, 1)) .. ":"
        parts[i] = kind == 5 and value or name .. value
      end
      local separator = (" "):rep(math.random(0, 1)) .. "," .. ("\n"):rep(math.random(0, 1))
      local inner = table.concat(parts, separator)
      return kind == 5 and "[" .. inner .. "]" or "{" .. inner .. "}"
    end

    it("finds exactly the payload's text", function()
      math.randomseed(20251104)
      for _ = 1, 500 do
        local value = random_value(0)
        local text = '{"x":' .. random_value(1) .. ',"payload":' .. value .. ',"type":"t"}'
        assert(decoder.decode(text))
        local envelope = scan(text)
        assert.equal(value ~= "null" and value or nil, envelope.payload)
        assert.equal("t", envelope.type)
      end
    end)

    it("accepts nothing that lua-cjson refuses when bytes are changed or dropped", function()
      math.randomseed(20251105)
      local accepted, refused = 0, 0
      for _ = 1, 3000 do
        local text = '{"payload":' .. random_value(1) .. ',"type":"t"}'
        local at = math.random(#text)
        local byte = BYTES[math.random(#BYTES)]
        text = text:sub(1, at - 1) .. byte .. text:sub(at + 1)
        if core.scan_envelope(text) then
          accepted = accepted + 1
          local value, err = decoder.decode(text)
          assert(value, ("%s: %q"):format(err, text))
        else
          refused = refused + 1
          -- lua-cjson is looser on numbers ("-012") and control characters only
          if decoder.decode(text) then
            assert.matches("[%d%c]", text)
          end
        end
      end
      assert.is_true(accepted > 100 and refused > 100)
    end)
  end)
end)
