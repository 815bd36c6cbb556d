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

describe("files in the local Slack", function()
  local function with_files(name, fn)
    it(name, function()
      tasks.run(function()
        local here <close> = assert(sandbox.start { tls = false })
        local client = slack.client { token = here.bot_token, api_url = here.api_url, log = "off" }
        local general = here.workspace:find_channel "general".id
        local shown = assert(client:upload {
          channel = general,
          files = {
            { content = "png", filename = "a.png", alt_txt = "a cat" },
            { content = "lua", filename = "b.lua", snippet_type = "lua" },
          },
        })
        assert(client:upload { content = "text", filename = "c.txt" })
        fn(here, client, shown, general)
      end)
    end)
  end

  local function names(client, args)
    local list = {}
    for file in client:each("files.list", args) do
      table.insert(list, file.name)
    end
    return table.concat(list, " ")
  end

  with_files("are listed, the newest first, page by page", function(_, client)
    assert.equal("c.txt b.lua a.png", names(client))
    assert.equal("c.txt b.lua a.png", names(client, { count = 1 }))
    assert.same({ count = 2, total = 3, page = 2, pages = 2 },
      client.files.list({ count = 2, page = 2 }).paging)
    assert.equal("invalid_arguments", select(2, client.files.list { page = 0 }).code)
  end)

  with_files("are not taken when they are too large, which Slack would take", function(_, client)
    local _, err = client.files.getUploadURLExternal { filename = "a", length = 65 << 20 }
    assert.equal("file_upload_size_restricted", err.code)
    assert.matches("the local Slack takes files of at most 64 MiB", err.message)
  end)

  with_files("are listed by channel, kind and person", function(here, client, _, general)
    assert.equal("b.lua a.png", names(client, { channel = general }))
    assert.equal("a.png", names(client, { types = "images" }))
    assert.equal("b.lua a.png", names(client, { types = "images,snippets" }))
    assert.equal("", names(client, { user = here.workspace:find_user "ada".id }))
    assert.equal("unknown_type", select(2, client.files.list { types = "songs" }).code)
    assert.equal("user_not_found", select(2, client.files.list { user = "U404" }).code)
  end)

  with_files("say what they are", function(_, client, shown)
    local file = client.files.info({ file = shown[1].id }).file
    assert.same({ "a.png", "image/png", "hosted", "a cat", 3 },
      { file.name, file.mimetype, file.mode, file.alt_txt, file.size })
    assert.equal("snippet", client.files.info({ file = shown[2].id }).file.mode)
  end)

  with_files("are gone when they are deleted", function(here, client, shown)
    local url = client.files.info({ file = shown[1].id }).file.url_private
    assert(client.files.delete { file = shown[1].id })
    assert.equal("file_deleted", select(2, client.files.info { file = shown[1].id }).code)
    assert.equal("file_deleted", select(2, client.files.delete { file = shown[1].id }).code)
    assert.equal("c.txt b.lua", names(client))
    assert.equal("tombstone", here:messages "general" [1].files[1].mode)
    assert.equal(404, slack.fetch(url, {
      headers = { authorization = "Bearer " .. here.bot_token },
    }).status)
  end)

  with_files("are only for tokens that may read files", function(here, client, shown)
    local url = client.files.info({ file = shown[1].id }).file.url_private
    local other = here:grant { user = "grace", scopes = {}, user_scopes = { "chat:write" } }
    local function status_with(token)
      return slack.fetch(url, { follow = false, headers = { authorization = token } }).status
    end
    assert.same({ 200, 302, 302 }, { status_with("Bearer " .. here.bot_token),
      status_with("Bearer " .. other.user_token), status_with(nil) })
  end)

  with_files("are shared by people, and the app hears of it", function(here, client, _, general)
    local message = here:share {
      user = "grace", channel = "general", filename = "notes.txt", content = "abc", text = "see",
    }
    local file = message.files[1]
    assert.same({ "see", "file_share", here.workspace:find_user "grace".id, general },
      { message.text, message.subtype, file.user, message.channel })
    assert.equal("abc", client:download(file))
    assert.equal("notes.txt", client.files.list({ channel = general }).files[1].name)
    assert.equal("cant_delete_file", select(2, client.files.delete { file = file.id }).code)
    local ok, problem = pcall(function() here:share { filename = "x" } end)
    assert.is_false(ok)
    assert.matches('uploads_spec.lua:%d+: sandbox:share: field "content" is missing', problem)
  end)

  with_files("are refused in channels where the bot is not", function(here, client, _, general)
    local function refused(args)
      args.content, args.filename = "x", "x"
      return select(2, client:upload(args)).code
    end
    assert.equal("channel_not_found", refused { channel = { general, "C404" } })
    assert.equal("thread_not_found", refused { channel = general, thread_ts = "1.1" })
    assert.equal("invalid_blocks",
      refused { channel = general, blocks = { { type = "header" } } })
    assert.equal("unknown_snippet_type", refused { snippet_type = "no type" })
    assert.equal(1, #here:messages "general")
  end)
end)
