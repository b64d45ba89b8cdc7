package assetapi

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/assets"
)

// complaints gathers what is wrong with a query or body. Compat: the form of the reference's validator.
type complaints []any

// add notes what is wrong with a field, or with the whole when field is "".
func (c *complaints) add(kind, field, msg string, input any) {
	at := []string{}
	if field != "" {
		at = append(at, field)
	}
	*c = append(*c, map[string]any{"type": kind, "loc": at, "msg": msg, "input": input})
}

// err is the answer, nil when nothing is wrong.
func (c complaints) err(code string) error {
	if len(c) == 0 {
		return nil
	}
	return &problem{400, code, "Validation failed.", map[string]any{"errors": []any(c)}}
}

// whole reads a whole number within bounds.
func (c *complaints) whole(q url.Values, field string, otherwise, low, high int) int {
	text := q.Get(field)
	if !q.Has(field) {
		return otherwise
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	switch {
	case err != nil:
		c.add("int_parsing", field, "Input should be a valid integer, unable to parse string as an integer", text)
	case n < low:
		c.add("greater_than_equal", field, fmt.Sprintf("Input should be greater than or equal to %d", low), text)
	case n > high:
		c.add("less_than_equal", field, fmt.Sprintf("Input should be less than or equal to %d", high), text)
	}
	return n
}

// choice reads one of some words.
func (c *complaints) choice(q url.Values, field string, words ...string) string {
	if !q.Has(field) {
		return words[0]
	}
	v := q.Get(field)
	if !slices.Contains(words, v) {
		c.add("literal_error", field, "Input should be one of: "+strings.Join(words, ", "), v)
	}
	return v
}

// maxFilterTags bounds the tags of each filter. Compat.
const maxFilterTags = 100

const maxOffset = 1 << 40

// readQuery reads a list's query. Compat: include_tags and exclude_tags are old names of tags_all and tags_none, and only
// queries with a new name are looked at for contradictions.
func readQuery(q url.Values, limit, most int) (assets.Query, error) {
	if q.Has("metadata_filter") {
		return assets.Query{}, refused(400, "UNSUPPORTED_PARAM", "'metadata_filter' is not supported.")
	}
	var c complaints
	a := assets.Query{NameContains: q.Get("name_contains"), After: q.Get("after"), Limit: c.whole(q, "limit", limit, 1, most),
		Offset: c.whole(q, "offset", 0, 0, maxOffset), Sort: c.choice(q, "sort", "created_at", "name", "updated_at", "size", "last_access_time"),
		Ascending: c.choice(q, "order", "desc", "asc") == "asc"}
	if len(a.NameContains) > assets.MaxName {
		c.add("string_too_long", "name_contains", fmt.Sprintf("String should have at most %d characters", assets.MaxName), "")
	}
	if h := q.Get("hash"); h != "" {
		hash, err := assets.ParseHash(h)
		if err != nil {
			c.add("value_error", "hash", "hash must be like 'blake3:<hex>'", h)
		}
		a.Hash = hash
	}
	if err := c.err("INVALID_QUERY"); err != nil {
		return a, err
	}
	return a, filterTags(q, &a)
}

func badFilter(details map[string]any, format string, args ...any) error {
	return &problem{400, "INVALID_TAG_FILTER", fmt.Sprintf(format, args...), details}
}

// filterTags reads the tags of a query.
func filterTags(q url.Values, a *assets.Query) error {
	lists := map[string][]string{}
	for _, name := range []string{"include_tags", "exclude_tags", "tags_all", "tags_any", "tags_none"} {
		lists[name] = tagList(q[name])
		if n := len(lists[name]); n > maxFilterTags {
			return badFilter(map[string]any{"parameter": name, "count": n, "max": maxFilterTags}, "'%s' lists %d tags; the maximum is %d.", name, n, maxFilterTags)
		}
	}
	if len(lists["tags_all"])+len(lists["tags_any"])+len(lists["tags_none"]) == 0 {
		a.All, a.None = lists["include_tags"], lists["exclude_tags"]
		return nil
	}
	allName, noneName := "tags_all", "tags_none"
	for _, pair := range []struct {
		old string
		now *string
	}{{"include_tags", &allName}, {"exclude_tags", &noneName}} {
		switch {
		case len(lists[pair.old]) > 0 && len(lists[*pair.now]) > 0:
			return badFilter(map[string]any{"parameters": []string{pair.old, *pair.now}}, "Cannot combine '%s' with '%s'; use '%s'.", pair.old, *pair.now, *pair.now)
		case len(lists[pair.old]) > 0:
			*pair.now = pair.old
		}
	}
	a.All, a.Any, a.None = lists[allName], lists["tags_any"], lists[noneName]
	var both, named []string
	for _, t := range a.All {
		if slices.Contains(a.None, t) {
			both = append(both, t)
		}
	}
	if len(both) == 0 {
		return nil
	}
	slices.Sort(both)
	for _, t := range both {
		named = append(named, "'"+t+"'")
	}
	return badFilter(map[string]any{"conflicting_tags": both, "parameters": []string{allName, noneName}},
		"Query can never match: %s required by '%s' but rejected by '%s'.", strings.Join(named, ", "), allName, noneName)
}

// tagList reads tags that are repeated, or have commas between, or both.
func tagList(texts []string) []string {
	var out []string
	for _, text := range texts {
		for t := range strings.SplitSeq(text, ",") {
			if t = strings.TrimSpace(t); t != "" && !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}
