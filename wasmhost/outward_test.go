package wasmhost

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// TestOutward: a tenant's calls together have a bound of requests under way; one that is given back, or ends with its call, counts no
// more, and other tenants have their own.
func TestOutward(t *testing.T) {
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer here.Close()
	h := newHost(t, Config{Client: here.Client()})
	grant := Grant{Modules: []string{"http"}, HTTP: []HTTPRule{{Rule: "GET " + here.URL + "/*"}}}
	withCall(t, h, grant, ExecuteLimits(), func(c *call) {
		for range mostOutward - 1 {
			if !h.outward.take("a") {
				t.Fatal("there is no room")
			}
		}
		start := func() int64 {
			return c.httpStart(c.tell(t, map[string]any{"method": "GET", "url": here.URL + "/x"}))
		}
		one := start()
		if one < 0 {
			t.Fatalf("the last: %d", one)
		}
		if got := start(); got != int64(abi.ELIMIT) {
			t.Errorf("one more: %d", got)
		}
		ptr, n := c.tell(t, map[string]any{"method": "GET", "url": here.URL + "/x"})
		if got := c.httpFetch(ptr, n, guestMemory, 4096); got != int64(abi.ELIMIT) {
			t.Errorf("one that is waited for: %d", got)
		}
		if !h.outward.take("b") {
			t.Error("another tenant has none")
		}
		c.hDrop(one)
		if got := c.httpFetch(ptr, n, guestMemory, 4096); got < 0 {
			t.Errorf("after one was given back: %d", got)
		}
		if got := start(); got < 0 {
			t.Errorf("after one was waited for: %d", got)
		}
	})
	if got := h.outward.of["a"]; got != mostOutward-1 {
		t.Errorf("%d are left", got)
	}
}
