package workflow

import (
	"bytes"
	"path"
	"strings"
)

// metadata is what a file carries, by key.
type metadata struct {
	container string
	media     string // image, audio, video or mesh; empty for others
	read      bool   // the container is one that is looked into
	entries   map[string]entry
}

// entry is one text of a file. A parsed one is known to be JSON.
type entry struct {
	text   string
	parsed bool
}

// maxEntries bounds the texts of one file.
const maxEntries = 10_000

// container is a file format.
type container struct {
	name, media string
	suffixes    string
	read        func([]byte) map[string]entry // nil: not looked into
}

// containers lists the formats by suffix. Compat: JPEG, Matroska and WAV are not looked into, whatever they carry.
func containers() []container {
	return []container{
		{"png", "image", ".png", readPNG},
		{"webp", "image", ".webp", readWebP},
		{"avif", "image", ".avif", readAVIF},
		{"svg", "image", ".svg", readSVG},
		{"image", "image", ".jpg .jpeg .jfif .gif .bmp .tif .tiff .exr", nil},
		{"isobmff", "video", ".mp4 .mov .m4v", readISOBMFF},
		{"webm", "video", ".webm", readWebM},
		{"video", "video", ".mkv .avi .mpg .mpeg .ogv", nil},
		{"flac", "audio", ".flac", readFLAC},
		{"ogg", "audio", ".ogg .oga .opus", readOgg},
		{"mp3", "audio", ".mp3", readMP3},
		{"audio", "audio", ".wav .m4a .aac", nil},
		{"glb", "mesh", ".glb", readGLB},
		{"mesh", "mesh", ".gltf .obj .stl .fbx .ply .spz .splat .ksplat .usdz", nil},
		{"safetensors", "", ".safetensors .latent", readSafetensors},
		{"json", "", ".json", readJSON},
	}
}

// readMetadata reads what a file carries. The suffix of its name decides the container, its first bytes where that is unknown.
func readMetadata(name string, data []byte) metadata {
	suffix := strings.ToLower(path.Ext(name))
	kind := sniff(data)
	for _, c := range containers() {
		if suffix != "" && strings.Contains(c.suffixes+" ", suffix+" ") {
			kind = c.name
			break
		}
	}
	for _, c := range containers() {
		if c.name == kind {
			m := metadata{container: c.name, media: c.media, read: c.read != nil}
			if c.read != nil {
				m.entries = c.read(data)
			}
			return m
		}
	}
	return metadata{}
}

// sniff tells a container by its first bytes, "" if it knows none.
func sniff(data []byte) string {
	has := func(at int, magic string) bool {
		return len(data) >= at+len(magic) && string(data[at:at+len(magic)]) == magic
	}
	switch {
	case has(0, "\x89PNG"):
		return "png"
	case has(0, "RIFF") && has(8, "WEBP"):
		return "webp"
	case has(4, "ftypavif"):
		return "avif"
	case has(4, "ftyp"):
		return "isobmff"
	case has(0, "\xff\xd8\xff"), has(0, "GIF8"):
		return "image"
	case has(0, "fLaC"):
		return "flac"
	case has(0, "OggS"):
		return "ogg"
	case has(0, "ID3"):
		return "mp3"
	case has(0, "RIFF") && has(8, "WAVE"):
		return "audio"
	case has(0, "glTF"):
		return "glb"
	case has(0, "\x1aE\xdf\xa3"):
		if bytes.Contains(data[:min(len(data), 64)], []byte("webm")) {
			return "webm"
		}
		return "video"
	}
	return sniffText(data)
}

func sniffText(data []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte(bom)), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return "json"
	case bytes.HasPrefix(text, []byte("<")) && bytes.Contains(text[:min(len(text), 1024)], []byte("<svg")):
		return "svg"
	case len(data) > 9 && data[8] == '{':
		return "safetensors"
	}
	return ""
}

const bom = "\ufeff"

// reader walks over foreign bytes; every read is checked.
type reader struct {
	data []byte
	ok   bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.ok, r.data = false, nil
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// number reads n bytes as an unsigned number, n ≤ 8.
func (r *reader) number(n int, little bool) uint64 {
	var v uint64
	for i, b := range r.take(n) {
		if little {
			v |= uint64(b) << (8 * i)
		} else {
			v = v<<8 | uint64(b)
		}
	}
	return v
}

// size reads a length and reports whether so many bytes follow.
func (r *reader) size(n int, little bool) int {
	v := r.number(n, little)
	if v > uint64(len(r.data)) {
		r.ok, r.data = false, nil
		return 0
	}
	return int(v)
}

// text decodes UTF-8 as browsers do: what is none becomes U+FFFD.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// parsedEntry keeps a text if it is JSON.
func parsedEntry(m map[string]entry, key, s string) {
	if v, err := parseJSON(s, true); err == nil && v != nil {
		m[key] = entry{text: string(appendJSON(nil, v)), parsed: true}
	}
}

// parsedValue keeps a JSON value, or the JSON in a text.
func parsedValue(m map[string]entry, key string, v any) {
	switch v := v.(type) {
	case nil:
	case string:
		parsedEntry(m, key, v)
	default:
		m[key] = entry{text: string(appendJSON(nil, v)), parsed: true}
	}
}
