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
end)
