package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is wrong says where: a field, or with no name the whole.
func TestComplaintsSayWhere(t *testing.T) {
	c := withAssets(t)
	_, made := c.upload("@a.txt", "alpha", "tags", `["input"]`)
	for _, row := range []struct {
		method, path, body string
		want               []any
	}{
		{"PUT", "/api/assets/" + made["id"].(string), "{}", []any{}},
		{"PUT", "/api/assets/" + made["id"].(string), "[]", []any{}},
		{"PUT", "/api/assets/" + made["id"].(string), `{"name":5}`, []any{"name"}},
		{"GET", "/api/assets?limit=0", "", []any{"limit"}},
	} {
		_, got := c.ask(row.method, row.path, row.body)
		e, _ := got["error"].(map[string]any)
		details, _ := e["details"].(map[string]any)
		list, _ := details["errors"].([]any)
		if len(list) != 1 {
			t.Errorf("%s %s %s: %v", row.method, row.path, row.body, got)
			continue
		}
		if diff := cmp.Diff(row.want, list[0].(map[string]any)["loc"]); diff != "" {
			t.Errorf("%s %s %s: %s", row.method, row.path, row.body, diff)
		}
	}
}
