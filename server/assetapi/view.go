package assetapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/filetype"
	"github.com/cocoonhq/cocoon/server/reply"
)

// view is an asset as clients read it. Compat: keys without a value are left out.
type view struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Hash        string          `json:"hash,omitempty"`
	AssetHash   string          `json:"asset_hash,omitempty"` // an old name of Hash
	Loader      string          `json:"loader_path,omitempty"`
	Display     string          `json:"display_name,omitempty"`
	Size        int64           `json:"size"`
	MIME        string          `json:"mime_type,omitempty"`
	Tags        []string        `json:"tags"`
	PreviewURL  string          `json:"preview_url,omitempty"`
	PreviewID   string          `json:"preview_id,omitempty"`
	User        json.RawMessage `json:"user_metadata"`
	IsImmutable bool            `json:"is_immutable"`
	System      json.RawMessage `json:"metadata,omitempty"`
	JobID       string          `json:"job_id,omitempty"`
	PromptID    string          `json:"prompt_id,omitempty"` // an old name of JobID
	Created     string          `json:"created_at"`
	Updated     string          `json:"updated_at"`
	Accessed    string          `json:"last_access_time"`
	CreatedNew  *bool           `json:"created_new,omitempty"`
}

// isoTime is a time as Python's isoformat writes one without a zone. Compat.
func isoTime(t time.Time) string {
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}

// views describes references as their owner sees them.
func (h *Handler) views(r *http.Request, list []assets.Ref) ([]view, error) {
	owner := tenant.Of(r.Context())
	var ids []string
	for i := range list {
		if list[i].PreviewID != "" {
			ids = append(ids, list[i].PreviewID)
		}
	}
	previews, err := h.c.Catalogue.Previews(r.Context(), owner, ids)
	if err != nil {
		return nil, err
	}
	views := make([]view, len(list))
	for i := range list {
		a := &list[i]
		v := view{ID: a.ID, Name: a.Name, Hash: a.Hash, AssetHash: a.Hash, Loader: a.File.Loader, Display: a.File.Shown, Size: a.Size,
			MIME: a.MIME, Tags: a.Tags, PreviewID: a.PreviewID, User: withFilename(a), IsImmutable: a.Owner != owner, JobID: a.JobID, PromptID: a.JobID,
			Created: isoTime(a.Created), Updated: isoTime(a.Updated), Accessed: isoTime(a.Accessed)}
		if len(a.System) > 0 {
			v.System = a.System
		}
		if a.PreviewID != "" {
			v.PreviewURL = viewURL(previews[a.PreviewID])
		} else if !a.Missing && shows(a) {
			v.PreviewURL = viewURL(a.File)
		}
		views[i] = v
	}
	return views, nil
}

// withFilename is what people say of a reference, and what a loader takes. Compat: clients look for it here.
func withFilename(a *assets.Ref) json.RawMessage {
	if a.File.Loader == "" {
		return a.User
	}
	o := doc.Stored(a.User)
	o.Set("filename", a.File.Loader)
	return doc.Encode(o)
}

// shows reports whether a browser can show the content itself.
func shows(a *assets.Ref) bool {
	kind := a.MIME
	if kind == "" {
		kind = filetype.Of(a.File.Path)
	}
	for _, p := range []string{"image/", "video/", "audio/", "text/"} {
		if strings.HasPrefix(strings.ToLower(kind), p) {
			return true
		}
	}
	return false
}

// viewURL is where /view shows a file; "" for model files and for none.
func viewURL(f assets.File) string {
	if !slices.Contains(kinds, f.Kind) {
		return ""
	}
	dir, name := path.Split(f.Path)
	u := "/api/view?type=" + f.Kind + "&filename=" + quoted(name)
	if dir != "" {
		u += "&subfolder=" + quoted(strings.TrimSuffix(dir, "/"))
	}
	return u
}

// quoted escapes all but letters, digits and _.-~. Compat.
func quoted(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// problem is the error envelope of the asset routes.
type problem struct {
	status        int
	code, message string
	details       map[string]any
}

// Error gives the message.
func (e *problem) Error() string { return e.message }

func refused(status int, code, message string) error {
	return &problem{status: status, code: code, message: message}
}

// explained turns what the catalogue says into an answer; id names the asset, if one was named.
func explained(err error, id string) error {
	var done *problem
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &done) || errors.As(err, &large) {
		return err
	}
	var details map[string]any
	if id != "" {
		details = map[string]any{"id": id}
	}
	message := err.Error()
	var f *fault.Error
	if errors.As(err, &f) {
		message = f.Detail
	}
	switch code := fault.CodeOf(err); code {
	case fault.NotFound:
		return &problem{404, "ASSET_NOT_FOUND", message, details}
	case fault.Forbidden:
		return &problem{403, "FORBIDDEN", message, details}
	case fault.BadRequest, fault.TooLarge:
		return &problem{400, "INVALID_BODY", message, details}
	case fault.DiskFull, fault.ReadOnly:
		return &problem{507, strings.ToUpper(string(code)), message, details}
	}
	return err
}

// writeProblem answers with the envelope.
func writeProblem(w http.ResponseWriter, e *problem) {
	if e.details == nil {
		e.details = map[string]any{}
	}
	reply.JSON(w, e.status, map[string]any{"error": envelope{e.code, e.message, e.details}})
}

type envelope struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details"`
}

// finish ends an asset route: errors get the envelope.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, err error) error {
	var e *problem
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return err
	case errors.As(err, &e):
		writeProblem(w, e)
	default:
		zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
		writeProblem(w, &problem{status: 500, code: "INTERNAL", message: "Unexpected server error."})
	}
	return nil
}

// write answers with one reference.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, status int, a assets.Ref, isNew *bool) error {
	views, err := h.views(r, []assets.Ref{a})
	if err != nil {
		return err
	}
	views[0].CreatedNew = isNew
	reply.JSON(w, status, views[0])
	return nil
}
