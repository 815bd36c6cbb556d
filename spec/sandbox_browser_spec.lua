local Browser = require "slack.sandbox.browser"
local WebServer = require "support.web_server"
local form = require "slack.form"

describe("sandbox browser", function()
  local site, other, browser, answers

  local function serve()
    return WebServer.start(function(request)
      local answer = answers[request.target:match "^[^?]*"] or { 404 }
      return answer[1], answer[2], answer[3]
    end)
  end

  -- What cookies the newest request to a server had.
  local function sent(server)
    return server.requests[#server.requests].headers.cookie
  end

  before_each(function()
    answers = {}
    site, other, browser = serve(), serve(), Browser.new()
  end)

  after_each(function()
    site:stop()
    other:stop()
  end)

  it("follows redirects and says what led to a page", function()
    answers["/a"] = { 302, "", { "Location", "/b?x=1" } }
    answers["/b"] = { 200, "here" }
    local page = assert(browser:open(site.url .. "/a"))
    assert.same({ "here", site.url .. "/b?x=1" }, { page.body, page.url })
    assert.same({ 302, 200 }, { page.hops[1].status, page.hops[2].status })
  end)

  it("turns a form into a question at a redirect, but for 307", function()
    answers["/a"] = { 302, "", { "Location", "/b" } }
    answers["/b"] = { 200 }
    answers["/c"] = { 307, "", { "Location", "/b" } }
    assert(browser:send(site.url .. "/a", { name = "a b" }))
    assert.equal("a b", form.decode(site.requests[1].body).name)
    assert.same({ "GET", "" }, { site.requests[2].method, site.requests[2].body })
    assert(browser:send(site.url .. "/c", { name = "a b" }))
    assert.equal("POST", site.requests[4].method)
  end)

  it("stops at what is no page of the web, or where it is told to", function()
    answers["/a"] = { 302, "", { "Location", "slack://app?team=T1" } }
    assert.equal("slack://app?team=T1", browser:open(site.url .. "/a").redirect)
    answers["/b"] = { 302, "", { "Location", other.url .. "/secret?code=1" } }
    assert.truthy(browser:open(site.url .. "/b", "/secret").redirect:find "code=1$")
    assert.equal(0, #other.requests)
  end)

  it("gives up a circle of redirects", function()
    answers["/a"] = { 302, "", { "Location", "/a" } }
    local page, err = browser:open(site.url .. "/a")
    assert.same({ nil, "too many redirects" }, { page, err })
  end)

  describe("cookies", function()
    local function set(line)
      answers["/set"] = { 200, "", { "Set-Cookie", line } }
      answers["/"], answers["/deep/page"], answers["/deeper"] = { 200 }, { 200 }, { 200 }
      assert(browser:open(site.url .. "/set"))
    end

    it("are sent back to their host alone", function()
      set "a=1; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=600"
      assert(browser:open(site.url .. "/deep/page"))
      assert.equal("a=1", sent(site))
      assert.same({ true, "Lax" },
        { browser:cookie "a".attributes.httponly, browser:cookie "a".attributes.samesite })
      assert(browser:open((site.url:gsub("127%.0%.0%.1", "localhost"))))
      assert.is_nil(sent(site))
    end)

    it("are sent below their path", function()
      set "a=1; Path=/deep"
      assert(browser:open(site.url .. "/deep/page"))
      assert.equal("a=1", sent(site))
      assert(browser:open(site.url .. "/deeper"))
      assert.is_nil(sent(site))
    end)

    it("are replaced by others of their name, and go when told to", function()
      set "a=1; Path=/"
      set "a=2; Path=/"
      assert(browser:open(site.url .. "/"))
      assert.equal("a=2", sent(site))
      set "a=; Path=/; Max-Age=0"
      assert(browser:open(site.url .. "/"))
      assert.is_nil(sent(site))
      assert.is_nil(browser:cookie "a")
    end)

    for same_site, expected in pairs { Lax = "a=1", Strict = "none" } do
      it(("with SameSite=%s: %s when another site leads to theirs"):format(same_site, expected),
        function()
          set("a=1; Path=/; SameSite=" .. same_site)
          answers["/away"] = { 302, "", { "Location", site.url .. "/" } }
          assert(browser:open(other.url .. "/away"))
          assert.equal(expected, sent(site) or "none")
        end)
    end
  end)

  it("finds links and hidden fields of a page, their entities replaced", function()
    answers["/a"] = { 200, [[<a href="/x?a=1&amp;b=2">go</a> <a href='https://example.com/y'>y</a>
      <input type="hidden" name="request" value="q&quot;1">]] }
    assert(browser:open(site.url .. "/a"))
    assert.equal(site.url .. "/x?a=1&b=2", browser:link "a=1")
    assert.equal("https://example.com/y", browser:link "example.com")
    assert.is_nil(browser:link "nowhere")
    assert.equal('q"1', browser:hidden "request")
  end)
end)
