-- Requests as Slack and others send them to a receiver, for comparing ours with
-- Bolt's: one list, answered by both. `signed` says how; nil: well.

local function form(fields)
  local parts = {}
  for _, field in ipairs(fields) do
    local function encode(text)
      return (text:gsub("[^%w%-%._~]", function(byte)
        return ("%%%02X"):format(byte:byte())
      end))
    end
    parts[#parts + 1] = encode(field[1]) .. "=" .. encode(field[2])
  end
  return table.concat(parts, "&")
end

local JSON <const> = "application/json"
local FORM <const> = "application/x-www-form-urlencoded"

local USER <const> = [["user":{"id":"U1","username":"ada","team_id":"T1"},"team":{"id":"T1",]]
  .. [["domain":"d"},"api_app_id":"A1","token":"t","trigger_id":"1.2"]]

local function event(inner)
  return ([[{"token":"t","team_id":"T1","api_app_id":"A1","type":"event_callback",]]
    .. [["event_id":"Ev%s","event_time":1767610800,"authorizations":[{"enterprise_id":null,]]
    .. [["team_id":"T1","user_id":"U0","is_bot":true,"is_enterprise_install":false}],]]
    .. [["event":%s}]]):format(inner:sub(10, 24):gsub("%W", ""), inner)
end

local function command(name, text)
  return form {
    { "token", "t" }, { "team_id", "T1" }, { "team_domain", "d" }, { "channel_id", "C1" },
    { "channel_name", "general" }, { "user_id", "U1" }, { "user_name", "ada" },
    { "command", name }, { "text", text or "" }, { "api_app_id", "A1" },
    { "is_enterprise_install", "false" }, { "trigger_id", "1.2" },
    { "response_url", "http://127.0.0.1:9/none" },
  }
end

local function payload(json)
  return form { { "payload", json } }
end

local function click(action_id)
  return payload(([[{"type":"block_actions",%s,"container":{"type":"message","message_ts":"1.1",]]
    .. [["channel_id":"C1"},"channel":{"id":"C1","name":"general"},"actions":[{"type":"button",]]
    .. [["action_id":"%s","block_id":"b","action_ts":"1.3","value":"one"}]}]])
    :format(USER, action_id))
end

local function submission(callback_id, value)
  return payload(([[{"type":"view_submission",%s,"view":{"id":"V1","type":"modal",]]
    .. [["callback_id":"%s","state":{"values":{"name":{"name":{"type":"plain_text_input",]]
    .. [["value":"%s"}}}}},"response_urls":[]}]]):format(USER, callback_id, value))
end

local function suggestion(action_id, value)
  return payload(([[{"type":"block_suggestion",%s,"action_id":"%s","block_id":"b",]]
    .. [["value":"%s","container":{"type":"view","view_id":"V1"}}]])
    :format(USER, action_id, value))
end

---@class peers.Request
---@field name string
---@field body string
---@field type? string of the content
---@field method? string POST
---@field path? string
---@field signed? string "no", "wrong", "other secret", "old", "future", "no number", "upper case",
---  "v1" or "other body"
---@field headers? table<string, string>
---@field ours? string our answer where it differs, as "status type body"
---@field bolts? string Bolt's in that case
---@field why? string the difference is wanted

---@type peers.Request[]
return {
  -- What Slack asks of an endpoint.
  { name = "url_verification", type = JSON,
    body = [[{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}]],
    ours = [[200 text/plain 3eZbrw1aBm2rZgRNFdxV]],
    bolts = [[200 application/json {"challenge":"3eZbrw1aBm2rZgRNFdxV"}]],
    why = "Slack takes the challenge as text, form or JSON; text needs no escaping" },
  { name = "url_verification with a charset", type = "application/json; charset=utf-8",
    body = [[{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}]],
    ours = [[200 text/plain 3eZbrw1aBm2rZgRNFdxV]],
    bolts = [[200 application/json {"challenge":"3eZbrw1aBm2rZgRNFdxV"}]],
    why = "Slack takes the challenge as text, form or JSON; text needs no escaping" },
  { name = "url_verification with a wrong signature", type = JSON, signed = "wrong",
    body = [[{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}]] },
  { name = "ssl_check", type = FORM, body = "ssl_check=1&token=t" },
  { name = "ssl_check that is not signed", type = FORM, body = "ssl_check=1&token=t",
    signed = "no" },
  { name = "ssl_check that carries a command, not signed", type = FORM, signed = "no",
    body = "ssl_check=1&token=t&" .. command "/echo" },

  -- Events.
  { name = "a mention", type = JSON,
    body = event [[{"type":"app_mention","user":"U1","text":"hi","ts":"1.1","channel":"C1"}]] },
  { name = "a message", type = JSON,
    body = event [[{"type":"message","user":"U1","text":"hello","ts":"1.2","channel":"C1"}]] },
  { name = "a message in many alphabets", type = JSON,
    body = event [[{"type":"message","user":"U1","text":"hello Grüße, 世界 🚀","ts":"1.4"}]] },
  { name = "a redelivered event", type = JSON,
    headers = { ["X-Slack-Retry-Num"] = "1", ["X-Slack-Retry-Reason"] = "http_timeout" },
    body = event [[{"type":"message","user":"U1","text":"hello again","ts":"1.5"}]] },
  { name = "an event that nobody listens for", type = JSON,
    body = event [[{"type":"reaction_added","user":"U1","reaction":"wave"}]] },
  { name = "an event whose handler raises", type = JSON,
    body = event [[{"type":"pin_added","user":"U1","channel_id":"C1"}]] },

  -- Commands.
  { name = "a command answered with text", type = FORM, body = command("/echo", "this"),
    ours = [[200 application/json {"text":"Heard this."}]],
    bolts = [[200  Heard this.]],
    why = "an ack is always JSON, the same on every transport" },
  { name = "a command with a charset", type = FORM .. "; charset=utf-8",
    body = command("/echo", "this"),
    ours = [[200 application/json {"text":"Heard this."}]],
    bolts = [[400]],
    why = "the media type counts, not its parameters" },
  { name = "a command with plus, percent and umlauts", type = FORM,
    body = command("/echo", "a b&c=d + 100% Grüße"),
    ours = [[200 application/json {"text":"Heard a b&c=d + 100% Grüße."}]],
    bolts = [[200  Heard a b&c=d + 100% Grüße.]],
    why = "an ack is always JSON, the same on every transport" },
  { name = "a command answered with a message", type = FORM, body = command "/message" },
  { name = "a command answered with nothing", type = FORM, body = command "/silent" },
  { name = "a command that nobody listens for", type = FORM, body = command "/unknown" },
  { name = "a command whose handler raises", type = FORM, body = command "/raise",
    ours = [[200 application/json {"response_type":"ephemeral","text":"Sorry, /raise did not ]]
      .. [[work: an error came up, and it was noted in the bot's log."}]],
    bolts = [[500]],
    why = "the person is told, in place of Slack's dispatch_failed" },

  -- Interactions.
  { name = "a click", type = FORM, body = click "press" },
  { name = "a click that nobody listens for", type = FORM, body = click "unknown" },
  { name = "a click whose handler raises", type = FORM, body = click "raise" },
  { name = "a form that is fine", type = FORM, body = submission("form", "fine") },
  { name = "a form with errors", type = FORM, body = submission("form", "bad") },
  { name = "a form answered with another view", type = FORM, body = submission("form", "next") },
  { name = "a form that clears all", type = FORM, body = submission("form", "clear") },
  { name = "a form that nobody listens for", type = FORM, body = submission("unknown", "x") },
  { name = "a closed form", type = FORM, body = payload(([[{"type":"view_closed",%s,"view":{]]
    .. [["id":"V1","type":"modal","callback_id":"form"},"is_cleared":false}]]):format(USER)) },
  { name = "options", type = FORM, body = suggestion("pick", "a") },
  { name = "no options", type = FORM, body = suggestion("pick", "none") },
  { name = "option groups", type = FORM, body = suggestion("groups", "a") },
  { name = "a global shortcut", type = FORM,
    body = payload(([[{"type":"shortcut",%s,"callback_id":"new","action_ts":"1.4"}]])
      :format(USER)) },
  { name = "a message shortcut", type = FORM,
    body = payload(([[{"type":"message_action",%s,"callback_id":"new","message_ts":"1.1",]]
      .. [["channel":{"id":"C1","name":"g"},"message":{"type":"message","text":"x","ts":"1.1"}}]])
      :format(USER)) },
  { name = "a button of an attachment", type = FORM,
    body = payload(([[{"type":"interactive_message",%s,"callback_id":"old","actions":[{]]
      .. [["name":"n","type":"button","value":"v"}],"channel":{"id":"C1","name":"g"},]]
      .. [["message_ts":"1.1","attachment_id":"1"}]]):format(USER)) },
  { name = "a payload of an unknown type", type = FORM,
    body = payload(([[{"type":"novelty",%s}]]):format(USER)) },

  -- Signatures.
  { name = "no signature", type = JSON, signed = "no", body = event [[{"type":"app_mention"}]] },
  { name = "a wrong signature", type = JSON, signed = "wrong",
    body = event [[{"type":"app_mention"}]] },
  { name = "another secret", type = FORM, signed = "other secret", body = command "/echo" },
  { name = "a body that was changed", type = FORM, signed = "other body", body = command "/echo" },
  { name = "an old timestamp", type = FORM, signed = "old", body = command "/echo" },
  { name = "a timestamp of the future", type = FORM, signed = "future", body = command "/silent",
    ours = [[401]],
    bolts = [[200]],
    why = "what is 300 s off is refused to either side" },
  { name = "a timestamp that is no number", type = FORM, signed = "no number",
    body = command "/echo" },
  { name = "a signature in upper case", type = FORM, signed = "upper case",
    body = command "/echo" },
  { name = "a signature of another version", type = FORM, signed = "v1", body = command "/echo" },

  -- Shapes.
  { name = "broken JSON", type = JSON, body = [[{"type":"event_callback","event":{]] },
  { name = "a payload of broken JSON", type = FORM, body = "payload=%7B%22type%22" },
  { name = "an empty body", type = JSON, body = "" },
  { name = "an empty object", type = JSON, body = "{}" },
  { name = "a list", type = JSON, body = "[]",
    ours = [[400]],
    bolts = [[404]],
    why = "Slack sends objects only" },
  { name = "text", type = "text/plain", body = "hello" },
  { name = "another path", type = FORM, path = "/slack/nothing", body = command "/echo",
    ours = [[404 text/plain not found]],
    bolts = [[404]],
    why = "404 says what it means" },
  { name = "a path in another case", type = FORM, path = "/Slack/Events", body = command "/echo",
    ours = [[404 text/plain not found]],
    bolts = [[404]],
    why = "404 says what it means" },
  { name = "a path with a query", type = FORM, path = "/slack/events?a=b",
    body = command "/silent" },
  { name = "GET", method = "GET", body = "", signed = "no",
    ours = [[405]],
    bolts = [[404]],
    why = "the path is there: 405, with the method that it takes" },
  { name = "PUT", method = "PUT", type = FORM, body = command "/echo",
    ours = [[405]],
    bolts = [[404]],
    why = "the path is there: 405, with the method that it takes" },
  { name = "OPTIONS", method = "OPTIONS", body = "", signed = "no",
    ours = [[405]],
    bolts = [[404]],
    why = "the path is there: 405, with the method that it takes" },
}
