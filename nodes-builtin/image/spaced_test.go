package image

import "testing"

func TestSpaced(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{`{"a":1,"b":[1,2]}`, `{"a": 1, "b": [1, 2]}`},
		{`{"a,b:c":"d,e:\"f,"}`, `{"a,b:c": "d,e:\"f,"}`},
		{`"é😀\\"`, `"\u00e9\ud83d\ude00\\"`},
		{`[]`, `[]`},
	} {
		if got := spaced([]byte(row.in)); got != row.want {
			t.Errorf("spaced(%s) = %s, want %s", row.in, got, row.want)
		}
	}
}
