// slack-go behind net/http: checks the signature, parses the event, and reads
// the text of each kind of event in the mix.
//
//	slack_go_http PORT
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

var characters int64

const secret = "0123456789abcdef0123456789abcdef"

func handle(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		answer.WriteHeader(http.StatusBadRequest)
		return
	}
	verifier, err := slack.NewSecretsVerifier(request.Header, secret)
	if err != nil {
		answer.WriteHeader(http.StatusUnauthorized)
		return
	}
	if _, err := verifier.Write(body); err != nil || verifier.Ensure() != nil {
		answer.WriteHeader(http.StatusUnauthorized)
		return
	}
	event, err := slackevents.ParseEvent(json.RawMessage(body), slackevents.OptionNoVerifyToken())
	if err != nil {
		answer.WriteHeader(http.StatusBadRequest)
		return
	}
	switch inner := event.InnerEvent.Data.(type) {
	case *slackevents.MessageEvent:
		atomic.AddInt64(&characters, int64(len(inner.Text)))
	case *slackevents.AppMentionEvent:
		atomic.AddInt64(&characters, int64(len(inner.Text)))
	}
	answer.WriteHeader(http.StatusOK)
}

func main() {
	http.HandleFunc("/slack/events", handle)
	http.ListenAndServe("127.0.0.1:"+os.Args[1], nil)
}
