package assetapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// hash is HEAD /api/assets/hash/{hash}.
func (h *Handler) hash(w http.ResponseWriter, r *http.Request, text string) error {
	if u, err := url.PathUnescape(text); err == nil {
		text = u
	}
	hash, err := assets.ParseHash(text)
	if err != nil {
		return refused(400, "INVALID_HASH", "hash must be like 'blake3:<hex>'")
	}
	ok, err := h.c.Catalogue.Holds(r.Context(), tenant.Of(r.Context()), hash)
	if err != nil {
		return err
	}
	if !ok {
		reply.Empty(w, http.StatusNotFound)
		return nil
	}
	reply.Empty(w, 200)
	return nil
}

// list is GET /api/assets.
func (h *Handler) list(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r.URL.Query(), 20, 500)
	if err != nil {
		return err
	}
	page, err := h.c.Catalogue.List(r.Context(), tenant.Of(r.Context()), q)
	if errors.Is(err, fault.BadRequest) {
		return refused(400, "INVALID_CURSOR", err.Error())
	}
	if err != nil {
		return err
	}
	views, err := h.views(r, page.Refs)
	if err != nil {
		return err
	}
	more := page.Next != ""
	if q.After == "" { // Compat: by the total when pages are counted
		more = q.Offset+len(views) < page.Total
	}
	reply.JSON(w, 200, struct {
		Assets []view `json:"assets"`
		Total  int    `json:"total"`
		More   bool   `json:"has_more"`
		Next   string `json:"next_cursor,omitempty"`
	}{views, page.Total, more, page.Next})
	return nil
}

// readBody reads a JSON object into v, whose fields have the right types. Errors: INVALID_JSON, INVALID_BODY.
func readBody(r *http.Request, v any) error {
	raw, err := doc.Read(r.Body, doc.DefaultLimits())
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	if err != nil {
		return refused(400, "INVALID_JSON", "Request body must be valid JSON.")
	}
	var c complaints
	if _, ok := raw.(*doc.Object); !ok {
		c.add("model_type", "", "Input should be a valid dictionary", nil)
		return c.err("INVALID_BODY")
	}
	if err := json.Unmarshal(doc.Encode(raw), v); err != nil {
		var t *json.UnmarshalTypeError
		field := ""
		if errors.As(err, &t) {
			field = t.Field
		}
		c.add("type_error", field, "Input has another type than this field", nil)
	}
	return c.err("INVALID_BODY")
}

// isObject checks that metadata is an object.
func isObject(raw json.RawMessage) bool {
	t := strings.TrimSpace(string(raw))
	return strings.HasPrefix(t, "{") && json.Valid(raw)
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// fromHash is POST /api/assets/from-hash.
func (h *Handler) fromHash(w http.ResponseWriter, r *http.Request) error {
	var b struct {
		Hash    string          `json:"hash"`
		Name    string          `json:"name"`
		Tags    json.RawMessage `json:"tags"`
		User    json.RawMessage `json:"user_metadata"`
		MIME    string          `json:"mime_type"`
		Preview string          `json:"preview_id"`
	}
	if err := readBody(r, &b); err != nil {
		return err
	}
	var c complaints
	hash, err := assets.ParseHash(b.Hash)
	if err != nil {
		c.add("value_error", "hash", "hash must be 'blake3:<hex>'", b.Hash)
	}
	if given(b.User) && !isObject(b.User) {
		c.add("dict_type", "user_metadata", "Input should be a valid dictionary", nil)
	}
	if err := c.err("INVALID_BODY"); err != nil {
		return err
	}
	l := assets.Label{Name: baseName(b.Name, strings.TrimPrefix(hash, "blake3:")), Tags: looseTags(b.Tags), MIME: b.MIME, PreviewID: b.Preview}
	if given(b.User) {
		l.User = b.User
	}
	a, err := h.c.Catalogue.Link(r.Context(), tenant.Of(r.Context()), hash, l)
	if err != nil {
		return explained(err, "")
	}
	isNew := false
	return h.write(w, r, 201, a, &isNew)
}

// looseTags reads tags as a list or as text with commas.
func looseTags(raw json.RawMessage) []string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return tagList([]string{text})
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return assets.ParseTags([]string{string(raw)})
}

// baseName is the last part of a client's name for a file, or otherwise.
func baseName(name, otherwise string) string {
	name = strings.TrimSpace(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "" || !utf8.ValidString(name) {
		return otherwise
	}
	return name
}

// change is PUT /api/assets/{uuid}.
func (h *Handler) change(w http.ResponseWriter, r *http.Request, id string) error {
	var b struct {
		Name    *string         `json:"name"`
		User    json.RawMessage `json:"user_metadata"`
		Preview *string         `json:"preview_id"`
	}
	if err := readBody(r, &b); err != nil {
		return err
	}
	var c complaints
	switch {
	case b.Name == nil && !given(b.User) && b.Preview == nil:
		c.add("value_error", "", "Value error, Provide at least one of: name, user_metadata, preview_id.", nil)
	case given(b.User) && !isObject(b.User):
		c.add("dict_type", "user_metadata", "Input should be a valid dictionary", nil)
	}
	if err := c.err("INVALID_BODY"); err != nil {
		return err
	}
	ch := assets.Change{Name: b.Name, PreviewID: b.Preview}
	if given(b.User) {
		ch.User = b.User
	}
	a, err := h.c.Catalogue.Update(r.Context(), tenant.Of(r.Context()), id, ch)
	if err != nil {
		return explained(err, id)
	}
	return h.write(w, r, 200, a, nil)
}

// changeTags is POST and DELETE /api/assets/{uuid}/tags.
func (h *Handler) changeTags(w http.ResponseWriter, r *http.Request, id string) error {
	var b struct {
		Tags []string `json:"tags"`
	}
	if err := readBody(r, &b); err != nil {
		return err
	}
	if len(b.Tags) == 0 {
		var c complaints
		c.add("too_short", "tags", "List should have at least 1 item after validation, not 0", b.Tags)
		return c.err("INVALID_BODY")
	}
	tags := trimmed(b.Tags)
	if slices.Contains(tags, assets.Missing) {
		return refused(400, "SYSTEM_TAG_FORBIDDEN", "The tag 'missing' is managed by the server.")
	}
	owner := tenant.Of(r.Context())
	if r.Method == http.MethodPost {
		t, err := h.c.Catalogue.AddTags(r.Context(), owner, id, tags)
		if err != nil {
			return explained(err, id)
		}
		reply.Doc(w, 200, doc.Of("added", t.Done, "already_present", t.Before, "total_tags", t.Total))
		return nil
	}
	t, err := h.c.Catalogue.RemoveTags(r.Context(), owner, id, tags)
	if err != nil {
		return explained(err, id)
	}
	reply.Doc(w, 200, doc.Of("removed", t.Done, "not_present", t.Before, "total_tags", t.Total, "protected", t.Protected))
	return nil
}

func trimmed(tags []string) []string {
	var out []string
	for _, t := range tags {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// tags is GET /api/tags.
func (h *Handler) tags(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var c complaints
	t := assets.TagQuery{Prefix: strings.TrimSpace(q.Get("prefix")), Limit: c.whole(q, "limit", 100, 1, 1000), Offset: c.whole(q, "offset", 0, 0, 10_000_000),
		ByName: c.choice(q, "order", "count_desc", "name_asc") == "name_asc", Zero: true}
	if q.Has("prefix") && (q.Get("prefix") == "" || len(t.Prefix) > 256) {
		c.add("string_length", "prefix", "String should have 1 to 256 characters", q.Get("prefix"))
	}
	switch strings.ToLower(q.Get("include_zero")) {
	case "", "true", "1", "yes", "on", "y", "t":
	case "false", "0", "no", "off", "n", "f":
		t.Zero = false
	default:
		c.add("bool_parsing", "include_zero", "Input should be a valid boolean, unable to interpret input", q.Get("include_zero"))
	}
	if err := c.err("INVALID_QUERY"); err != nil {
		return err
	}
	list, total, err := h.c.Catalogue.Tags(r.Context(), tenant.Of(r.Context()), t)
	if err != nil {
		return err
	}
	tags := make([]any, len(list))
	for i, l := range list {
		tags[i] = doc.Of("name", l.Name, "count", l.Count)
	}
	reply.Doc(w, 200, doc.Of("tags", tags, "total", total, "has_more", t.Offset+len(list) < total))
	return nil
}

// refine is GET /api/assets/tags/refine.
func (h *Handler) refine(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r.URL.Query(), 100, 1000)
	if err != nil {
		return err
	}
	list, err := h.c.Catalogue.Refine(r.Context(), tenant.Of(r.Context()), q)
	if err != nil {
		return err
	}
	counts := doc.Of()
	for _, t := range list {
		counts.Set(t.Name, t.Count)
	}
	reply.Doc(w, 200, doc.Of("tag_counts", counts))
	return nil
}
