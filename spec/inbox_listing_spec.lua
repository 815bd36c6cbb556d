local listing = require "slack.inbox.listing"

describe("what lies in an inbox, all of it,", function()
  -- A store that changes so many, one call after the other, and the last for ever.
  local function store_of(counts)
    local store = { backend = {}, asked = {} }
    function store.backend.inbox(_, operation, request)
      table.insert(store.asked, operation .. request.value)
      assert(#store.asked < 10, "it asks without end")
      return counts[math.min(#store.asked, #counts)]
    end
    return store
  end

  for _, operation in ipairs { "retry", "drop" } do
    it("is changed page by page: " .. operation, function()
      local store = store_of { 1000, 1000, 7 }
      assert.equal(2007, listing[operation](store))
      assert.same({ operation, operation, operation }, store.asked)
    end)

    it("is over though entries die as fast as they are tried again: " .. operation, function()
      local store = store_of { 3 }
      assert.equal(3, listing[operation](store))
    end)
  end

  it("is changed no further when the store fails, and the error says so", function()
    local store = { backend = { inbox = function() return nil, { code = "connection" } end } }
    local count, err = listing.retry(store)
    assert.same({ nil, "connection" }, { count, err.code })
  end)
end)
