package conformance

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// routeCase is a case of steps that a route does: what only routes may ask of the host.
type routeCase struct {
	Name          string
	Body          int  // bytes of the request
	UnknownLength bool `json:"unknown length"`
	Steps         [][]any
	Status        int
	Type          string
	Before        any // what the steps write of a streamed answer
	Want          []any
}

func readRoutes(t testing.TB) []routeCase {
	t.Helper()
	b, err := caseFiles.ReadFile("cases/routes.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []routeCase
	decodeJSON(t, b, &all)
	return all
}

// TestRouteSteps runs the cases of routes in every language.
func TestRouteSteps(t *testing.T) {
	c := readContract(t)
	cases := readRoutes(t)
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		for i := range cases {
			t.Run(cases[i].Name, func(t *testing.T) { b.route(t, &cases[i]) })
		}
	})
}

func (b *nodeBench) route(t *testing.T, x *routeCase) {
	var steps []any
	for _, s := range x.Steps {
		steps = append(steps, b.n.step(s))
	}
	query, err := abi.Append(nil, steps)
	if err != nil {
		t.Fatal(err)
	}
	var body io.Reader = strings.NewReader(strings.Repeat("b", x.Body))
	if x.UnknownLength {
		body = io.MultiReader(body)
	}
	r := httptest.NewRequest("POST", "/ext/cocoon.kit/steps?s="+hex.EncodeToString(query), body)
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), tenantOf(""))))
	status, kind := x.Status, x.Type
	if status == 0 {
		status, kind = 200, "application/cbor"
	}
	want, err := abi.Append(nil, b.n.value(x.Want))
	if err != nil {
		t.Fatal(err)
	}
	before := ""
	if x.Before != nil {
		before = b.n.value(x.Before).(string)
	}
	if w.Code != status || w.Header().Get("Content-Type") != kind {
		t.Errorf("answers %d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), status, kind)
	}
	got, ok := strings.CutPrefix(w.Body.String(), before)
	if !ok || !bytes.Equal([]byte(got), want) {
		t.Errorf("gives %s behind %.40q, want %s", show([]byte(got)), before, show(want))
	}
}
