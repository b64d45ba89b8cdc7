package v2

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// place is where an asset's bytes are: a file of a folder, or a text that a job's node made.
type place struct {
	Kind string `json:"k"`           // input, output, temp or text
	Name string `json:"n,omitempty"` // slash path of a file
	Job  string `json:"j,omitempty"` // that made it; "" for an upload
	Node string `json:"d,omitempty"` // of a text
	Key  string `json:"y,omitempty"`
	At   int    `json:"i,omitempty"`

	size int64 // of a text that was just read
}

const idPrefix = "asset_"

// id names the place. Whoever holds it could also name the file by /view.
func (p place) id() string {
	b, _ := json.Marshal(p) // plain data always encodes
	return idPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// placeOf reads an id. Errors: 404.
func placeOf(id string) (place, error) {
	const most = 4096
	var p place
	text, ok := strings.CutPrefix(id, idPrefix)
	if b, err := base64.RawURLEncoding.DecodeString(text); !ok || len(id) > most || err != nil || json.Unmarshal(b, &p) != nil {
		return p, noAsset()
	}
	if p.Kind == "text" {
		return p, nil
	}
	if !slices.Contains([]string{"input", "output", "temp"}, p.Kind) || !safe(p.Name) {
		return p, noAsset()
	}
	return p, nil
}

// safe reports whether a slash path stays in its folder.
func safe(name string) bool {
	return name != "." && fs.ValidPath(name) && !strings.ContainsAny(name, "\\\x00")
}

func noAsset() error {
	return problem(http.StatusNotFound, "asset_not_found", "there is no such asset")
}

// Uploads lie in the input folder by their hash: v2/HASH/NAME. So a hash finds its files without an index.
const uploads = "v2"

// hashOf is the hash in a place's name; "" for a file that is no upload.
func (p place) hashOf() string {
	parts := strings.Split(p.Name, "/")
	if p.Kind != "input" || len(parts) != 3 || parts[0] != uploads {
		return ""
	}
	return "blake3:" + parts[1]
}

// hashDir is the folder of a hash's files. Errors: 422 for what is no hash.
func hashDir(hash string) (string, error) {
	hexes, ok := strings.CutPrefix(hash, "blake3:")
	if !ok || len(hexes) != 64 || strings.Trim(hexes, "0123456789abcdef") != "" {
		return "", problem(http.StatusUnprocessableEntity, "bad_request", "a hash is written blake3: and 64 hexadecimal digits")
	}
	return path.Join(uploads, hexes), nil
}

// baseName is the last part of the path a client wishes for its file, without what a folder's name cannot bear.
func baseName(wish string) string {
	name := path.Base(strings.ReplaceAll(wish, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"|?*/`, r):
			return '_'
		case r == '[': // "[output]" at the end of a name means a folder to nodes
			return '('
		case r == ']':
			return ')'
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimSpace(name), ". ")
	if name == "" || strings.HasPrefix(name, ".") {
		name = "upload" + name
	}
	const most = 120 // bytes
	if len(name) > most {
		ext := path.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:most-len(ext)], "") + ext
	}
	return strings.ToValidUTF8(name, "_")
}

// existing finds a file of a hash. name "" takes any.
func (h *Handler) existing(dir, name string) (place, error) {
	if name != "" {
		p := place{Kind: "input", Name: path.Join(dir, name)}
		if _, err := h.c.Files.Stat(p.Kind, p.Name); err == nil {
			return p, nil
		}
		return place{}, fault.New(fault.NotFound, "there is no file of this name")
	}
	entries, err := fs.ReadDir(h.c.Files.FS("input"), dir)
	if err != nil {
		return place{}, fault.Wrap(err, fault.NotFound, "there is no file of this hash")
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			return place{Kind: "input", Name: path.Join(dir, e.Name())}, nil
		}
	}
	return place{}, fault.New(fault.NotFound, "there is no file of this hash")
}
