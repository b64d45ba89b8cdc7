package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTextedNumbers(t *testing.T) {
	for _, row := range []struct{ body, want string }{
		{`{"a":NaN}`, `{"a":"nan"}`},
		{`[Infinity, -Infinity,-1,NaN ]`, `["inf", "-inf",-1,"nan" ]`},
		{`{"NaN":"NaN \" NaN","\\":NaN}`, `{"NaN":"NaN \" NaN","\\":"nan"}`},
		{`{"a":"\`, `{"a":"\`},
		{`nothing of -it`, `nothing of -it`},
	} {
		if got := string(textedNumbers([]byte(row.body))); got != row.want {
			t.Errorf("%s: %s, want %s", row.body, got, row.want)
		}
	}
}

func FuzzTextedNumbers(f *testing.F) {
	f.Add(`{"a":[NaN,-Infinity,"\""]}`)
	f.Fuzz(func(t *testing.T, body string) {
		if got := textedNumbers([]byte(body)); json.Valid([]byte(body)) && string(got) != body {
			t.Errorf("%q became %q", body, got)
		}
	})
}

// A prompt read from a picture may hold numbers that are none.
func TestPromptWithWordsForNumbers(t *testing.T) {
	s := whole(t, nil)
	const prompt = `{"prompt":{"1":{"class_type":"GoldenTypes","inputs":{"i":1,"f":NaN,"s":NaN,"b":true,"c":"red"},"is_changed":[NaN]}}}`
	post := func(prompt string) (int, string) {
		t.Helper()
		r, err := http.Post(s.url+"/prompt", "application/json", strings.NewReader(prompt))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	if status, b := post(prompt); status != 200 {
		t.Errorf("status %d: %s", status, b)
	}
	status, b := post(`{"prompt":{"1":{"class_type":"GoldenTypes","inputs":{"i":1,"f":Infinity,"s":"","b":true,"c":"red"}}}}`)
	if status != 400 || !strings.Contains(b, "Value inf bigger than max of 1.0") {
		t.Errorf("status %d: %s", status, b)
	}
}
