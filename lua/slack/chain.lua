-- Middleware: layers around a handler, each of which goes on by calling `next`.

local run_layer

-- A next for the layer after i; calling it twice is a mistake of the middleware.
local function next_of(chain, i)
  local called = false
  return function()
    if called then
      error("next called twice by the same middleware", 2)
    end
    called = true
    return run_layer(chain, i + 1)
  end
end

---Runs chain.layers from the i-th on, each given the context and a `next`; behind the
---last of them chain.last(chain.job, chain.c, chain.listener).
---@param chain { layers: function[], c: slack.Context, last: function }
---@param i integer
---@return any what the layer gave
function run_layer(chain, i)
  local layer = chain.layers[i]
  if layer then
    return layer(chain.c, next_of(chain, i))
  end
  return chain.last(chain.job, chain.c, chain.listener)
end

return run_layer
