---@meta _

-- The contexts of handlers by what they listen to, and the methods of the app that register
-- them. What they have in common is slack.Context; those of events are in event_contexts.lua.

---@class slack.MessageContext: slack.Context
---@field event slack.events.message
---@field payload slack.events.message
---@field message slack.events.message
---@field channel_id slack.ChannelId
---@field message_ts slack.Ts

---@class slack.CommandContext: slack.Context
---@field command slack.payloads.Command
---@field payload slack.payloads.Command
---@field body slack.payloads.Command
---@field text string
---@field user_id slack.UserId
---@field channel_id slack.ChannelId
---@field trigger_id string
---@field response_url string

---@class slack.ActionContext: slack.Context
---@field action slack.payloads.Action
---@field payload slack.payloads.Action
---@field body slack.payloads.Interaction
---@field message? slack.objects.Message
---@field view? slack.objects.View
---@field user_id slack.UserId
---@field trigger_id string

---@class slack.OptionsContext: slack.Context
---@field options slack.payloads.Suggestion
---@field payload slack.payloads.Suggestion
---@field body slack.payloads.Suggestion
---@field user_id slack.UserId

---@class slack.ShortcutContext: slack.Context
---@field shortcut slack.payloads.Shortcut
---@field payload slack.payloads.Shortcut
---@field body slack.payloads.Shortcut
---@field message? slack.objects.Message of a message shortcut
---@field user_id slack.UserId
---@field trigger_id string

---@class slack.ViewContext: slack.Context
---@field view slack.objects.View
---@field payload slack.objects.View
---@field body slack.payloads.Interaction
---@field values table<string, any>
---@field block_values table<string, table<string, any>>
---@field user_id slack.UserId

---@class slack.FunctionContext: slack.Context
---@field event slack.events.function_executed
---@field payload slack.events.function_executed
---@field inputs table<string, any>
---@field function_execution_id string

-- The handler comes last; middleware, and a table of filters, may stand before it.
---@alias slack.MessageHandler table|fun(c: slack.MessageContext, next: fun(): any): any
---@alias slack.CommandHandler
---| fun(c: slack.CommandContext, next: fun(): any): any
---| table<string, table|fun(c: slack.CommandContext): any> handlers by the words that follow
---| slack.LaneOptions
---@alias slack.ActionHandler table|fun(c: slack.ActionContext, next: fun(): any): any
---@alias slack.OptionsHandler table|fun(c: slack.OptionsContext, next: fun(): any): any
---@alias slack.ShortcutHandler table|fun(c: slack.ShortcutContext, next: fun(): any): any
---@alias slack.ViewHandler table|fun(c: slack.ViewContext, next: fun(): any): any
---@alias slack.FunctionHandler table|fun(c: slack.FunctionContext, next: fun(): any): any
---@alias slack.ScheduleHandler fun(c: slack.Context): any

---@class (partial) slack.Registrar
---@field message fun(self: slack.Registrar, handler: fun(c: slack.MessageContext, next: fun(): any): any): slack.Listener
---@field message fun(self: slack.Registrar, what: slack.What, handler?: slack.MessageHandler, c?: slack.MessageHandler, d?: slack.MessageHandler): slack.Listener what may be left out
---@field command fun(self: slack.Registrar, what: slack.What, handler?: slack.CommandHandler, c?: slack.CommandHandler, d?: slack.CommandHandler): slack.Listener
---@field action fun(self: slack.Registrar, what: slack.What, handler?: slack.ActionHandler, c?: slack.ActionHandler, d?: slack.ActionHandler): slack.Listener
---@field options fun(self: slack.Registrar, what: slack.What, handler?: slack.OptionsHandler, c?: slack.OptionsHandler, d?: slack.OptionsHandler): slack.Listener
---@field shortcut fun(self: slack.Registrar, what: slack.What, handler?: slack.ShortcutHandler, c?: slack.ShortcutHandler, d?: slack.ShortcutHandler): slack.Listener
---@field view fun(self: slack.Registrar, what: slack.What, handler?: slack.ViewHandler, c?: slack.ViewHandler, d?: slack.ViewHandler): slack.Listener a submission
---@field view_closed fun(self: slack.Registrar, what: slack.What, handler?: slack.ViewHandler, c?: slack.ViewHandler, d?: slack.ViewHandler): slack.Listener
---@field func fun(self: slack.Registrar, what: slack.What, handler?: slack.FunctionHandler, c?: slack.FunctionHandler, d?: slack.FunctionHandler): slack.Listener a custom function by its callback_id
---@field every fun(self: slack.Registrar, interval: number|string, options: slack.ScheduleOptions|slack.ScheduleHandler, handler?: slack.ScheduleHandler): slack.ScheduleEntry
---@field at fun(self: slack.Registrar, when: string, options: slack.ScheduleOptions|slack.ScheduleHandler, handler?: slack.ScheduleHandler): slack.ScheduleEntry
