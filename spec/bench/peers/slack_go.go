// slack-go's socketmode handler with one no-op listener for each kind of event
// in the mix.
//
//	slack_go API_URL
package main

import (
	"os"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func main() {
	api := slack.New("xoxb-bench", slack.OptionAPIURL(os.Args[1]),
		slack.OptionAppLevelToken("xapp-bench"))
	client := socketmode.New(api)
	handler := socketmode.NewSocketmodeHandler(client)
	listen := func(event *socketmode.Event, client *socketmode.Client) {
		client.Ack(*event.Request)
	}
	handler.HandleEvents(slackevents.Message, listen)
	handler.HandleEvents(slackevents.AppMention, listen)
	handler.HandleEvents(slackevents.ReactionAdded, listen)
	handler.HandleDefault(func(*socketmode.Event, *socketmode.Client) {})
	handler.RunEventLoop()
}
