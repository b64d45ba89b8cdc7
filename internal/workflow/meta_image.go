package workflow

import (
	"bytes"
	"compress/zlib"
	"io"
	"strings"
)

// maxInflated bounds the compressed texts of a PNG.
const maxInflated = 16 << 20

// readPNG reads the tEXt, iTXt and comf chunks, wherever they stand; a later one of the same key wins. zTXt is not read.
// Compressed iTXt is, though the client never answers on one.
func readPNG(data []byte) map[string]entry {
	m := map[string]entry{}
	if !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return m
	}
	inflate := maxInflated
	r := &reader{data: data[8:], ok: true}
	for r.ok && len(r.data) >= 8 && len(m) < maxEntries {
		n := int(r.number(4, false))
		kind := string(r.take(4))
		body := r.take(n)
		if !r.ok {
			break
		}
		r.take(4) // checksum
		key, rest, found := bytes.Cut(body, []byte{0})
		if !found {
			continue
		}
		switch kind {
		case "tEXt", "comf":
			m[text(key)] = entry{text: text(rest)}
		case "iTXt":
			if s, ok := internationalText(rest, &inflate); ok {
				m[text(key)] = entry{text: s}
			}
		}
	}
	return m
}

// internationalText reads what follows the keyword of an iTXt chunk. room is how many bytes it may still inflate to.
func internationalText(b []byte, room *int) (string, bool) {
	if len(b) < 2 {
		return "", false
	}
	compressed, method := b[0] == 1, b[1]
	_, b, _ = bytes.Cut(b[2:], []byte{0}) // language
	_, b, ok := bytes.Cut(b, []byte{0})   // translated keyword
	if !ok {
		return "", false
	}
	if !compressed {
		return text(b), true
	}
	if method != 0 {
		return "", false
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", false
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(*room)+1))
	*room = max(*room-len(out), 0)
	if err != nil || *room == 0 {
		return "", false
	}
	return text(out), true
}

// readWebP reads the EXIF chunk: ASCII entries of any tag, "key:value".
func readWebP(data []byte) map[string]entry {
	m := map[string]entry{}
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" {
		return m
	}
	r := &reader{data: data[12:], ok: true}
	for r.ok && len(r.data) >= 8 {
		kind := string(r.take(4))
		n := int(r.number(4, true))
		if kind == "EXIF" {
			readEXIF(m, r.take(min(n, len(r.data))))
			break
		}
		r.take(n + n%2)
	}
	return lowered(m)
}

// lowered gives prompt and workflow, also where they are written with a capital.
func lowered(m map[string]entry) map[string]entry {
	out := map[string]entry{}
	for _, key := range []string{"workflow", "prompt"} {
		for _, spelling := range []string{key, strings.ToUpper(key[:1]) + key[1:]} {
			if e, ok := m[spelling]; ok && e.text != "" {
				out[key] = e
				break
			}
		}
	}
	return out
}

// readEXIF reads the ASCII entries of the first directory, in either byte order.
func readEXIF(m map[string]entry, b []byte) {
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	if len(b) < 8 {
		return
	}
	little := string(b[:2]) == "II"
	at := func(offset uint64) *reader {
		if offset > uint64(len(b)) {
			return &reader{}
		}
		return &reader{data: b[offset:], ok: true}
	}
	room := len(b)
	dir := at(at(4).number(4, little))
	for range dir.number(2, little) {
		dir.take(2) // tag
		kind, n, offset := dir.number(2, little), dir.number(4, little), dir.number(4, little)
		if !dir.ok {
			return
		}
		if kind != 2 || n == 0 || n > uint64(room) {
			continue // entries that overlap could claim more than there is
		}
		room -= int(n)
		value := at(offset)
		s := text(value.take(min(int(n)-1, len(value.data))))
		if key, rest, ok := strings.Cut(s, ":"); ok {
			m[key] = entry{text: rest}
		}
	}
}

// readSVG reads the JSON in the CDATA of <metadata>.
func readSVG(data []byte) map[string]entry {
	m := map[string]entry{}
	_, rest, _ := cutFold(data, "<metadata>")
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("<![CDATA["))
	content, rest, closed := bytes.Cut(rest, []byte("]]>"))
	if rest = bytes.TrimLeft(rest, " \t\r\n"); !ok || !closed || len(rest) < 11 || !bytes.EqualFold(rest[:11], []byte("</metadata>")) {
		return m
	}
	v, err := parseJSON(strings.TrimSpace(text(content)), true)
	if o, ok := v.(*object); err == nil && ok {
		for _, key := range o.keys {
			if s, ok := o.vals[key].(string); ok {
				m[key] = entry{text: s}
			} else {
				parsedValue(m, key, o.vals[key])
			}
		}
	}
	return m
}

// cutFold cuts data at the first tag, in any case.
func cutFold(data []byte, tag string) (before, after []byte, found bool) {
	for i := 0; i+len(tag) <= len(data); i++ {
		j := bytes.IndexByte(data[i:], tag[0])
		if j < 0 || i+j+len(tag) > len(data) {
			break
		}
		if i += j; bytes.EqualFold(data[i:i+len(tag)], []byte(tag)) {
			return data[:i], data[i+len(tag):], true
		}
	}
	return data, nil, false
}
