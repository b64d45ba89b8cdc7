package frontend

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// overlay is several folders in one: the first that has a name counts.
type overlay []fs.FS

// Open opens a name in the first folder that has it.
func (o overlay) Open(name string) (fs.File, error) {
	for _, layer := range o {
		f, err := layer.Open(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// only is one file of a folder.
type only struct {
	fs.FS
	name string
}

// Open opens the one file.
func (o only) Open(name string) (fs.File, error) {
	if name != o.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.FS.Open(name)
}

// templates adds the demo's category to the front of every index of the installed templates.
type templates struct {
	layers overlay // the first is own
	own    fs.FS
}

// maxIndex bounds the bytes of an index.
const maxIndex = 16 << 20

// Open opens a file of the templates, or an index with the demo in it.
func (t templates) Open(name string) (fs.File, error) {
	if !isIndex(name) {
		return t.layers.Open(name)
	}
	first, err := fs.ReadFile(t.own, "index.json")
	if err != nil {
		return nil, err
	}
	f, err := t.layers[1:].Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if name != "index.json" {
			return nil, err
		}
		return newMemory(name, first, time.Time{}), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxIndex))
	if err != nil {
		return nil, err
	}
	return newMemory(name, joined(first, b), st.ModTime()), nil
}

// isIndex reports whether a name is the index in some language: index.json or index.zh-TW.json.
func isIndex(name string) bool {
	lang, ok := strings.CutPrefix(name, "index.")
	if lang, ok2 := strings.CutSuffix(lang, ".json"); ok && ok2 {
		return len(lang) <= 7 && !strings.Contains(lang, ".") && lang != "schema" && lang != "mcp"
	}
	return name == "index.json"
}

// joined makes one JSON list of two. When the second is no list, the first stands alone.
func joined(a, b []byte) []byte {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	if len(b) < 2 || b[0] != '[' {
		return a
	}
	rest := bytes.TrimSpace(b[1:])
	if rest[0] == ']' {
		return a
	}
	out := append(bytes.Clone(a[:len(a)-1]), ',')
	return append(out, rest...)
}

// memory is a file that is made when it is asked for.
type memory struct {
	*bytes.Reader
	name string
	at   time.Time
}

func newMemory(name string, b []byte, at time.Time) *memory {
	return &memory{bytes.NewReader(b), path.Base(name), at}
}

// Close has nothing to give back.
func (m *memory) Close() error { return nil }

// Stat describes the file.
func (m *memory) Stat() (fs.FileInfo, error) { return m, nil }

// Name is the file's base name.
func (m *memory) Name() string { return m.name }

// Mode is a plain file's.
func (m *memory) Mode() fs.FileMode { return 0o444 }

// ModTime is that of the index it was made from.
func (m *memory) ModTime() time.Time { return m.at }

// IsDir is false.
func (m *memory) IsDir() bool { return false }

// Sys has nothing to say.
func (m *memory) Sys() any { return nil }
