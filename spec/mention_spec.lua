local Offline = require "support.offline_app"
local mention = require "slack.mention"
local slack = require "slack"

describe("a mention", function()
  it("is taken off at the beginning only, for the bot's own id only (S142)", function()
    for text, rest in pairs {
      ["<@UBOT> deploy"] = "deploy", ["<@UBOT>deploy"] = "deploy", ["<@UBOT>: deploy"] = "deploy",
      ["<@UBOT>, deploy"] = "deploy", ["<@UBOT|bot> deploy"] = "deploy",
      ["  <@UBOT>\194\160 deploy "] = "deploy ", ["<@UBOT>\ndeploy"] = "deploy",
      ["<@UBOT>"] = "", ["<@UBOT> <@UBOT> twice"] = "<@UBOT> twice",
      ["<@UBOT> : deploy"] = "deploy", ["<@UBOT>\227\128\130"] = "\227\128\130",
    } do
      assert.equal(rest, mention.strip(text, "UBOT"), text)
    end
    for _, text in ipairs {
      "", "deploy", "hi <@UBOT>", "<@UBOTTOM> deploy", "<@UOTHER> deploy", "<@UBOT", "<#UBOT> x",
      "&lt;@UBOT&gt; x", "<@UBO> x", "<@UBOT x> y", "<@UBOT|<b>> x",
    } do
      assert.is_nil(mention.strip(text, "UBOT"), text)
    end
    assert.is_nil(mention.strip(nil, "UBOT"))
    assert.is_nil(mention.strip("<@nil> x", nil))
  end)

  describe("as a constraint or middleware", function()
    local offline, app, seen
    local BOT = "<@U05BOTUSR01>"

    before_each(function()
      offline = Offline.new()
      app, seen = offline.app, {}
    end)

    local function take(c)
      table.insert(seen, { c.text, c.matches and c.matches[1] })
    end

    it("has tests and handler see the text without it (S142)", function()
      app:message({ slack.pattern "^deploy (%S+)", mention = true }, take)
      app:message({ "ploy", mention = true }, take)
      app:message({ BOT, mention = true }, take)
      offline:message(BOT .. ": deploy main")
      offline:message "deploy main"
      offline:message("please " .. BOT .. " deploy main")
      assert.same({ { "deploy main", "main" }, { "deploy main" } }, seen)
    end)

    it("may be asked not to be there", function()
      app:message({ mention = false }, take)
      offline:message(BOT .. " deploy")
      offline:message "deploy"
      assert.same({ { "deploy" } }, seen)
    end)

    it("is the same for slack.mention in place of what a message is for", function()
      app:message(slack.mention, take)
      offline:message(BOT .. " hello")
      offline:message "hello"
      assert.same({ { "hello" } }, seen)
    end)

    it("lets nothing else through to a listener with slack.mention", function()
      app:message("hello", slack.mention, take)
      app:event("app_mention", slack.mention, take)
      offline:message(BOT .. " hello")
      offline:message "hello"
      offline:event { type = "app_mention", text = BOT .. " mentioned", user = "U1" }
      offline:event { type = "app_mention", text = "by the way, " .. BOT, user = "U1" }
      assert.same({ { "hello" }, { "mentioned" } }, seen)
    end)

    it("leaves the text alone for the other listeners of the message", function()
      app:message({ mention = true }, take)
      app:message(take)
      offline:message(BOT .. " hello")
      assert.same({ { "hello" }, { BOT .. " hello" } }, seen)
    end)

    it("is taken off for the whole app by app:use, which stops nothing", function()
      app:use(slack.mention)
      app:message(take)
      app:message(take)
      app:command("/go", take)
      offline:message(BOT .. " hello")
      offline:message "plain"
      offline:command("/go", "now")
      Offline.settle()
      table.sort(seen, function(a, b) return a[1] < b[1] end)
      assert.same({ { "hello" }, { "hello" }, { "now" }, { "plain" }, { "plain" } }, seen)
    end)

    it("of nobody is found before the app knows its bot", function()
      app.identity = nil
      app:message({ mention = true }, take)
      offline:message(BOT .. " hello")
      assert.same({}, seen)
    end)
  end)
end)
