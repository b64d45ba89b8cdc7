package server

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
)

func listed(t *testing.T, s *site, query string) []string {
	t.Helper()
	_, body := s.ask(t, "GET", "/api/jobs?"+query, "")
	var v struct {
		Jobs []struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, j := range v.Jobs {
		list = append(list, j.ID[len(j.ID)-1:]+" "+j.Status)
	}
	return list
}

// The list of jobs keeps up with the history.
func TestJobsKeepUp(t *testing.T) {
	s := whole(t, nil)
	id := func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", n) }
	run := func(n int, class, inputs string) {
		body := fmt.Sprintf(`{"prompt_id":%q,"prompt":{"1":{"class_type":%q,"inputs":%s}}}`, id(n), class, inputs)
		if res, text := s.ask(t, "POST", "/prompt?wait=30", body); res.StatusCode != 200 {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
	}
	check := func(when, query string, want ...string) {
		t.Helper()
		if got := listed(t, s, query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	check("nothing yet", "", []string{}...)
	run(1, "GoldenEcho", `{"value":1}`)
	run(2, "GoldenError", `{"value":1,"message":"no"}`)
	run(3, "GoldenEcho", `{"value":3}`)
	check("three", "sort_order=asc", "1 completed", "2 failed", "3 completed")
	check("three again", "sort_order=asc&limit=2&offset=1", "2 failed", "3 completed")
	s.ask(t, "POST", "/history", fmt.Sprintf(`{"delete":[%q]}`, id(3)))
	check("one deleted", "sort_order=asc", "1 completed", "2 failed")
	run(1, "GoldenError", `{"value":1,"message":"no"}`)
	check("one run again", "status=failed&sort_order=asc", "2 failed", "1 failed")
	s.ask(t, "POST", "/history", `{"clear":true}`)
	check("all deleted", "", []string{}...)
}

func TestReadJobQuery(t *testing.T) {
	for _, row := range []struct{ query, want string }{
		{"", ""}, {"status=completed", ""}, {"status=%20FAILED%20,", ""}, {"sort_by=EXECUTION_DURATION&sort_order=ASC", ""}, {"limit=1&offset=-3", ""},
		{"status=a,B", "Invalid status value(s): a, b. Valid values: pending, in_progress, completed, failed, cancelled"},
		{"sort_by=x&sort_order=y&limit=z", "sort_by must be 'created_at' or 'execution_duration'"},
		{"sort_order=y&limit=z", "sort_order must be 'asc' or 'desc'"}, {"limit=z&offset=z", "limit must be an integer"},
		{"limit=0", "limit must be a positive integer"}, {"offset=z", "offset must be an integer"}, {"limit=99999999999999999999", ""},
	} {
		q, _ := url.ParseQuery(row.query)
		_, err := readJobQuery(q)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.query, got, row.want)
		}
	}
}

// Stored outputs of any form are shown without breaking.
func FuzzFinishedJob(f *testing.F) {
	f.Add([]byte(`{"1":{"images":[{"filename":"a.png","type":"output"},null,"m.GLB",5],"animated":[true],"text":["hi"]},"2":5}`), []byte(`{"status_str":"error","messages":[["execution_start",{"timestamp":1}],["execution_interrupted",{"timestamp":2}],5,[1]]}`))
	f.Add([]byte(`{"1":{"gifs":[{"format":"video/mp4"}],"x":{}}}`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, outputs, status []byte) {
		e := engine.HistoryEntry{PromptID: "a", Outputs: outputs, Status: status}
		e.Item.Prompt = json.RawMessage(`{}`)
		e.Item.Extra = json.RawMessage(status)
		b := doc.Encode(finishedJob(&e, true).view)
		if !json.Valid(b) {
			t.Errorf("%s", b)
		}
	})
}

func TestPythonText(t *testing.T) {
	if got := pythonText(doc.Of("a", []any{nil, true, "x'y", 1.5})); got != `{'a': [None, True, 'x\'y', 1.5]}` {
		t.Errorf("pythonText: %s", got)
	}
}
