package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/server/reply"
)

// upload is a file that a form brought, and where it is to go.
type upload struct {
	file      []byte
	name      string
	kind      string
	subfolder string // as the client wrote it
	overwrite bool
	form      *multipart.Form
}

// uploadImage is POST /upload/image.
func (s *Server) uploadImage(w http.ResponseWriter, r *http.Request, _ params) error {
	u, err := readUpload(r)
	if err != nil {
		return err
	}
	return s.store(w, r, u, func(w io.Writer) error {
		_, err := w.Write(u.file)
		return err
	})
}

// uploadMask is POST /upload/mask: the original picture with the upload's alpha in the place of its own.
func (s *Server) uploadMask(w http.ResponseWriter, r *http.Request, _ params) error {
	u, err := readUpload(r)
	if err != nil {
		return err
	}
	var ref struct {
		Filename  *string `json:"filename"`
		Subfolder string  `json:"subfolder"`
		Type      *string `json:"type"`
	}
	if err := json.Unmarshal([]byte(strings.Join(u.form.Value["original_ref"], "")), &ref); err != nil || ref.Filename == nil {
		return fault.New(fault.BadRequest, `original_ref must be JSON such as {"filename": "a.png", "type": "input"}`)
	}
	kind := "output"
	if ref.Type != nil {
		kind = *ref.Type
	}
	at, err := locate(*ref.Filename, kind, ref.Subfolder)
	if err != nil {
		return s.accept(w, u)
	}
	masked, err := s.withAlpha(r.Context(), at, u.file)
	if errors.Is(err, plain(http.StatusNotFound)) {
		return s.accept(w, u)
	}
	if err != nil {
		return err
	}
	return s.store(w, r, u, func(w io.Writer) error {
		_, err := w.Write(masked)
		return err
	})
}

// accept answers as if a mask was stored. Compat: what original_ref says is looked at after the answer is settled, so that an
// original that cannot be had leaves no file and no error, and the name is the one that a file would have got.
func (s *Server) accept(w http.ResponseWriter, u upload) error {
	if !u.fits() {
		return plain(http.StatusBadRequest)
	}
	name, err := s.place(u, func(full string, overwrite bool) error {
		if _, err := s.c.Files.Stat(u.kind, full); err == nil && !overwrite {
			return fault.New(fault.Conflict, "there is a file of that name")
		}
		return nil
	})
	if err != nil {
		return err
	}
	reply.Doc(w, 200, doc.Of("name", name, "subfolder", u.subfolder, "type", u.kind))
	return nil
}

func readUpload(r *http.Request) (upload, error) {
	const inMemory = 32 << 20 // bytes of a form before its files go to the disk
	if err := r.ParseMultipartForm(inMemory); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return upload{}, err
		}
		if err := r.ParseForm(); err == nil && r.PostForm.Has("image") {
			return upload{}, fault.New(fault.BadRequest, "the request must be multipart/form-data with a file part image")
		}
		return upload{}, plain(http.StatusBadRequest)
	}
	defer r.MultipartForm.RemoveAll()
	parts := r.MultipartForm.File["image"]
	if len(parts) == 0 || parts[0].Filename == "" {
		return upload{}, plain(http.StatusBadRequest)
	}
	f, err := parts[0].Open()
	if err != nil {
		return upload{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(decoded(parts[0], f))
	if err != nil {
		return upload{}, plain(http.StatusBadRequest)
	}
	u := upload{file: b, name: filename(parts[0]), kind: r.FormValue("type"), subfolder: r.FormValue("subfolder"), form: r.MultipartForm}
	if u.kind == "" {
		u.kind = "input"
	}
	if !slices.Contains(kinds, u.kind) {
		return upload{}, fault.New(fault.BadRequest, "type is %q; it must be input, temp or output", u.kind)
	}
	o := r.FormValue("overwrite")
	u.overwrite = o == "true" || o == "1"
	return u, nil
}

// decoded reads a part's bytes. Compat: a part may say that it comes in base64; multipart itself reads quoted-printable.
func decoded(p *multipart.FileHeader, f io.Reader) io.Reader {
	if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
		return base64.NewDecoder(base64.StdEncoding, f)
	}
	return f
}

// filename is the part's name as sent. The standard library keeps the base name only; the protocol lets a name have folders
// and refuses those that lead out.
func filename(p *multipart.FileHeader) string {
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err == nil && params["filename"] != "" {
		return params["filename"]
	}
	return p.Filename
}

// fits reports whether the upload's name stays in its folder.
func (u *upload) fits() bool { return (u.subfolder == "" || inside(u.subfolder)) && inside(u.name) }

// store writes an upload under its name, or the next free one, and answers where it is. Compat: the same bytes under the same
// name are not written again.
func (s *Server) store(w http.ResponseWriter, r *http.Request, u upload, fill func(io.Writer) error) error {
	if !u.fits() {
		return plain(http.StatusBadRequest)
	}
	name, err := s.place(u, func(full string, overwrite bool) error { return s.c.Files.Put(u.kind, full, overwrite, fill) })
	if err != nil {
		return err
	}
	answer := doc.Of("name", name, "subfolder", u.subfolder, "type", u.kind)
	if s.assets != nil {
		if a := s.assets.Uploaded(r, u.kind, path.Join(u.subfolder, name)); a != nil {
			answer.Set("asset", a)
		}
	}
	reply.Doc(w, 200, answer)
	return nil
}

// place finds the upload's name: as it was sent, or with the first number that is free. put takes a path, and fails with
// conflict where it is taken.
func (s *Server) place(u upload, put func(full string, overwrite bool) error) (name string, err error) {
	name = u.name
	ext := path.Ext(strings.TrimLeft(path.Base(name), ".")) // dots that a name begins with start none
	stem := strings.TrimSuffix(name, ext)
	for i := 1; ; i++ {
		full := path.Join(u.subfolder, name)
		if !u.overwrite && s.holds(u.kind, full, u.file) {
			return name, nil
		}
		if err = put(full, u.overwrite); !errors.Is(err, fault.Conflict) {
			return name, err
		}
		name = fmt.Sprintf("%s (%d)%s", stem, i, ext)
	}
}

// holds reports whether a file is there and has exactly these bytes.
func (s *Server) holds(kind, full string, b []byte) bool {
	f, err := s.c.Files.Open(kind, full)
	if err != nil {
		return false
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || st.Size() != int64(len(b)) {
		return false
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return false
	}
	want := sha256.Sum256(b)
	return bytes.Equal(h.Sum(nil), want[:])
}

// withAlpha makes a PNG of the original's colours and text chunks and the alpha of the mask.
func (s *Server) withAlpha(ctx context.Context, at location, maskFile []byte) ([]byte, error) {
	f, err := s.c.Files.Open(at.kind, at.path())
	if err != nil {
		return nil, plain(http.StatusNotFound)
	}
	defer f.Close()
	original, err := io.ReadAll(io.LimitReader(f, s.c.MaxUpload+1))
	if err != nil {
		return nil, err
	}
	img, _, err := s.decode(bytes.NewReader(original), int64(len(original)))
	if err != nil {
		return nil, badPicture(err)
	}
	m, _, err := s.decode(bytes.NewReader(maskFile), int64(len(maskFile)))
	if err != nil {
		return nil, badPicture(err)
	}
	if img.Bounds().Size() != m.Bounds().Size() {
		return nil, fault.New(fault.BadRequest, "the mask has %v pixels and the picture %v; both must be of one size", m.Bounds().Size(), img.Bounds().Size())
	}
	out, alpha := nrgba(img), nrgba(m)
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = alpha.Pix[i]
	}
	return encodeWithText(ctx, out, original)
}

// encodeWithText writes a PNG that keeps the texts of the file it was made from.
func encodeWithText(ctx context.Context, img *image.NRGBA, original []byte) ([]byte, error) {
	const most = 64 << 20 // bytes of text
	texts, err := imaging.ReadText(bytes.NewReader(original), most)
	if err != nil {
		texts = nil // another format, which carries none
	}
	var out bytes.Buffer
	b := imaging.Bytes{W: img.Rect.Dx(), H: img.Rect.Dy(), C: 4, Pix: img.Pix}
	err = imaging.EncodePNG(ctx, &out, b, imaging.PNGOptions{Level: maskLevel, Text: texts})
	return out.Bytes(), err
}

// maskLevel is how hard masked pictures are packed. Compat.
const maskLevel = 4
