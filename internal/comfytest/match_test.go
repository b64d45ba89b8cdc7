package comfytest

import (
	"encoding/json"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, row := range []struct {
		name, pattern, value string
		ok                   bool
	}{
		{"numbers by value", `1`, `1.0`, true},
		{"other number", `1`, `2`, false},
		{"no string for a number", `1`, `"1"`, false},
		{"objects by exact keys", `{"a":1}`, `{"a":1,"b":2}`, false},
		{"key order is free", `{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{"arrays by position", `[1,2]`, `[2,1]`, false},
		{"null is not absent", `{"a":null}`, `{}`, false},
		{"json", `{"$json":{"a":[1]}}`, `"{\"a\": [1.0]}"`, true},
		{"json of something else", `{"$json":{"a":1}}`, `"{"`, false},
		{"any int", `{"$any":"int"}`, `5`, true},
		{"any int is no float", `{"$any":"int"}`, `5.5`, false},
		{"any uuid", `{"$any":"uuid"}`, `"00000000-0000-4000-8000-000000000001"`, true},
		{"any array", `{"$any":"array"}`, `{}`, false},
		{"regexp matches fully", `{"$re":"a.c"}`, `"abcd"`, false},
		{"regexp's dot matches newlines", `{"$re":"a.c"}`, `"a\nc"`, true},
		{"has", `{"$has":{"a":1}}`, `{"a":1,"b":2}`, true},
		{"has not", `{"$has":{"a":1}}`, `{"b":2}`, false},
		{"keys", `{"$keys":["a","b"]}`, `{"b":1,"a":2}`, true},
		{"too many keys", `{"$keys":["a"]}`, `{"b":1,"a":2}`, false},
		{"set in any order", `{"$set":[1,{"$any":"string"}]}`, `["x",1]`, true},
		{"set needs another choice", `{"$set":[{"$any":"number"},1]}`, `[1,2]`, true},
		{"set of another size", `{"$set":[1]}`, `[1,1]`, false},
		{"each", `{"$each":{"$any":"int"}}`, `[1,2]`, true},
		{"not each", `{"$each":{"$any":"int"}}`, `[1,"x"]`, false},
		{"one of", `{"$oneof":[1,"x"]}`, `"x"`, true},
		{"none of", `{"$oneof":[1,"x"]}`, `2`, false},
		{"all matchers must hold", `{"$any":"string","$re":"a+"}`, `"b"`, false},
		{"bound twice alike", `[{"$bind":"n"},{"$bind":"n"}]`, `[1,1]`, true},
		{"bound twice otherwise", `[{"$bind":"n"},{"$bind":"n"}]`, `[1,2]`, false},
		{"bound values fill strings", `[{"$bind":"n"},"<${n}>"]`, `["x","<x>"]`, true},
		{"an unknown matcher never holds", `{"$nope":1}`, `1`, false},
	} {
		p, err := decode([]byte(row.pattern))
		if err != nil {
			t.Fatal(err)
		}
		v, err := decode([]byte(row.value))
		if err != nil {
			t.Fatal(err)
		}
		m := &matcher{}
		if why := m.match(p, v); (why == "") != row.ok {
			t.Errorf("%s: %q, want a match: %v", row.name, why, row.ok)
		}
	}
}

func TestFailedMatchBindsNothing(t *testing.T) {
	m := &matcher{}
	p, _ := decode([]byte(`[{"$bind":"n"},1]`))
	v, _ := decode([]byte(`["x",2]`))
	if m.match(p, v) == "" || len(m.bound) != 0 {
		t.Errorf("bound %v after a mismatch", m.bound)
	}
}

func TestSwallow(t *testing.T) {
	k := &socket{wake: make(chan struct{}, 1)}
	for _, s := range []string{`{"t":"a"}`, `{"t":"a"}`, `{"t":"b"}`, `{"t":"c"}`} {
		v, _ := decode([]byte(s))
		k.put(v)
	}
	why := k.expect(&matcher{}, raw(`{"$many":[{"t":"a"}]}`, `{"t":"b"}`, `{"$many":[{"t":"a"}]}`, `{"t":"c"}`, `{"$many":[{"t":"z"}]}`))
	if why != "" || k.peek() != nil {
		t.Errorf("%q, left %v", why, k.peek())
	}
}

func raw(texts ...string) []json.RawMessage {
	var list []json.RawMessage
	for _, s := range texts {
		list = append(list, json.RawMessage(s))
	}
	return list
}
