package v2

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"lukechampine.com/blake3"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// assetView is an asset as clients read it.
type assetView struct {
	ID           string  `json:"id"`
	Hash         *string `json:"hash"`
	SizeBytes    int64   `json:"size_bytes"`
	ContentType  string  `json:"content_type"`
	FilePath     string  `json:"file_path"`
	CreatedNew   *bool   `json:"created_new,omitempty"`
	CreatedAt    string  `json:"created_at"`
	URL          string  `json:"url"`
	URLExpiresAt string  `json:"url_expires_at"`
	ExpiresAt    *string `json:"expires_at"`
	JobID        *string `json:"job_id"`
}

// never is the time at which what is kept for good ends: the protocol asks for one.
const never = "9999-12-31T23:59:59Z"

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// view describes the asset at a place. Errors: 404.
func (h *Handler) view(r *http.Request, p place) (*assetView, error) {
	v := &assetView{ID: p.id(), URL: contentURL(r, p), URLExpiresAt: never, FilePath: path.Base(p.Name)}
	if p.Job != "" {
		v.JobID = &p.Job
	}
	if hash := p.hashOf(); hash != "" {
		v.Hash = &hash
	}
	if p.Kind == "text" {
		t, at, err := h.text(r, p)
		if err != nil {
			return nil, err
		}
		v.SizeBytes, v.ContentType, v.CreatedAt, v.FilePath = int64(len(t)), "text/plain; charset=utf-8", stamp(at), textName(p)
		return v, nil
	}
	st, err := h.c.Files.Stat(p.Kind, p.Name)
	if err != nil || st.IsDir() {
		return nil, noAsset()
	}
	v.SizeBytes, v.ContentType, v.CreatedAt = st.Size(), typeOf(p.Name), stamp(st.ModTime())
	return v, nil
}

func textName(p place) string { return "text_" + strconv.Itoa(p.At+1) + ".txt" }

// contentURL is the absolute address of an asset's bytes, as the client reached this server.
func contentURL(r *http.Request, p place) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + prefix + "assets/" + p.id() + "/content"
}

// form is what an upload brings.
type form struct {
	fields map[string]string
	file   *os.File // a temporary one
	size   int64
	hash   string // of the file: blake3:HEX
}

func (f *form) drop() {
	if f.file != nil {
		f.file.Close()
		os.Remove(f.file.Name())
	}
}

// upload is POST /assets: the bytes are hashed while they arrive and kept once, whatever they are called.
func (h *Handler) upload(w http.ResponseWriter, r *http.Request) error {
	key, err := keyOf(r)
	if err != nil {
		return err
	}
	const overhead = 1 << 20 // bytes of fields and boundaries
	r.Body = http.MaxBytesReader(w, r.Body, h.c.MaxUpload+overhead)
	f, err := readForm(r)
	defer f.drop()
	if err != nil {
		return err
	}
	if want := f.fields["expected_hash"]; want != "" && want != f.hash {
		e := problem(http.StatusConflict, "hash_mismatch", "the bytes that arrived have another hash than the one that was told")
		e.Details = map[string]string{"expected": want, "actual": f.hash}
		return e
	}
	if !h.keys.take(tenant.Of(r.Context()), key) {
		return reused()
	}
	dir, err := hashDir(f.hash)
	if err != nil {
		return err
	}
	_, unknown := h.existing(dir, "")
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p, _, err := h.keep(dir, baseName(f.fields["file_path"]), f.file)
	if err != nil {
		return err
	}
	return h.created(w, r, p, unknown != nil)
}

// keep puts the bytes into their hash's folder under a name; made is false when they are there.
func (h *Handler) keep(dir, name string, from io.Reader) (p place, made bool, err error) {
	if p, err := h.existing(dir, name); err == nil {
		return p, false, nil
	}
	if err := h.c.Files.MkdirAll("input", dir); err != nil {
		return place{}, false, err
	}
	p = place{Kind: "input", Name: path.Join(dir, name)}
	err = h.c.Files.Put(p.Kind, p.Name, false, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
	if errors.Is(err, fault.Conflict) { // somebody else has just put the same bytes there
		return p, false, nil
	}
	return p, err == nil, err
}

func (h *Handler) created(w http.ResponseWriter, r *http.Request, p place, fresh bool) error {
	v, err := h.view(r, p)
	if err != nil {
		return err
	}
	v.CreatedNew = &fresh
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	writeJSON(w, status, v)
	return nil
}

// readForm reads the fields, which come before the file, and spools the file to the disk.
func readForm(r *http.Request) (*form, error) {
	f := &form{fields: map[string]string{}}
	parts, err := r.MultipartReader()
	if err != nil {
		return f, problem(http.StatusUnprocessableEntity, "bad_request", "the request must be multipart/form-data with content_type, file_path and, last, file")
	}
	const mostFields = 64
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f, formError(err)
		}
		switch {
		case n > mostFields:
			return f, problem(http.StatusUnprocessableEntity, "bad_request", "the form has too many fields")
		case part.FormName() == "file" && f.file == nil:
			err = f.spool(part)
		default:
			const mostBytes = 64 << 10
			var b []byte
			b, err = io.ReadAll(io.LimitReader(part, mostBytes))
			f.fields[part.FormName()] = string(b)
		}
		if err != nil {
			return f, formError(err)
		}
	}
	switch {
	case f.file == nil:
		return f, problem(http.StatusUnprocessableEntity, "bad_request", "the form has no part file")
	case f.fields["file_path"] == "":
		return f, problem(http.StatusUnprocessableEntity, "bad_request", "the form has no field file_path")
	}
	return f, nil
}

func (f *form) spool(part *multipart.Part) error {
	tmp, err := os.CreateTemp("", "cocoon-asset-*")
	if err != nil {
		return err
	}
	f.file = tmp
	sum := blake3.New(32, nil)
	if f.size, err = io.Copy(io.MultiWriter(tmp, sum), part); err != nil {
		return err
	}
	f.hash = "blake3:" + hex.EncodeToString(sum.Sum(nil))
	return nil
}

// formError tells a form that breaks off from one that is too large.
func formError(err error) error {
	var large *http.MaxBytesError
	var path *os.PathError
	if errors.As(err, &large) || errors.As(err, &path) {
		return err
	}
	return problem(http.StatusUnprocessableEntity, "bad_request", "the form cannot be read")
}

// fromHash is POST /assets/from-hash: another name for bytes that are there.
func (h *Handler) fromHash(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Hash     string `json:"hash"`
		FilePath string `json:"file_path"`
	}
	if err := readJSON(w, r, 64<<10, &body); err != nil {
		return err
	}
	dir, err := hashDir(body.Hash)
	if err != nil {
		return err
	}
	old, err := h.existing(dir, "")
	if err != nil {
		return problem(http.StatusNotFound, "blob_not_found", "there are no bytes of this hash")
	}
	if body.FilePath == "" {
		return h.created(w, r, old, false)
	}
	f, err := h.c.Files.Open(old.Kind, old.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	p, _, err := h.keep(dir, baseName(body.FilePath), f)
	if err != nil {
		return err
	}
	return h.created(w, r, p, false)
}

// byHash is HEAD /assets/by-hash/{hash}: whether there are bytes of a hash.
func (h *Handler) byHash(w http.ResponseWriter, _ *http.Request, hash string) error {
	dir, err := hashDir(hash)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if _, err := h.existing(dir, ""); err != nil {
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	return nil
}

// asset is GET /assets/{id}.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request, id string) error {
	p, err := placeOf(id)
	if err != nil {
		return err
	}
	v, err := h.view(r, p)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, v)
	return nil
}

// deleteAsset is DELETE /assets/{id}.
func (h *Handler) deleteAsset(w http.ResponseWriter, r *http.Request, id string) error {
	p, err := placeOf(id)
	if err != nil {
		return err
	}
	if _, err := h.view(r, p); err != nil {
		return err
	}
	if p.Kind == "text" {
		return problem(http.StatusForbidden, "forbidden", "this text belongs to its job; delete the job from the history")
	}
	if err := h.c.Files.Remove(p.Kind, p.Name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// content is GET /assets/{id}/content, with ranges.
func (h *Handler) content(w http.ResponseWriter, r *http.Request, id string) error {
	p, err := placeOf(id)
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	head.Set("Cache-Control", "private, no-cache")
	if p.Kind == "text" {
		t, at, err := h.text(r, p)
		if err != nil {
			return err
		}
		head.Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(w, r, "", at, strings.NewReader(t))
		return nil
	}
	f, err := h.c.Files.Open(p.Kind, p.Name)
	if err != nil {
		return noAsset()
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		return noAsset()
	}
	kind := typeOf(p.Name)
	head.Set("Content-Type", kind)
	head.Set("ETag", `"`+strconv.FormatInt(st.ModTime().UnixNano(), 16)+"-"+strconv.FormatInt(st.Size(), 16)+`"`)
	if !shown(kind) {
		head.Set("Content-Disposition", "attachment")
	}
	http.ServeContent(w, r, "", st.ModTime(), f)
	return nil
}

// readJSON reads a bounded JSON body.
func readJSON(w http.ResponseWriter, r *http.Request, most int64, into any) error {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return problem(http.StatusUnprocessableEntity, "bad_request", "the body cannot be read as JSON of the right form")
	}
	return nil
}
