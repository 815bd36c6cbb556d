local files = require "support.files"
local live = require "support.live_app"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("client:upload", function()
  local BYTES <const> = "\0\1\2 bytes of every kind \255\r\n"

  local function with_slack(name, fn)
    it(name, function()
      tasks.run(function()
        local here <close> = assert(sandbox.start())
        local client = slack.client {
          token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, log = "off",
          retries = { first_delay = 0.001 },
        }
        fn(here, client, here.workspace:find_channel "general")
      end)
    end)
  end

  with_slack("shows content in a channel, byte for byte", function(here, client, channel)
    local file = assert(client:upload {
      content = BYTES, filename = "a b&c.bin", title = "All of them", channel = channel.id,
      initial_comment = "see here",
    })
    assert.equal("All of them", file.title)
    local message = assert(here:wait_message { text = "see here" })
    assert.equal(file.id, message.files[1].id)
    assert.equal("a b&c.bin", message.files[1].name)
    local info = client.files.info({ file = file.id }).file
    assert.same({ { ts = message.ts } }, info.shares.public[channel.id])
    local response = slack.fetch(info.url_private, {
      ca_file = here.ca_file, headers = { authorization = "Bearer " .. here.bot_token },
    })
    assert.equal(BYTES, response.body)
  end)

  with_slack("takes a file from the disk, into a thread", function(here, client, channel)
    local directory <close> = files.temporary()
    files.write(directory.path .. "/report.csv", "a,b\n1,2\n")
    local said = here:say { user = "ada", channel = "general", text = "report?" }
    local file = assert(client:upload {
      file = directory.path .. "/report.csv", channel = channel.id, thread_ts = said.ts,
    })
    assert.equal("report.csv", file.title)
    local message = assert(here:wait_message { after = said.ts })
    assert.equal(said.ts, message.thread_ts)
    assert.equal("a,b\n1,2\n", here.uploads.files[file.id].content)
  end)

  with_slack("keeps it for the bot where no channel is named", function(here, client)
    local file = assert(client:upload { content = "x", filename = "x.txt" })
    assert.equal("x", here.uploads.files[file.id].content)
    assert.equal(0, #here:messages "general")
  end)

  it("goes on with as many at once as there are", function()
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local client = slack.client {
        token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, log = "off",
        max_requests = 1,
      }
      local uploads = {}
      for i = 1, 8 do
        uploads[i] = function()
          return client:upload { content = "x", filename = i .. ".txt" }
        end
      end
      assert.equal(8, #assert(tasks.timeout(10, tasks.all, uploads)))
    end)
  end)

  with_slack("takes megabytes", function(here, client)
    local content = ("0123456789abcdef"):rep(200000)
    local file = assert(client:upload { content = content, filename = "large.txt" })
    assert.equal(content, here.uploads.files[file.id].content)
  end)

  with_slack("gives Slack's word for what each step refuses", function(here, client, channel)
    local function refused(what, code, pattern)
      local all = { content = "x", filename = "x.txt", channel = channel.id }
      for name, value in pairs(what) do
        all[name] = value
      end
      local file, err = client:upload(all)
      assert.is_nil(file)
      assert.equal(code, err.code)
      assert.matches(pattern, tostring(err))
    end
    refused({ channel = "C404" }, "channel_not_found", "files.completeUploadExternal: channel_not")
    channel.members[here.workspace.bot.user_id] = nil
    refused({}, "not_in_channel", "invite the bot to the channel")
    here:fail("files.getUploadURLExternal", { error = "missing_scope" })
    refused({}, "missing_scope", "files.getUploadURLExternal: missing_scope")
    assert.equal(3, #here:calls "files.getUploadURLExternal")
  end)

  with_slack("sends the bytes to a new URL when they did not arrive", function(here, client)
    local handle, failures = here.uploads.handle, 0
    function here.uploads.handle(...)
      if (select(2, ...)).path:find "^/upload/" and failures < 1 then
        failures = failures + 1
        return 503, { "Content-Type", "text/html" }, "<h1>busy</h1>"
      end
      return handle(...)
    end
    local file = assert(client:upload { content = "x", filename = "x.txt" })
    assert.equal("x", here.uploads.files[file.id].content)
    assert.equal(2, #here:calls "files.getUploadURLExternal")
    assert.equal(1, #here:calls "files.completeUploadExternal")
  end)

  -- It may be on any host; who has the URL needs no token.
  with_slack("sends the bytes without the token, whose place the URL takes", function(here, client)
    local handle, heads = here.uploads.handle, {}
    function here.uploads.handle(uploads, request)
      if request.path:find "^/upload/" then
        table.insert(heads, request.headers)
      end
      return handle(uploads, request)
    end
    assert(client:upload { content = "x", filename = "x.txt" })
    assert.equal(1, #heads)
    assert.equal("application/octet-stream", heads[1]["content-type"])
    assert.is_nil(heads[1].authorization)
  end)

  with_slack("says what Slack has against the bytes, and never the URL", function(here, client)
    function here.uploads.handle(_, request)
      return request.path:find "^/upload/" and 400 or nil, { "Content-Type", "text/plain" },
        "too strange"
    end
    local file, err = client:upload { content = "x", filename = "x.txt" }
    assert.is_nil(file)
    assert.equal("upload_failed", err.code)
    assert.equal(400, err.status)
    assert.matches('client:upload: .*"x.txt": status 400: too strange', tostring(err))
    assert.not_matches("/upload/", tostring(err))
    assert.equal(1, #here:calls "files.getUploadURLExternal")
  end)

  with_slack("fails when no byte is taken for as long as its timeout", function(here, client)
    function here.uploads.handle(_, request)
      if request.path:find "^/upload/" then
        tasks.sleep(1)
        return 200, {}, ""
      end
    end
    local file, err = client:upload({ content = "x", filename = "x.txt" },
      { timeout = 0.2, retries = 0 })
    assert.same({ nil, "timeout" }, { file, err.code })
  end)

  with_slack("tells nothing of its URL when there is no way to it", function(here, client)
    local await = here.uploads.await
    for _, url in ipairs { "https://127.0.0.1:1/upload/v1/abc", "https://127.0.0.1:1/s/abc?x" } do
      function here.uploads.await(...)
        return url, select(2, await(...))
      end
      local _, err = client:upload({ content = "x", filename = "x" }, { retries = 0 })
      assert.equal("connection", err.code)
      assert.not_matches("abc", tostring(err) .. tostring(err.cause))
    end
  end)

  it("writes its URL into no line of the log", function()
    tasks.run(function()
      local here <close> = assert(sandbox.start { tls = false })
      local lines = {}
      local client = slack.client {
        token = here.bot_token, api_url = here.api_url, retries = { first_delay = 0.001 },
        log = { level = "debug", sink = function(line) table.insert(lines, line) end },
      }
      function here.uploads.handle(_, request)
        return request.path:find "^/upload/" and 503 or nil, { "Content-Type", "text/plain" }, "no"
      end
      local _, err = client:upload { content = "x", filename = "x.txt" }
      local all = table.concat(lines, "\n") .. tostring(err)
      assert.matches("client:upload: .*; trying again", all)
      assert.not_matches("upload/v1", all)
    end)
  end)

  with_slack("says of a file what keeps it from being read", function(_, client)
    local file, err = client:upload { file = "/nowhere/x" }
    assert.is_nil(file)
    assert.equal("file", err.code)
    assert.matches("cannot be read: /nowhere/x: No such file", tostring(err))
    assert.equal("file", select(2, client:upload { file = "/" }).code)
    local directory <close> = files.temporary()
    assert(files.run("mkfifo " .. directory.path .. "/pipe"))
    assert.matches("no regular file",
      tostring(select(2, client:upload { file = directory.path .. "/pipe" })))
    assert.equal("empty_file", select(2, client:upload { content = "", filename = "x" }).code)
  end)

  describe("from a function", function()
    -- Gives the parts one after the other.
    local function parts(...)
      local list, at = { ... }, 0
      return function()
        at = at + 1
        return list[at]
      end
    end

    with_slack("takes what it gives, which may wait", function(here, client)
      local next_part = parts("ab", "", "cde")
      local file = assert(client:upload {
        filename = "x.txt", length = 5,
        content = function()
          tasks.sleep(0.001)
          return next_part()
        end,
      })
      assert.equal("abcde", here.uploads.files[file.id].content)
    end)

    with_slack("is not sent a second time, as it is gone (S248)", function(here, client)
      local handle, count = here.uploads.handle, 0
      function here.uploads.handle(uploads, request)
        if request.path:find "^/upload/" then
          count = count + 1
          return 503, { "Content-Type", "text/plain" }, "busy"
        end
        return handle(uploads, request)
      end
      local file, err = client:upload { content = parts "abc", length = 3, filename = "x" }
      assert.same({ nil, "upload_failed", 503 }, { file, err.code, err.status })
      assert.equal(1, count)
    end)

    with_slack("must give as many bytes as it said", function(here, client)
      for _, length in ipairs { 2, 4 } do
        local file, err = client:upload { content = parts "abc", length = length, filename = "x" }
        assert.same({ nil, "body" }, { file, err.code })
        assert.matches('client:upload: the bytes of "x" could not be sent: ', tostring(err))
      end
      assert.equal(0, #here:calls "files.completeUploadExternal")
    end)

    with_slack("may fail, which is told", function(_, client)
      local what = { length = 3, filename = "x" }
      what.content = function() return nil, "the disk is gone" end
      assert.matches("the disk is gone", tostring(select(2, client:upload(what))))
      what.content = function() error { is_mine = true } end
      local _, err = client:upload(what)
      assert.same({ "body", true }, { err.code, err.cause.is_mine })
    end)
  end)

  describe("of a file on the disk", function()
    local directory

    before_each(function()
      directory = files.temporary()
      files.write(directory.path .. "/a.txt", ("x"):rep(300000))
    end)

    after_each(function()
      getmetatable(directory).__close(directory)
    end)

    -- Calls fn when the bytes have arrived, before they are answered.
    local function on_bytes(here, fn)
      local handle = here.uploads.handle
      function here.uploads.handle(uploads, request)
        local status, headers, body
        if request.path:find "^/upload/" then
          status, headers, body = fn(request)
        end
        if not status then
          return handle(uploads, request)
        end
        return status, headers, body
      end
    end

    for name, change in pairs {
      shorter = "ab", ["another one of the same length"] = ("y"):rep(300000),
    } do
      with_slack("fails when it is " .. name .. " after it was sent", function(here, client)
        local path = directory.path .. "/a.txt"
        on_bytes(here, function() files.write(path, change) end)
        local file, err = client:upload { file = path }
        assert.same({ nil, "file_changed" }, { file, err.code })
        assert.matches('a.txt" was changed while it was sent: upload it again', tostring(err))
        assert.equal(0, #here:calls "files.completeUploadExternal")
      end)
    end

    with_slack("tells how far it is, over all files, and never goes back", function(here, client)
      local path, failures = directory.path .. "/a.txt", 0
      on_bytes(here, function()
        failures = failures + 1
        if failures == 1 then
          return 503, { "Content-Type", "text/plain" }, "busy"
        end
      end)
      local last, total = 0, nil
      assert(client:upload {
        files = { path, { content = "abc", filename = "b" } },
        progress = function(sent, all)
          assert.is_true(sent > last)
          last, total = sent, all
        end,
      })
      assert.same({ 300003, 300003, 3 }, { last, total, failures })
    end)

    with_slack("fails with what progress raises, by the name of the option", function(_, client)
      local file, err = client:upload {
        file = directory.path .. "/a.txt", progress = function() error "no more" end,
      }
      assert.is_nil(file)
      assert.equal("progress", err.code)
      assert.matches('the function given as "progress" raised: .*no more', err.message)
    end)

    with_slack("is sent again from its beginning when it did not arrive", function(here, client)
      local failures = 0
      on_bytes(here, function()
        failures = failures + 1
        if failures == 1 then
          return 429, { "Retry-After", "0" }, ""
        end
      end)
      local file = assert(client:upload { file = directory.path .. "/a.txt" })
      assert.equal(300000, #here.uploads.files[file.id].content)
    end)

    with_slack("stops when its task is cancelled", function(here, client)
      local count = require("slack.http").count_new()
      local task
      on_bytes(here, function()
        task:cancel()
      end)
      task = tasks.spawn(function() client:upload { file = directory.path .. "/a.txt" } end)
      local _, err = task:join()
      assert.equal("cancelled", err.code)
      assert.equal(0, count())
      assert.equal(0, #here:calls "files.completeUploadExternal")
    end)
  end)

  describe("of several files", function()
    local function fail_bytes(here, pattern)
      local handle = here.uploads.handle
      function here.uploads.handle(uploads, request)
        if request.path:find "^/upload/" and request.body:find(pattern) then
          return 400, { "Content-Type", "text/plain" }, "no"
        end
        return handle(uploads, request)
      end
    end

    with_slack("shows them in one message (S252)", function(here, client, channel)
      local directory <close> = files.temporary()
      files.write(directory.path .. "/a.txt", "aaa")
      local shown = assert(client:upload {
        channel = channel.id, initial_comment = "three",
        files = {
          directory.path .. "/a.txt", { content = "bb", filename = "b.txt", title = "B" },
          { content = "c", filename = "c.lua", snippet_type = "lua", alt_txt = "one letter" },
        },
      })
      assert.equal("a.txt B c.lua",
        table.concat({ shown[1].title, shown[2].title, shown[3].title }, " "))
      local message = assert(here:wait_message { text = "three" })
      assert.equal(3, #message.files)
      assert.same({ "aaa", "lua", "one letter" }, {
        here.uploads.files[shown[1].id].content, message.files[3].filetype,
        message.files[3].alt_txt,
      })
      assert.equal(1, #here:calls "files.completeUploadExternal")
    end)

    with_slack("sends three of them at once, and no more", function(here, client)
      local handle, count, most = here.uploads.handle, 0, 0
      function here.uploads.handle(uploads, request)
        if request.path:find "^/upload/" then
          count = count + 1
          most = math.max(most, count)
          live.wait(function() return most >= 3 end)
          tasks.sleep(0.03) -- in which a fourth would come
          count = count - 1
        end
        return handle(uploads, request)
      end
      local list = {}
      for i = 1, 7 do
        list[i] = { content = tostring(i), filename = tostring(i) }
      end
      local shown = assert(client:upload { files = list })
      assert.equal(3, most)
      for i = 1, 7 do
        assert.equal(tostring(i), here.uploads.files[shown[i].id].content)
      end
    end)

    with_slack("makes a message for each channel, thread and comment (S253)", function(here, client,
        channel)
      local said = here:say { user = "ada", channel = "random", text = "where?" }
      local random = said.channel
      local function one(name, place)
        place.content, place.filename = name, name
        return place
      end
      local shown = assert(client:upload {
        channel = channel.id, initial_comment = "here",
        files = {
          one("1", {}), one("2", { channel = random, thread_ts = said.ts }), one("3", {}),
          one("4", { channel = random, thread_ts = said.ts }), one("5", { channel = random }),
        },
      })
      assert.equal("1 2 3 4 5", table.concat({ shown[1].title, shown[2].title, shown[3].title,
        shown[4].title, shown[5].title }, " "))
      assert.equal(3, #here:calls "files.completeUploadExternal")
      local here_message = assert(here:wait_message { text = "here" })
      assert.same({ "1", "3" }, { here_message.files[1].name, here_message.files[2].name })
      local in_random = here:messages "random"
      assert.same({ "2", "4", said.ts }, {
        in_random[2].files[1].name, in_random[2].files[2].name, in_random[2].thread_ts,
      })
      assert.same({ "5" }, { in_random[3].files[1].name, in_random[3].thread_ts })
    end)

    with_slack("shows them in several channels", function(here, client, channel)
      local random = here.workspace:find_channel "random"
      assert(client:upload { channel = { channel.id, random.id }, content = "x", filename = "x" })
      assert.equal(1, #here:messages "general")
      assert.equal("x", here:messages "random" [1].files[1].name)
    end)

    with_slack("comes with blocks instead of a comment", function(here, client, channel)
      assert(client:upload {
        channel = channel.id, content = "x", filename = "x", blocks = { slack.blocks.divider() },
      })
      assert.equal("divider", here:messages "general" [1].blocks[1].type)
    end)

    with_slack("uses the token of a call for every step (S253)", function(here, client, channel)
      client:upload({ channel = channel.id, content = "x", filename = "x" }, { token = "xoxp-2" })
      assert.equal("xoxp-2", here:calls "files.getUploadURLExternal" [1].token)
    end)

    with_slack("shows none of a message whose files did not all arrive, and says which (S252)",
      function(here, client, channel)
        fail_bytes(here, "^bad")
        local random = here.workspace:find_channel "random"
        local shown, err = client:upload {
          channel = channel.id,
          files = {
            { content = "good", filename = "1.txt" }, { content = "bad", filename = "2.txt" },
            { content = "good", filename = "3.txt", channel = random.id },
          },
        }
        assert.is_nil(shown)
        assert.equal("upload_failed", err.code)
        assert.equal(400, err.status)
        assert.matches('client:upload: 2 of 3 files were not uploaded: "2.txt": Slack did not take',
          tostring(err))
        assert.equal(0, #here:messages "general")
        assert.same({ 1, "3.txt", here:messages "random" [1].files[1].id },
          { #err.uploaded, err.uploaded[1].filename, err.uploaded[1].id })
        assert.same({ 2, "1.txt", "2.txt" },
          { #err.failed, err.failed[1].filename, err.failed[2].filename })
        assert.equal("upload_failed", err.failed[2].error.code)
      end)

    with_slack("sends nothing when one of them cannot be read", function(here, client, channel)
      local shown, err = client:upload {
        channel = channel.id, files = { { content = "x", filename = "x" }, "/nowhere/y" },
      }
      assert.is_nil(shown)
      assert.equal("file", err.code)
      assert.matches("/nowhere/y", tostring(err))
      assert.equal(0, #here:calls "files.getUploadURLExternal")
    end)
  end)

  it("raises at the caller's line when it is misused", function()
    local client = slack.client { token = "xoxb-1" }
    for _, case in ipairs {
      { "x", "a table with content or file expected, got string" },
      { {}, 'field "content" or "file" is missing' },
      { { content = "x" }, 'field "filename" is missing' },
      { { content = "x", file = "y" }, 'fields "content" and "file" exclude each other' },
      { { content = 1, filename = "x" }, 'field "content": string or function expected' },
      { { contents = "x" }, 'unknown field "contents"; did you mean "content"?' },
      { { file = "x", thread_ts = "1.1" }, 'field "thread_ts" has no use without "channel"' },
      { { content = io.stdin, filename = "x" },
        "got userdata; of an open file give the path, as \"file\"" },
      { { file = "x", channel = "#general" }, 'an id (C…) expected, got a name: "#general"' },
      { { file = "x", channel = "C1,C2" }, 'field "channel": for several channels give a list' },
      { { file = "x", channel = {} }, 'field "channel": the list is empty' },
      { { file = "x", channel = { "C1", "C2" }, thread_ts = "1.1" }, "a thread is in one channel" },
      { { file = "x", channel_id = "C1" }, 'unknown field "channel_id"; here it is "channel"' },
      { { file = "x", channel = "C1", blocks = {}, initial_comment = "x" },
        'fields "blocks" and "initial_comment" exclude each other' },
      { { content = io.read, filename = "x" }, 'field "length" is missing' },
      { { content = "x", filename = "x", length = 1 }, 'field "length" has no use' },
      { { files = {} }, 'field "files": the list is empty' },
      { { files = { "x" }, title = "x" }, 'field "title": give it to each of "files"' },
      { { files = { "x", { content = "x" } } }, 'files[2]: field "filename" is missing' },
      { { files = { { file = "x", progress = print } } }, 'files[1]: field "progress" belongs' },
      { { files = { 5 } }, "files[1]: a path, or a table with content or file, expected" },
    } do
      local ok, message = pcall(function() client:upload(case[1]) end)
      assert.is_false(ok)
      assert.truthy(message:find("web_api_upload_spec.lua:%d+: client:upload: "), message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)
end)

describe("c:upload", function()
  -- Runs fn(c) as the handler of a message, or of a shortcut.
  local function handle(here, fn, act)
    local app = slack.app {
      token = here.bot_token, app_token = here.app_token, api_url = here.api_url,
      ca_file = here.ca_file, log = "off",
    }
    local done, problem = tasks.waiter(), nil
    local function handler(c)
      local ok, err = xpcall(fn, debug.traceback, c)
      problem = not ok and err or nil
      done:resolve()
    end
    app:message("file", handler)
    app:shortcut("file", handler)
    assert(app:start())
    act()
    done:await(20)
    app:stop()
    assert.is_nil(problem)
  end

  local function with_slack(name, fn)
    it(name, function()
      tasks.run(function()
        local here <close> = assert(sandbox.start())
        fn(here)
      end)
    end)
  end

  with_slack("shows a file in the channel and the thread of the trigger", function(here)
    local root = here:say { text = "what is there?" }
    handle(here, function(c)
      assert(c:upload { content = "x", filename = "x.txt", initial_comment = "this" })
    end, function() here:say { text = "file", thread_ts = root.ts } end)
    assert.equal(root.ts, assert(here:wait_message { text = "this" }).thread_ts)
  end)

  with_slack("shows it in the channel, out of the thread, for thread_ts = false", function(here)
    local root = here:say { text = "what is there?" }
    handle(here, function(c)
      assert(c:upload {
        content = "x", filename = "x.txt", thread_ts = false, initial_comment = "this",
      })
    end, function() here:say { text = "file", thread_ts = root.ts } end)
    assert.is_nil(assert(here:wait_message { text = "this" }).thread_ts)
  end)

  with_slack("shows several together, and passes on the options of a call", function(here)
    handle(here, function(c)
      assert(c:upload({ files = {
        { content = "x", filename = "x.txt" }, { content = "y", filename = "y.txt" },
      } }, { timeout = 5 }))
    end, function() here:say { text = "file" } end)
    assert.equal(2, #here:messages "general" [2].files)
  end)

  with_slack("shows it elsewhere when a channel is given", function(here)
    local root = here:say { text = "what is there?" }
    local random = here.workspace:find_channel("random").id
    handle(here, function(c)
      assert(c:upload {
        content = "x", filename = "x.txt", channel = random, initial_comment = "this",
      })
    end, function() here:say { text = "file", thread_ts = root.ts } end)
    assert.is_nil(assert(here:wait_message { text = "this", channel = "random" }).thread_ts)
  end)

  with_slack("says where there is no channel, and raises where it is misused", function(here)
    handle(here, function(c)
      local file, err = c:upload { content = "x", filename = "x.txt" }
      assert.same({ nil, "no_channel" }, { file, err.code })
      local _, message = pcall(function() c:upload { contents = "x" } end)
      assert.matches('upload_spec.lua:%d+: c:upload: unknown field "contents"', message)
      _, message = pcall(function() c:upload "x" end)
      assert.matches("web_api_upload_spec.lua:%d+: c:upload: a table with content", message)
    end, function()
      here:shortcut { callback_id = "file" }
    end)
  end)
end)
