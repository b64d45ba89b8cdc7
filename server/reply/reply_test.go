package reply

import "testing"

func TestSpaced(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{`{"a":1,"b":[1,2]}`, `{"a": 1, "b": [1, 2]}`}, {`"a,b:c\",:\\"`, `"a,b:c\",:\\"`}, {`["\\",1]`, `["\\", 1]`}, {`{}`, `{}`},
	} {
		if got := string(Spaced([]byte(row.in))); got != row.want {
			t.Errorf("Spaced(%s) = %s, want %s", row.in, got, row.want)
		}
	}
}
