local calendar = require "slack.calendar"

describe("the calendar", function()
  it("numbers days from the first of 1970 on, back and forth", function()
    assert.equal(0, calendar.day_number(1970, 1, 1))
    assert.equal(20778, calendar.day_number(2026, 11, 21))
    local number = calendar.day_number(1889, 12, 31)
    for year = 1890, 2110 do
      for month = 1, 12 do
        for day = 1, calendar.days_in_month(year, month) do
          number = number + 1
          assert(calendar.day_number(year, month, day) == number)
          local y, m, d = calendar.date(number)
          assert(y == year and m == month and d == day)
        end
      end
    end
  end)

  it("reads dates, and none that there is not", function()
    assert.equal(calendar.day_number(2026, 1, 1), calendar.parse "2026-01-01")
    assert.equal(calendar.day_number(2024, 2, 29), calendar.parse "2024-02-29")
    assert.equal(calendar.day_number(2026, 12, 31), calendar.parse "2026-12-31")
    for _, text in ipairs {
      "2026-02-29", "2026-00-01", "2026-13-01", "2026-01-00", "2026-04-31", "2026-1-1", "x", "",
      "2026-01-01 ", "26-01-01",
    } do
      assert.is_nil(calendar.parse(text), text)
    end
  end)

  it("knows leap years and days of the week", function()
    assert.same({ 29, 28, 28, 29 }, {
      calendar.days_in_month(2024, 2), calendar.days_in_month(2023, 2),
      calendar.days_in_month(1900, 2), calendar.days_in_month(2000, 2),
    })
    assert.equal(4, calendar.weekday(0))
    assert.equal(3, calendar.weekday(-1))
    assert.equal(6, calendar.weekday(calendar.day_number(2026, 11, 21)))
  end)
end)
