local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("uploads to the local Slack", function()
  local BYTES <const> = "\0 bytes \255\r\n--not the end\r\n"

  local function with_url(name, fn)
    it(name, function()
      tasks.run(function()
        local here <close> = assert(sandbox.start { tls = false })
        local client = slack.client { token = here.bot_token, api_url = here.api_url, log = "off" }
        local place = assert(client:call("files.getUploadURLExternal",
          { filename = "a.bin", length = #BYTES }))
        fn(here, place, function(content_type, body)
          return slack.fetch(place.upload_url, {
            method = "POST", body = body, headers = { ["Content-Type"] = content_type },
          })
        end)
      end)
    end)
  end

  local function form(boundary, bytes)
    return ("--%s\r\nContent-Disposition: form-data; name=\"body\"; filename=\"a.bin\"\r\n"
      .. "Content-Type: application/octet-stream\r\n\r\n%s\r\n--%s--\r\n")
      :format(boundary, bytes, boundary)
  end

  with_url("take the bytes as they are", function(here, place, post)
    assert.equal(200, post("application/octet-stream", BYTES).status)
    assert.equal(BYTES, here.uploads.files[place.file_id].content)
  end)

  for _, header in ipairs {
    "multipart/form-data; boundary=--x1", 'Multipart/Form-Data;boundary="--x1"',
  } do
    with_url("take the bytes in a form, as Slack's SDKs send them: " .. header,
      function(here, place, post)
        assert.equal(200, post(header, form("--x1", BYTES)).status)
        assert.equal(BYTES, here.uploads.files[place.file_id].content)
      end)
  end

  with_url("refuse a form that is cut short", function(here, place, post)
    local cut = form("x1", BYTES):sub(1, -12)
    assert.equal(400, post("multipart/form-data; boundary=x1", cut).status)
    assert.is_nil(here.uploads.files[place.file_id].content)
  end)

  with_url("refuse another length than the announced one", function(_, _, post)
    assert.equal(400, post("application/octet-stream", BYTES .. "x").status)
  end)
end)
