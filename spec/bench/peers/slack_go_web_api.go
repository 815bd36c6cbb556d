// slack-go: posts messages, so many at a time, each from a goroutine of its own.
// Its HTTP client may keep as many connections as there are, for otherwise Go keeps
// two and makes new ones for the rest, each with a TLS handshake.
//
//	slack_go_web_api API_URL CALLS AT_A_TIME
package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
)

func main() {
	calls, _ := strconv.ParseInt(os.Args[2], 10, 64)
	atATime, _ := strconv.Atoi(os.Args[3])
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = atATime
	client := slack.New("xoxb-bench", slack.OptionAPIURL(os.Args[1]),
		slack.OptionHTTPClient(&http.Client{Transport: transport}))
	var made, failed int64
	var all sync.WaitGroup
	for i := 0; i < atATime; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				number := atomic.AddInt64(&made, 1) - 1
				if number >= calls {
					return
				}
				text := fmt.Sprintf("The build has ended. seq-%d", number)
				_, _, err := client.PostMessage("C07BENCH001", slack.MsgOptionText(text, false))
				if err != nil {
					atomic.AddInt64(&failed, 1)
				}
			}
		}()
	}
	all.Wait()
	fmt.Printf("{\"answered\":%d,\"failed\":%d}\n", calls, failed)
	time.Sleep(time.Minute)
}
