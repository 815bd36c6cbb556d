// slack-go's socketmode handler with a listener that reads the text of each
// kind of event in the mix.
//
//	slack_go API_URL
package main

import (
	"os"
	"sync/atomic"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func main() {
	api := slack.New("xoxb-bench", slack.OptionAPIURL(os.Args[1]),
		slack.OptionAppLevelToken("xapp-bench"))
	client := socketmode.New(api)
	handler := socketmode.NewSocketmodeHandler(client)
	var characters int64
	listen := func(event *socketmode.Event, client *socketmode.Client) {
		client.Ack(*event.Request)
		switch inner := event.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(type) {
		case *slackevents.MessageEvent:
			atomic.AddInt64(&characters, int64(len(inner.Text)))
		case *slackevents.AppMentionEvent:
			atomic.AddInt64(&characters, int64(len(inner.Text)))
		}
	}
	handler.HandleEvents(slackevents.Message, listen)
	handler.HandleEvents(slackevents.AppMention, listen)
	handler.HandleEvents(slackevents.ReactionAdded, listen)
	handler.HandleDefault(func(*socketmode.Event, *socketmode.Client) {})
	handler.RunEventLoop()
}
