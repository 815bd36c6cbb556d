-- Modals: fields that are wrong, one on top of another, an update.
local slack = require "slack"
local app = ...
local blocks = slack.blocks

local function order(text)
  return blocks.modal {
    title = "Order", submit = "Order", close = "Not now", callback_id = "order",
    notify_on_close = true,
    blocks.input("What?", blocks.plain_text_input("what", {
      initial_value = text ~= "" and text or nil, focus_on_load = true,
    })),
    blocks.input("How many?", blocks.number_input("amount", { is_decimal_allowed = false }), {
      block_id = "amount", hint = "Nine at most",
    }),
    blocks.section "Anything else?",
    blocks.actions { blocks.button("More …", "more"), blocks.button("Change it", "change") },
  }
end

app:command("/order", function(c) c:open(order(c.text)) end)

app:action("more", function(c)
  c:push(blocks.modal {
    title = "More", submit = "Add", callback_id = "more",
    blocks.input("Wishes", blocks.plain_text_input("wishes", { multiline = true }), {
      optional = true,
    }),
  })
end)

app:action("change", function(c)
  local view = order ""
  table.insert(view.blocks, 1, blocks.section "Changed.")
  c:update(view)
end)

app:view("more", function() end)

app:view("order", function(c)
  if c.values.amount > 9 then return { errors = { amount = "Nine at most, please." } } end
  c:say { channel = c.user_id, text = ("Ordered: %d × %s"):format(c.values.amount, c.values.what) }
end)

app:view_closed("order", function(c)
  c:say { channel = c.user_id, text = "No order, then." }
end)
