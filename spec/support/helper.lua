-- Loaded by busted before every spec.
local busted = require "busted"

-- busted keeps the functions of all specs to the end, and with them every module once
-- for each file: a heap of 150 MB, which specs that run the collector would walk again
-- and again.
local function let_go(element)
  for _, child in ipairs(busted.children(element)) do
    let_go(child)
    child.run, child.env = nil, nil
  end
end

busted.subscribe({ "file", "end" }, function(file)
  let_go(file)
  return nil, true -- the output handler is told too
end)
