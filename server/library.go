package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/server/reply"
)

// weightEndings are the endings of the files that the model library shows, whatever the folder's own are.
var weightEndings = []string{".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}

// modelRoots is GET /experiment/models.
func (s *Server) modelRoots(w http.ResponseWriter, r *http.Request, _ params) error {
	list := []any{}
	for _, key := range s.c.Models.Folders() {
		if key == "configs" || key == "custom_nodes" {
			continue
		}
		extensions := s.c.Models.Extensions(key)
		if extensions == nil {
			extensions = []string{}
		}
		roots := s.c.Models.Roots(key)
		if !operates(r) {
			roots = lastNames(roots)
		}
		list = append(list, doc.Of("name", key, "folders", roots, "extensions", extensions))
	}
	reply.Doc(w, 200, list)
	return nil
}

// lastNames is what those are told of folders who are not to know where on disk they lie.
func lastNames(folders []string) []string {
	names := make([]string, len(folders))
	for i, f := range folders {
		names[i] = filepath.Base(f)
	}
	return names
}

// modelDetails is GET /experiment/models/{folder}.
func (s *Server) modelDetails(w http.ResponseWriter, _ *http.Request, p params) error {
	names, ok := s.c.Models.List(p.get("folder"))
	if !ok {
		return plain(http.StatusNotFound)
	}
	list := []any{}
	for i, root := range s.c.Models.Roots(p.get("folder")) {
		for _, name := range names {
			if !slices.Contains(weightEndings, strings.ToLower(path.Ext(name))) || strings.Contains("/"+name, "/.") {
				continue
			}
			st, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				continue // it lies in another root
			}
			at := float64(st.ModTime().UnixNano()) / 1e9
			list = append(list, doc.Of("name", name, "pathIndex", i, "modified", at, "created", at, "size", st.Size()))
		}
	}
	reply.Doc(w, 200, list)
	return nil
}

// modelPreview is GET /experiment/models/preview/{folder}/{path_index}/{filename…}.
func (s *Server) modelPreview(w http.ResponseWriter, r *http.Request, p params) error {
	parts := strings.SplitN(strings.TrimPrefix(p.ps.ByName("rest"), "/"), "/", 3)
	if p.get("folder") != "preview" || len(parts) < 3 {
		s.webRoot(w, r)
		return nil
	}
	folder, index, name := unescaped(parts[0]), unescaped(parts[1]), unescaped(parts[2])
	if _, ok := s.c.Models.List(folder); !ok {
		return plain(http.StatusNotFound)
	}
	i, err := wholeOf(index)
	if err != nil || name == "" {
		return plain(http.StatusBadRequest)
	}
	roots := s.c.Models.Roots(folder)
	if i < 0 || i >= len(roots) {
		return plain(http.StatusNotFound)
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) || !inside(name) {
		return plain(http.StatusForbidden)
	}
	img := s.companion(roots[i], name)
	if img == nil {
		img = s.cover(folder, name)
	}
	if img == nil {
		return plain(http.StatusNotFound)
	}
	var out bytes.Buffer
	const quality = 80 // Compat
	if err := imaging.EncodeLossyWebP(r.Context(), &out, img, quality); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/webp")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(out.Bytes())
	return nil
}

// maxCover bounds the bytes of a preview picture.
const maxCover = 32 << 20

// companion is the first picture beside a model that has its name: model.png or model.preview.png. Links that lead out of
// the root are not followed.
func (s *Server) companion(root, name string) image.Image {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil
	}
	defer dir.Close()
	stem := strings.TrimSuffix(name, path.Ext(name))
	for _, middle := range []string{"", ".preview"} {
		for _, ext := range []string{".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"} {
			f, err := dir.Open(filepath.FromSlash(stem + middle + ext))
			if err != nil {
				continue
			}
			b, err := io.ReadAll(io.LimitReader(f, maxCover))
			f.Close()
			if err != nil {
				continue
			}
			if img, _, err := s.decode(bytes.NewReader(b), int64(len(b))); err == nil {
				return img
			}
		}
	}
	return nil
}

// cover is a picture that a safetensors file carries in its metadata.
func (s *Server) cover(folder, name string) image.Image {
	meta, ok := s.c.Models.Metadata(folder, name)
	if !ok {
		return nil
	}
	var covers []string
	if json.Unmarshal([]byte(meta["ssmd_cover_images"]), &covers) != nil {
		return nil
	}
	for _, c := range covers {
		b, err := base64.StdEncoding.DecodeString(c)
		if err != nil {
			continue
		}
		if img, _, err := s.decode(bytes.NewReader(b), int64(len(b))); err == nil {
			return img
		}
	}
	return nil
}
