package assetapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/filetype"
)

// upload is what POST /api/assets brought.
type upload struct {
	fields map[string]string
	tags   []string
	hash   string // that the client named; "" for none
	known  bool   // the owner has such content
	staged string // the file, in the temporary folder; "" for none
	size   int64
	actual string // hash of the file
	client string // the client's name for the file
	sent   bool   // there was a file part
}

// Bounds on the form of an upload besides its file, which a quota and the disk bound.
const (
	maxField  = assets.MaxMetadata
	maxFields = 256
)

// upload is POST /api/assets. The file streams to the temporary folder and is hashed on its way.
func (h *Handler) upload(w http.ResponseWriter, r *http.Request) error {
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.HasPrefix(strings.ToLower(strings.TrimSpace(t)), "multipart/") {
		return refused(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Use multipart/form-data for uploads.")
	}
	form, err := r.MultipartReader()
	if err != nil {
		return refused(400, "INVALID_BODY", "The form cannot be read.")
	}
	u := upload{fields: map[string]string{}}
	defer func() {
		if u.staged != "" {
			_ = h.c.Files.Remove("temp", u.staged) // the folder is cleared at the next start
		}
	}()
	if err := h.readForm(r, form, &u); err != nil {
		return err
	}
	l, err := u.label()
	if err != nil {
		return err
	}
	if u.hash != "" && u.known {
		a, err := h.c.Catalogue.Link(r.Context(), tenant.Of(r.Context()), u.hash, l)
		if err != nil {
			return explained(err, "")
		}
		isNew := false
		return h.write(w, r, 200, a, &isNew)
	}
	if u.hash != "" && u.hash != u.actual {
		return refused(400, "HASH_MISMATCH", "Uploaded file hash does not match provided hash.")
	}
	return h.register(w, r, &u, l)
}

// readForm reads the parts in the order they come.
func (h *Handler) readForm(r *http.Request, form *multipart.Reader, u *upload) error {
	for n := 0; ; n++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n >= maxFields {
			return refused(400, "INVALID_BODY", "The form cannot be read.")
		}
		if part.FormName() == "file" {
			err = h.stage(r, part, u)
		} else {
			err = h.field(r, part, u)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case u.hash != "" && u.known:
	case !u.sent:
		return refused(400, "MISSING_FILE", "Form must include a 'file' part or a known 'hash'.")
	case u.size == 0:
		return refused(400, "EMPTY_UPLOAD", "Uploaded file is empty.")
	}
	return nil
}

func (h *Handler) field(r *http.Request, part *multipart.Part, u *upload) error {
	b, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return refused(400, "INVALID_BODY", "The form cannot be read.")
	}
	if len(b) > maxField {
		return refused(400, "INVALID_BODY", fmt.Sprintf("The field %.50q is too long.", part.FormName()))
	}
	text := string(b)
	switch name := part.FormName(); name {
	case "hash":
		if strings.TrimSpace(text) == "" {
			return nil
		}
		if u.hash, err = assets.ParseHash(text); err != nil {
			return refused(400, "INVALID_HASH", "hash must be like 'blake3:<hex>'")
		}
		if u.known, err = h.c.Catalogue.Holds(r.Context(), tenant.Of(r.Context()), u.hash); err != nil {
			return refused(500, "HASH_CHECK_FAILED", "Backend error while checking asset hash.")
		}
	case "tags":
		u.tags = append(u.tags, text)
	case "id":
		return refused(400, "UNSUPPORTED_FIELD", "Client-provided 'id' is not supported. Asset IDs are assigned by the server.")
	case "name", "user_metadata", "mime_type", "preview_id":
		u.fields[name] = strings.TrimSpace(text)
	}
	return nil
}

// stage keeps the file aside. The bytes of content that is known are read and dropped.
func (h *Handler) stage(r *http.Request, part *multipart.Part, u *upload) error {
	if u.sent {
		return refused(400, "INVALID_BODY", "The form has several files; one is taken.")
	}
	u.sent, u.client = true, part.FileName()
	if u.hash != "" && u.known {
		n, err := io.Copy(io.Discard, part)
		if u.size = n; err != nil {
			return refused(500, "UPLOAD_IO_ERROR", "Failed to receive uploaded file.")
		}
		return nil
	}
	name := "uploads/" + uuid.NewString()
	sum := assets.NewHasher()
	var reading error
	err := h.c.Files.Put("temp", name, false, func(w io.Writer) error {
		u.size, reading = io.Copy(io.MultiWriter(w, sum), part)
		return reading
	})
	switch {
	case err == nil:
		u.staged, u.actual = name, sum.Hash()
		return nil
	case fault.CodeOf(err) == fault.DiskFull:
		return explained(err, "")
	}
	return refused(500, "UPLOAD_IO_ERROR", "Failed to receive and store uploaded file.")
}

// label checks what the form says of the asset.
func (u *upload) label() (assets.Label, error) {
	l := assets.Label{Tags: assets.ParseTags(u.tags), MIME: u.fields["mime_type"], PreviewID: u.fields["preview_id"]}
	digest := strings.TrimPrefix(u.actual+u.hash, "blake3:")[:64]
	name := u.fields["name"]
	if name == "" {
		name = u.client
	}
	l.Name = baseName(name, digest)
	if utf8.RuneCountInString(u.fields["name"]) > assets.MaxName {
		return l, refused(400, "INVALID_BODY", fmt.Sprintf("Validation failed: name has more than %d characters", assets.MaxName))
	}
	if m := u.fields["user_metadata"]; m != "" {
		if !isObject(json.RawMessage(m)) {
			return l, refused(400, "INVALID_BODY", "Validation failed: user_metadata must be a JSON object")
		}
		l.User = json.RawMessage(m)
	}
	if len(l.MIME) > 200 || strings.ContainsAny(l.MIME, "\r\n") {
		return l, refused(400, "INVALID_BODY", "Validation failed: mime_type is no type")
	}
	if slices.Contains(l.Tags, assets.Missing) {
		return l, refused(400, "SYSTEM_TAG_FORBIDDEN", "The tag 'missing' is managed by the server.")
	}
	return l, nil
}

// register puts the staged file where its tags say, by its hash, and into the catalogue.
func (h *Handler) register(w http.ResponseWriter, r *http.Request, u *upload, l assets.Label) error {
	owner := tenant.Of(r.Context())
	known, err := h.held(r, u.actual)
	if err != nil {
		return err
	}
	f := assets.File{}
	var system json.RawMessage
	if !known {
		if f, err = h.place(r, u, l.Tags); err != nil {
			return explained(err, "")
		}
		kind := l.MIME
		if kind == "" {
			if kind = filetype.Of(u.client); kind == "application/octet-stream" {
				kind = filetype.Of(f.Path)
			}
		}
		l.MIME = kind
		if content, err := h.shelves().Open(f); err == nil {
			system = pictureSize(kind, content)
			content.Close()
		}
	}
	if f.Kind == assets.Models {
		owner = "" // model files are everybody's
	}
	a, isNew, err := h.c.Catalogue.Register(r.Context(), owner, f, u.actual, l, system)
	if err != nil {
		return explained(err, "")
	}
	status := http.StatusOK
	if isNew {
		status = http.StatusCreated
	}
	return h.write(w, r, status, a, &isNew)
}

// held reports whether a file of the content lies where the owner sees it, and notes which do no longer.
func (h *Handler) held(r *http.Request, hash string) (bool, error) {
	list, err := h.c.Catalogue.Places(r.Context(), tenant.Of(r.Context()), hash)
	if err != nil {
		return false, err
	}
	for i := range list {
		f, err := h.shelves().Open(list[i].File)
		if err == nil {
			f.Close()
			if !list[i].Missing {
				return true, nil
			}
			continue
		}
		if err := h.c.Catalogue.MarkMissing(r.Context(), list[i].Owner, list[i].ID); err != nil {
			return false, err
		}
	}
	return false, nil
}

// place copies the staged file to its folder under its hash.
func (h *Handler) place(r *http.Request, u *upload, tags []string) (assets.File, error) {
	if len(tags) == 0 {
		return assets.File{}, refused(400, "INVALID_BODY", "tags are required for new asset uploads")
	}
	var roles, types []string
	for _, t := range tags {
		if t == "input" || t == "output" || t == assets.Models {
			roles = append(roles, t)
		}
		if key, ok := strings.CutPrefix(t, "model_type:"); ok {
			types = append(types, key)
		}
	}
	if len(roles) != 1 {
		return assets.File{}, refused(400, "INVALID_BODY", "uploads require exactly one destination role: input, models, or output")
	}
	from, err := h.c.Files.Open("temp", u.staged)
	if err != nil {
		return assets.File{}, err
	}
	defer from.Close()
	name := strings.TrimPrefix(u.actual, "blake3:") + extension(u.client, u.fields["name"])
	if roles[0] == assets.Models {
		return h.placeModel(r, types, name, from)
	}
	err = h.c.Files.Put(roles[0], name, true, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
	if err != nil {
		return assets.File{}, err
	}
	return h.shelves().file(roles[0], name)
}

// extension is the end of a client's name, if it is short and plain.
func extension(names ...string) string {
	for _, n := range names {
		if n == "" {
			continue
		}
		ext := path.Ext(baseName(n, ""))
		const most = 16
		if len(ext) < 2 || len(ext) > most || strings.Trim(strings.ToLower(ext[1:]), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return ""
		}
		return ext
	}
	return ""
}

// placeModel writes a model file. Model files are everybody's: where there are keys, only operators bring them.
func (h *Handler) placeModel(r *http.Request, types []string, name string, from io.Reader) (assets.File, error) {
	switch {
	case !h.c.Operates(r):
		return assets.File{}, refused(403, "FORBIDDEN", "Model files are the operator's to bring.")
	case len(types) != 1 || types[0] == "":
		return assets.File{}, refused(400, "INVALID_BODY", "models uploads require exactly one model_type:<folder_name> tag")
	}
	key := types[0]
	if _, ok := h.c.Models.List(key); !ok || key == "configs" || key == "custom_nodes" {
		return assets.File{}, refused(400, "INVALID_BODY", "unknown model category '"+key+"'")
	}
	roots := h.c.Models.Roots(key)
	if len(roots) == 0 {
		return assets.File{}, refused(400, "INVALID_BODY", "no base path configured for category '"+key+"'")
	}
	if err := writeWhole(roots[0], name, from); err != nil {
		return assets.File{}, fault.Wrap(err, fault.ReadOnly, "the model file cannot be written")
	}
	f, err := modelAt(key, roots[0], name)
	if ends := h.c.Models.Extensions(key); len(ends) > 0 && !slices.Contains(ends, strings.ToLower(path.Ext(name))) {
		f.Loader, f.Tags = "", f.Tags[:1] // Compat: it is kept, and no loader of the folder takes it
	}
	return f, err
}

// writeWhole writes a file that appears whole or not at all.
func writeWhole(dir, name string, from io.Reader) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".upload-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is none
	_, err = io.Copy(f, from)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
