local json = require "slack.json"
local payload = require "slack.payload"

describe("payload.kind", function()
  for _, case in ipairs {
    { "event", { type = "event_callback", event = { type = "message" } } },
    { "event", { event = { type = "x" }, command = "/no" } },
    { "command", { command = "/x", text = "", name = json.null } },
    { "options", { type = "block_suggestion", action_id = "a" } },
    { "options", { type = "dialog_suggestion", name = "n" } },
    { "options", { type = "interactive_message", name = "n", value = "v" } },
    { "action", { type = "block_actions", actions = { { action_id = "a" } } } },
    { "action", { type = "interactive_message", actions = { { name = "n" } } } },
    { "action", { type = "dialog_submission", submission = {} } },
    { "action", { type = "dialog_cancellation" } },
    { "shortcut", { type = "shortcut", callback_id = "c" } },
    { "shortcut", { type = "message_action", callback_id = "c" } },
    { "view", { type = "view_submission", view = {} } },
    { "view", { type = "view_closed", view = {} } },
    { nil, { type = "app_rate_limited" } },
    { nil, { type = "workflow_step_edit" } },
    { nil, { event = "not an object" } },
    { nil, {} },
  } do
    it(("takes %s for %s"):format(json.encode(case[2]), case[1] or "unknown"), function()
      assert.equal(case[1], (payload.kind(case[2])))
    end)
  end

  for _, case in ipairs {
    { "event", "event", { event = { type = "x" }, command = "/no" } },
    { nil, "event", { type = "app_rate_limited", command = "/no" } },
    { nil, "event", { type = "app_rate_limited", actions = { { action_id = "a" } } } },
    { "command", "command", { command = "/x", event = "x", actions = "y" } },
    { "action", "interaction", { type = "block_actions", event = { type = "x" } } },
    { "shortcut", "interaction", { type = "shortcut", command = "/no" } },
    { nil, "interaction", { type = "event_callback", event = { type = "x" }, command = "/no" } },
  } do
    local kind, came_as, body = table.unpack(case)
    it(("takes %s that came as %s for %s"):format(json.encode(body), came_as, kind or "unknown"),
      function()
        assert.equal(kind, (payload.kind(body, came_as)))
      end)
  end

  it("gives the part the kind is named for", function()
    local action = { action_id = "a" }
    assert.equal(action, select(2, payload.kind { actions = { action } }))
    local body = { type = "shortcut" }
    assert.equal(body, select(2, payload.kind(body)))
  end)
end)

describe("payload", function()
  it("knows an org-wide install by flag or text", function()
    assert.is_true(payload.is_enterprise_install { is_enterprise_install = "true" })
    assert.is_false(payload.is_enterprise_install { is_enterprise_install = "false" })
    assert.is_true(payload.is_enterprise_install {
      authorizations = { { is_enterprise_install = true } }, is_enterprise_install = false,
    })
  end)

  it("takes the first response URL of a view (S160)", function()
    assert.equal("u1", payload.response_url {
      response_urls = { { response_url = "u1" }, { response_url = "u2" } },
    })
    assert.is_nil(payload.response_url { response_urls = {} })
  end)

  -- An event with the value at a path as "item.channel".
  local function event_with(path, value)
    local event = { type = "x" }
    local part, last = event, nil
    for name in path:gmatch "[^.]+" do
      if last then
        part[last] = {}
        part = part[last]
      end
      last = name
    end
    part[last] = value
    return { event = event }
  end

  it("finds the person wherever an event names one (S161, S164)", function()
    for _, path in ipairs {
      "user", "user.id", "user_id", "actor_id", "actor.id", "accepting_user.id",
      "approving_user.id", "declining_user.id", "invite.inviting_user.id", "message.user",
      "previous_message.user", "assistant_thread.user_id", "app_request.user.id",
    } do
      assert.equal("U1", payload.user_id(event_with(path, "U1")), path)
    end
  end)

  it("finds the channel wherever an event names one (S161)", function()
    for _, path in ipairs {
      "channel", "channel.id", "channel_id", "item.channel", "assistant_thread.channel_id",
      "new_channel_id",
    } do
      assert.equal("C1", payload.channel_id(event_with(path, "C1")), path)
    end
  end)

  it("finds the message that an event is about, not the time of its change", function()
    for path, body in pairs {
      ["message.ts"] = { ts = "9.9", deleted_ts = "9.9" },
      ["message_ts"] = { deleted_ts = "9.9", ts = "9.9" },
      ["deleted_ts"] = { ts = "9.9" },
      ["ts"] = {}, ["item.ts"] = {}, ["item.message.ts"] = {},
    } do
      local event = event_with(path, "1.1")
      for name, value in pairs(body) do
        event.event[name] = value
      end
      assert.equal("1.1", payload.message_ts(event), path)
    end
    assert.is_nil(payload.message_ts { event = { type = "im_history_changed", ts = "9.9",
      latest = "8.8" } })
  end)

  it("survives every field being of the wrong kind", function()
    local wrong = { json.null, 5, "text", true, {}, { 1 } }
    local names = {
      "user", "team", "channel", "view", "event", "authorizations", "container", "message",
      "item", "enterprise", "response_urls", "interactivity", "actions", "assistant_thread",
    }
    for _, value in ipairs(wrong) do
      local body, inner = {}, {}
      for _, name in ipairs(names) do
        body[name], inner[name] = value, value
      end
      for _, candidate in ipairs { body, { event = inner } } do
        for name, get in pairs(payload) do
          if name ~= "present" and name ~= "as_table" then
            assert.has_no.errors(function() get(candidate) end)
          end
        end
      end
    end
  end)

  describe("tells who did it, in channels shared with others (S046):", function()
    local function shared(event, more)
      local body = {
        team_id = "T0HOST", enterprise_id = "E0HOST", is_ext_shared_channel = true,
        context_team_id = "T0HOST", context_enterprise_id = "E0HOST", event = event,
        authorizations = { { team_id = "T0HOST", enterprise_id = "E0HOST" } },
      }
      for name, value in pairs(more or {}) do
        body[name] = value
      end
      return body
    end
    for _, case in ipairs {
      { "somebody of the workspace", shared { user_team = "T0HOST" }, "E0HOST", "T0HOST" },
      { "a guest of another", shared { user_team = "T0GUEST", team = "T0HOST" }, nil, "T0GUEST" },
      { "a guest by the team alone", shared { team = "T0GUEST" }, nil, "T0GUEST" },
      { "a guest's organization", shared { user_team = "E0GUEST" }, "E0GUEST", nil },
      { "one's own organization", shared { user_team = "E0HOST" }, "E0HOST", "T0HOST" },
      { "an event that does not tell", shared {}, nil, nil },
      { "an event of the workspace's own channel",
        shared({ user_team = "T0GUEST" }, { is_ext_shared_channel = false }), "E0HOST", "T0HOST" },
      { "a click", { user = { team_id = "T1" }, team = { id = "T1", enterprise_id = "E1" } },
        "E1", "T1" },
      { "a guest's click", { user = { team_id = "T2" }, team = { id = "T1" } }, nil, "T2" },
      { "a command", { command = "/x", team_id = "T1", enterprise_id = "E1" }, "E1", "T1" },
    } do
      it(case[1], function()
        local enterprise_id, team_id = payload.actor_place(case[2])
        assert.same({ case[3], case[4] or "none" }, { enterprise_id, team_id or "none" })
      end)
    end
  end)

  it("takes nothing of the person's organization for that of the view's app (S038)", function()
    local body = {
      team = { id = "T0EVE", enterprise_id = "E0EVE" }, enterprise = { id = "E0EVE" },
      view = { app_installed_team_id = "T0ONE" },
    }
    assert.equal("T0ONE", payload.team_id(body))
    assert.is_nil(payload.enterprise_id(body))
    body.team = { id = "T0ONE", enterprise_id = "E0EVE" }
    assert.equal("E0EVE", payload.enterprise_id(body))
  end)
end)
