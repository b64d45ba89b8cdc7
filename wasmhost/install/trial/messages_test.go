package trial

import (
	"strings"
	"testing"
)

// A node that waits for somebody is tested with what they say, and without a word it waits no real time.
func TestMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("interprets guests, which takes minutes under the race detector")
	}
	m, module := example(t, "picker")
	vectors, err := ParseVectors([]byte(`{"vectors": [
		{"name": "chosen", "node": "PickImage", "inputs": {"images": {"$image": {"shape": [3, 2, 2, 3]}}}, "outputs": [{"$image": {"shape": [1, 2, 2, 3]}}, 2],
			"messages": [{"topic": "choice", "text": "7"}, {"topic": "choice", "text": "2"}, {"topic": "choice", "text": "1"}]},
		{"name": "nobody", "node": "PickImage", "inputs": {"images": {"$image": {"shape": [3, 2, 2, 3]}}, "seconds": 3600}, "outputs": [{"$image": {"shape": [1, 2, 2, 3]}}, 0]},
		{"name": "too many", "node": "PickImage", "inputs": {"images": {"$image": {"shape": [1, 2, 2, 3]}}}, "messages": [` + strings.Repeat(`{"topic": "choice", "text": "1"}, `, 100) + `{"topic": "x", "text": ""}]}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	results, err := Run(t.Context(), config(t), m, module, vectors)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "", "mailbox is full"} {
		if r := results[i]; (r.Err == nil) != (want == "") || r.Err != nil && !strings.Contains(r.Err.Error(), want) {
			t.Errorf("%s: %v, want %q", r.Vector.Name, r.Err, want)
		}
	}
	if _, err := ParseVectors([]byte(`{"vectors":[{"name":"x","request":{"path":"/"},"messages":[{"topic":"a","text":"b"}]}]}`)); err == nil {
		t.Error("a request takes messages")
	}
}
