---@meta _

-- What commands and interactions hold: c.command, c.action, c.options, c.shortcut, and c.body.

---@class slack.payloads.Command
---@field command string "/deploy"
---@field text string
---@field user_id slack.UserId
---@field user_name string
---@field channel_id slack.ChannelId
---@field channel_name string
---@field team_id slack.TeamId
---@field team_domain string
---@field enterprise_id? slack.EnterpriseId
---@field enterprise_name? string
---@field is_enterprise_install "true"|"false"
---@field api_app_id slack.AppId
---@field trigger_id string
---@field response_url string
---@field [string] any

---@class slack.payloads.Person
---@field id slack.UserId
---@field username? string
---@field name? string
---@field team_id? slack.TeamId

---@class slack.payloads.Container
---@field type "message"|"view"|"message_attachment"
---@field message_ts? slack.Ts
---@field thread_ts? slack.Ts
---@field channel_id? slack.ChannelId
---@field view_id? string
---@field is_ephemeral? boolean
---@field is_app_unfurl? boolean
---@field attachment_id? integer
---@field app_unfurl_url? string

---@class slack.payloads.Interaction
---@field type string
---@field user slack.payloads.Person
---@field api_app_id slack.AppId
---@field team? { id: slack.TeamId, domain: string }
---@field enterprise? slack.objects.Enterprise
---@field is_enterprise_install? boolean
---@field container? slack.payloads.Container
---@field channel? { id: slack.ChannelId, name: string }
---@field message? slack.objects.Message
---@field view? slack.objects.View
---@field state? slack.objects.ViewState
---@field actions? slack.payloads.Action[]
---@field trigger_id? string
---@field response_url? string
---@field response_urls? table[]
---@field callback_id? string
---@field function_data? table
---@field [string] any

---@class slack.payloads.Action: slack.objects.ViewValue
---@field action_id string
---@field block_id string
---@field action_ts slack.Ts
---@field text? slack.blocks.Text
---@field style? "primary"|"danger"
---@field url? string
---@field placeholder? slack.blocks.Text
---@field name? string of an element of an attachment
---@field [string] any

---@class slack.payloads.Suggestion: slack.payloads.Interaction
---@field value string what was typed
---@field action_id string
---@field block_id string

---@class slack.payloads.Shortcut: slack.payloads.Interaction
---@field type "shortcut"|"message_action"
---@field callback_id string
---@field message_ts? slack.Ts
