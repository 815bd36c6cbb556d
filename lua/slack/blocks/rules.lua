-- All rules, once they are all defined.

require "slack.blocks.objects"
require "slack.blocks.elements"
require "slack.blocks.rich_text"
require "slack.blocks.layout"
require "slack.blocks.views"

return require("slack.blocks.schema").rules
