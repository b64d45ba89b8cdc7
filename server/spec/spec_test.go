package spec

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/doc"
)

func TestSchema(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"string", `{"type":"string"}`},
		{" int ", `{"type":"integer"}`},
		{"any", `{}`},
		{"object", `{"type":"object","additionalProperties":true}`},
		{"uuid", `{"type":"string","format":"uuid"}`},
		{`"a"|"b"`, `{"type":"string","enum":["a","b"]}`},
		{`"a"|null`, `{"anyOf":[{"type":"null"},{"type":"string","enum":["a"]}]}`},
		{"[int]", `{"type":"array","items":{"type":"integer"}}`},
		{"[int, string]", `{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":2}`},
		{"{a: int, b?: bool}", `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"}},"required":["a"]}`},
		{"{}", `{"type":"object","properties":{}}`},
		{"{*: Job}", `{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Job"}}`},
	} {
		s, err := Schema(row.text)
		if err != nil || string(doc.Encode(s)) != row.want {
			t.Errorf("%s: %s, %v; want %s", row.text, doc.Encode(s), err, row.want)
		}
	}
	for _, bad := range []string{"", "str", "[", "[int", "[int string]", "{a}", "{a: int", "{a int}", "{*: }", "int int", `"a`, "|", "int|", strings.Repeat("[", 100)} {
		if s, err := Schema(bad); err == nil {
			t.Errorf("%q is %s, want an error", bad, doc.Encode(s))
		}
	}
}

func TestCheck(t *testing.T) {
	job, err := Schema("{id: string, n?: int}")
	if err != nil {
		t.Fatal(err)
	}
	c := Checker{map[string]*doc.Object{"Job": job}}
	for _, row := range []struct{ shape, value, want string }{ // want: a part of the error, "" for none
		{"Job", `{"id":"a"}`, ""},
		{"Job", `{"id":"a","n":2,"more":1}`, ""},
		{"Job", `{"n":2}`, "lacks id"},
		{"Job", `{"id":"a","n":2.5}`, "v.n is number, want integer"},
		{"[Job]", `[{"id":"a"},{"id":1}]`, "v[1].id is integer, want string"},
		{"{*: [int]}", `{"a":[1,"x"]}`, "v.a[1] is string"},
		{"[int, string]", `[1,"a"]`, ""},
		{"[int, string]", `[1]`, "has 1 items"},
		{"[int, string]", `["a","a"]`, "v[0] is string"},
		{`"a"|"b"`, `"c"`, "want one of"},
		{"string|null", `null`, ""},
		{"string|null", `1`, "fits none"},
		{"number", `1`, ""},
		{"any", `[{}]`, ""},
		{"Other", `1`, "no shape"},
	} {
		s, err := Schema(row.shape)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal([]byte(row.value), &v); err != nil {
			t.Fatal(err)
		}
		err = c.Check(s, v, "v")
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s against %s: %v, want %q", row.value, row.shape, err, row.want)
		}
	}
}

func TestOp(t *testing.T) {
	o := Op{
		Path: "i: int", Query: "a: string # what it is\nb?: int", Headers: "X-Y?: string",
		Body:    "json {x: int}\nbytes",
		Answers: "200 json [int] # fine\n200 image\n404 # nothing",
	}
	to := &doc.Object{}
	if err := o.Write(to, []string{"i", "name"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"parameters":[{"name":"i","in":"path","required":true,"schema":{"type":"integer"}},` +
		`{"name":"name","in":"path","required":true,"schema":{"type":"string"}},` +
		`{"name":"a","in":"query","required":true,"schema":{"type":"string"},"description":"what it is"},` +
		`{"name":"b","in":"query","required":false,"schema":{"type":"integer"}},` +
		`{"name":"X-Y","in":"header","required":false,"schema":{"type":"string"}}],` +
		`"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]}},"application/octet-stream":{}},"required":true},` +
		`"responses":{"200":{"description":"fine","content":{"application/json":{"schema":{"type":"array","items":{"type":"integer"}}},"image/*":{}}},"404":{"description":"nothing"}}}`
	if got := string(doc.Encode(to)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, bad := range []Op{{Query: "a"}, {Query: "a: x"}, {Body: "yaml any"}, {Body: "json x"}, {Answers: "200 yaml"}, {Path: "a: x"}, {Query: "a: {b: int"}} {
		if err := bad.Write(&doc.Object{}, nil); err == nil {
			t.Errorf("%+v is written, want an error", bad)
		}
	}
}
