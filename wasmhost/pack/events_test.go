package pack

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMessagesOfManifests: the list of before is what is sent, and stays as it was written.
func TestMessagesOfManifests(t *testing.T) {
	for _, x := range []struct {
		text string
		want WSCap
		back string // "" for an error
	}{
		{`["a","b"]`, WSCap{Send: []string{"a", "b"}}, `{"ws":["a","b"]}`},
		{`[]`, WSCap{Send: []string{}}, `{}`},
		{`{"send":["a"]}`, WSCap{Send: []string{"a"}}, `{"ws":["a"]}`},
		{`{"send":["a"],"receive":["b"]}`, WSCap{Send: []string{"a"}, Receive: []string{"b"}}, `{"ws":{"send":["a"],"receive":["b"]}}`},
		{` {"receive":["b"]}`, WSCap{Receive: []string{"b"}}, `{"ws":{"receive":["b"]}}`},
		{`{}`, WSCap{}, `{}`},
		{`null`, WSCap{}, `{}`},
		{`{"send":["a"],"take":["b"]}`, WSCap{}, ""},
		{`"a"`, WSCap{}, ""},
		{`{"send":"a"}`, WSCap{}, ""},
		{`[1]`, WSCap{}, ""},
	} {
		var c Capabilities
		err := json.Unmarshal([]byte(`{"ws":`+x.text+`}`), &c)
		if (err != nil) != (x.back == "") {
			t.Errorf("%s: %v", x.text, err)
		}
		if err != nil {
			continue
		}
		back, err := json.Marshal(&c)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(x.want, c.WS); d != "" || string(back) != x.back {
			t.Errorf("%s: %s, back %s", x.text, d, back)
		}
	}
}
