package server

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
)

// assetUpload is what POST /api/assets brought.
type assetUpload struct {
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
	maxAssetField  = assets.MaxMetadata
	maxAssetFields = 256
)

// streamed is the route whose body is as long as the owner's quota and the disk allow. Compat.
const streamed = "POST /api/assets"

// uploadAsset is POST /api/assets. The file streams to the temporary folder and is hashed on its way.
func (s *Server) uploadAsset(w http.ResponseWriter, r *http.Request) error {
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.HasPrefix(strings.ToLower(strings.TrimSpace(t)), "multipart/") {
		return badAsset(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Use multipart/form-data for uploads.")
	}
	form, err := r.MultipartReader()
	if err != nil {
		return badAsset(400, "INVALID_BODY", "The form cannot be read.")
	}
	u := assetUpload{fields: map[string]string{}}
	defer func() {
		if u.staged != "" {
			_ = s.c.Files.Remove("temp", u.staged) // the folder is cleared at the next start
		}
	}()
	if err := s.readAssetForm(r, form, &u); err != nil {
		return err
	}
	l, err := u.label()
	if err != nil {
		return err
	}
	if u.hash != "" && u.known {
		a, err := s.c.Assets.Link(r.Context(), tenant.Of(r.Context()), u.hash, l)
		if err != nil {
			return assetFault(err, "")
		}
		isNew := false
		return s.writeAsset(w, r, 200, a, &isNew)
	}
	if u.hash != "" && u.hash != u.actual {
		return badAsset(400, "HASH_MISMATCH", "Uploaded file hash does not match provided hash.")
	}
	return s.takeAsset(w, r, &u, l)
}

// readAssetForm reads the parts in the order they come.
func (s *Server) readAssetForm(r *http.Request, form *multipart.Reader, u *assetUpload) error {
	for n := 0; ; n++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n >= maxAssetFields {
			return badAsset(400, "INVALID_BODY", "The form cannot be read.")
		}
		if part.FormName() == "file" {
			err = s.stageAsset(r, part, u)
		} else {
			err = s.assetField(r, part, u)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case u.hash != "" && u.known:
	case !u.sent:
		return badAsset(400, "MISSING_FILE", "Form must include a 'file' part or a known 'hash'.")
	case u.size == 0:
		return badAsset(400, "EMPTY_UPLOAD", "Uploaded file is empty.")
	}
	return nil
}

func (s *Server) assetField(r *http.Request, part *multipart.Part, u *assetUpload) error {
	b, err := io.ReadAll(io.LimitReader(part, maxAssetField+1))
	if err != nil {
		return badAsset(400, "INVALID_BODY", "The form cannot be read.")
	}
	if len(b) > maxAssetField {
		return badAsset(400, "INVALID_BODY", fmt.Sprintf("The field %.50q is too long.", part.FormName()))
	}
	text := string(b)
	switch name := part.FormName(); name {
	case "hash":
		if strings.TrimSpace(text) == "" {
			return nil
		}
		if u.hash, err = assets.ParseHash(text); err != nil {
			return badAsset(400, "INVALID_HASH", "hash must be like 'blake3:<hex>'")
		}
		if u.known, err = s.c.Assets.Holds(r.Context(), tenant.Of(r.Context()), u.hash); err != nil {
			return badAsset(500, "HASH_CHECK_FAILED", "Backend error while checking asset hash.")
		}
	case "tags":
		u.tags = append(u.tags, text)
	case "id":
		return badAsset(400, "UNSUPPORTED_FIELD", "Client-provided 'id' is not supported. Asset IDs are assigned by the server.")
	case "name", "user_metadata", "mime_type", "preview_id":
		u.fields[name] = strings.TrimSpace(text)
	}
	return nil
}

// stageAsset keeps the file aside. The bytes of content that is known are read and dropped.
func (s *Server) stageAsset(r *http.Request, part *multipart.Part, u *assetUpload) error {
	if u.sent {
		return badAsset(400, "INVALID_BODY", "The form has several files; one is taken.")
	}
	u.sent, u.client = true, part.FileName()
	if u.hash != "" && u.known {
		n, err := io.Copy(io.Discard, part)
		if u.size = n; err != nil {
			return badAsset(500, "UPLOAD_IO_ERROR", "Failed to receive uploaded file.")
		}
		return nil
	}
	name := "uploads/" + uuid.NewString()
	h := assets.NewHasher()
	var reading error
	err := s.c.Files.Put("temp", name, false, func(w io.Writer) error {
		u.size, reading = io.Copy(io.MultiWriter(w, h), part)
		return reading
	})
	switch {
	case err == nil:
		u.staged, u.actual = name, h.Hash()
		return nil
	case fault.CodeOf(err) == fault.DiskFull:
		return assetFault(err, "")
	}
	return badAsset(500, "UPLOAD_IO_ERROR", "Failed to receive and store uploaded file.")
}

// label checks what the form says of the asset.
func (u *assetUpload) label() (assets.Label, error) {
	l := assets.Label{Tags: assets.ParseTags(u.tags), MIME: u.fields["mime_type"], PreviewID: u.fields["preview_id"]}
	digest := strings.TrimPrefix(u.actual+u.hash, "blake3:")[:64]
	name := u.fields["name"]
	if name == "" {
		name = u.client
	}
	l.Name = baseName(name, digest)
	if utf8.RuneCountInString(u.fields["name"]) > assets.MaxName {
		return l, badAsset(400, "INVALID_BODY", fmt.Sprintf("Validation failed: name has more than %d characters", assets.MaxName))
	}
	if m := u.fields["user_metadata"]; m != "" {
		if !isObject(json.RawMessage(m)) {
			return l, badAsset(400, "INVALID_BODY", "Validation failed: user_metadata must be a JSON object")
		}
		l.User = json.RawMessage(m)
	}
	if len(l.MIME) > 200 || strings.ContainsAny(l.MIME, "\r\n") {
		return l, badAsset(400, "INVALID_BODY", "Validation failed: mime_type is no type")
	}
	if slices.Contains(l.Tags, assets.Missing) {
		return l, badAsset(400, "SYSTEM_TAG_FORBIDDEN", "The tag 'missing' is managed by the server.")
	}
	return l, nil
}

// takeAsset puts the staged file where its tags say, by its hash, and into the catalogue.
func (s *Server) takeAsset(w http.ResponseWriter, r *http.Request, u *assetUpload, l assets.Label) error {
	owner := tenant.Of(r.Context())
	known, err := s.held(r, u.actual)
	if err != nil {
		return err
	}
	f := assets.File{}
	var system json.RawMessage
	if !known {
		if f, err = s.placeAsset(r, u, l.Tags); err != nil {
			return assetFault(err, "")
		}
		kind := l.MIME
		if kind == "" {
			if kind = mimeOf(u.client); kind == "application/octet-stream" {
				kind = mimeOf(f.Path)
			}
		}
		l.MIME = kind
		if content, err := s.shelves().Open(f); err == nil {
			system = pictureSize(kind, content)
			content.Close()
		}
	}
	if f.Kind == assets.Models {
		owner = "" // model files are everybody's
	}
	a, isNew, err := s.c.Assets.Register(r.Context(), owner, f, u.actual, l, system)
	if err != nil {
		return assetFault(err, "")
	}
	status := http.StatusOK
	if isNew {
		status = http.StatusCreated
	}
	return s.writeAsset(w, r, status, a, &isNew)
}

// held reports whether a file of the content lies where the owner sees it, and notes which do no longer.
func (s *Server) held(r *http.Request, hash string) (bool, error) {
	list, err := s.c.Assets.Places(r.Context(), tenant.Of(r.Context()), hash)
	if err != nil {
		return false, err
	}
	for i := range list {
		f, err := s.shelves().Open(list[i].File)
		if err == nil {
			f.Close()
			if !list[i].Missing {
				return true, nil
			}
			continue
		}
		if err := s.c.Assets.MarkMissing(r.Context(), list[i].Owner, list[i].ID); err != nil {
			return false, err
		}
	}
	return false, nil
}

// placeAsset copies the staged file to its folder under its hash.
func (s *Server) placeAsset(r *http.Request, u *assetUpload, tags []string) (assets.File, error) {
	if len(tags) == 0 {
		return assets.File{}, badAsset(400, "INVALID_BODY", "tags are required for new asset uploads")
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
		return assets.File{}, badAsset(400, "INVALID_BODY", "uploads require exactly one destination role: input, models, or output")
	}
	from, err := s.c.Files.Open("temp", u.staged)
	if err != nil {
		return assets.File{}, err
	}
	defer from.Close()
	name := strings.TrimPrefix(u.actual, "blake3:") + extension(u.client, u.fields["name"])
	if roles[0] == assets.Models {
		return s.placeModel(r, types, name, from)
	}
	err = s.c.Files.Put(roles[0], name, true, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
	if err != nil {
		return assets.File{}, err
	}
	return s.shelves().file(roles[0], name)
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
func (s *Server) placeModel(r *http.Request, types []string, name string, from io.Reader) (assets.File, error) {
	switch {
	case !operates(r):
		return assets.File{}, badAsset(403, "FORBIDDEN", "Model files are the operator's to bring.")
	case len(types) != 1 || types[0] == "":
		return assets.File{}, badAsset(400, "INVALID_BODY", "models uploads require exactly one model_type:<folder_name> tag")
	}
	key := types[0]
	if _, ok := s.c.Models.List(key); !ok || key == "configs" || key == "custom_nodes" {
		return assets.File{}, badAsset(400, "INVALID_BODY", "unknown model category '"+key+"'")
	}
	roots := s.c.Models.Roots(key)
	if len(roots) == 0 {
		return assets.File{}, badAsset(400, "INVALID_BODY", "no base path configured for category '"+key+"'")
	}
	if err := writeWhole(roots[0], name, from); err != nil {
		return assets.File{}, fault.Wrap(err, fault.ReadOnly, "the model file cannot be written")
	}
	f, err := modelAt(key, roots[0], name)
	if ends := s.c.Models.Extensions(key); len(ends) > 0 && !slices.Contains(ends, strings.ToLower(path.Ext(name))) {
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
