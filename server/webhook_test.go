package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A webhook hears of every prompt's end once, signed, and again when it did not answer.
func TestWebhook(t *testing.T) {
	type call struct{ signature, body string }
	calls := make(chan call, 10)
	failures := 1
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		calls <- call{r.Header.Get("Cocoon-Signature"), string(b)}
		if failures > 0 {
			failures--
			w.WriteHeader(500)
		}
	}))
	defer far.Close()
	s := whole(t, nil)
	s.ask(t, "POST", "/prompt?wait=30", fmt.Sprintf(echo, "before"))
	for at := time.Now().UnixMilli(); time.Now().UnixMilli() == at; { // timestamps count milliseconds
	}
	h := &Webhook{URL: far.URL, Secret: []byte("key"), Pause: time.Millisecond}
	h.Start(t.Context(), s.c.Engine)
	s.c.Hub.Tell(h)
	s.ask(t, "POST", "/prompt?wait=30", fmt.Sprintf(echo, "one"))
	s.ask(t, "POST", "/prompt?wait=30", `{"prompt":{"1":{"class_type":"GoldenError","inputs":{"value":1,"message":"no"}}}}`)
	var got []string
	for range 3 { // the first one twice
		c := <-calls
		ts, _, _ := strings.Cut(strings.TrimPrefix(c.signature, "t="), ",")
		n, err := strconv.ParseInt(ts, 10, 64)
		if err != nil || Sign([]byte("key"), time.Unix(n, 0), []byte(c.body)) != c.signature {
			t.Errorf("signature %q of %s", c.signature, c.body)
		}
		var v struct {
			PromptID string `json:"prompt_id"`
			Status   struct {
				Text string `json:"status_str"`
			}
			Outputs map[string]any
		}
		if err := json.Unmarshal([]byte(c.body), &v); err != nil || v.PromptID == "" {
			t.Errorf("%v: %s", err, c.body)
		}
		got = append(got, v.Status.Text)
	}
	h.Close()
	if strings.Join(got, " ") != "success success error" || len(calls) > 0 {
		t.Errorf("told %v and %d more, want success twice and error", got, len(calls))
	}
}

// The log says that a webhook does not answer, and not its address, whose query is a secret.
func TestWebhookAddressIsNotLogged(t *testing.T) {
	s := whole(t, nil)
	far := httptest.NewServer(http.NotFoundHandler())
	far.Close() // nobody listens there any more
	h := &Webhook{URL: far.URL + "/path-secret?token=query-secret", Secret: []byte("key"), Attempts: 1}
	h.Start(s.c.BaseContext(t.Context()), s.c.Engine)
	defer h.Close()
	s.c.Hub.Tell(h)
	s.ask(t, "POST", "/prompt?wait=30", fmt.Sprintf(echo, "one"))
	for !strings.Contains(logged(s), "the webhook does not answer") {
		runtime.Gosched()
	}
	if all := logged(s); strings.Contains(all, "secret") || !strings.Contains(all, "refused") {
		t.Errorf("the log is %s", all)
	}
}

// logged is what a site has logged.
func logged(s *site) string {
	var b strings.Builder
	for _, e := range s.logs.last() {
		b.WriteString(e.text)
	}
	return b.String()
}
