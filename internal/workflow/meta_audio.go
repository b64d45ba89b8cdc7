package workflow

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// readFLAC reads the Vorbis comments of a FLAC file.
func readFLAC(data []byte) map[string]entry {
	m := map[string]entry{}
	if !bytes.HasPrefix(data, []byte("fLaC")) {
		return m
	}
	r := &reader{data: data[4:], ok: true}
	for r.ok && len(r.data) >= 4 {
		head := r.number(4, false)
		body := r.take(int(head & 0xffffff))
		if head>>24&0x7f == 4 {
			vorbisComments(m, body)
		}
		if head>>31 == 1 {
			break
		}
	}
	return lowered(m)
}

// vorbisComments reads "key=value" entries.
func vorbisComments(m map[string]entry, b []byte) {
	r := &reader{data: b, ok: true}
	r.take(r.size(4, true)) // vendor
	for range min(r.number(4, true), maxEntries) {
		comment := r.take(r.size(4, true))
		if !r.ok {
			return
		}
		if key, value, ok := strings.Cut(text(comment), "="); ok {
			m[key] = entry{text: value}
		}
	}
}

// readOgg reads the comment packet of a Vorbis or Opus stream.
func readOgg(data []byte) map[string]entry {
	m, raw := map[string]entry{}, map[string]entry{}
	packets := map[uint64][]byte{} // the open packet of each stream
	r := &reader{data: data, ok: true}
	for pages := 0; r.ok && pages < 1000 && bytes.HasPrefix(r.data, []byte("OggS")); pages++ {
		r.take(14)
		serial := r.number(4, true)
		r.take(8) // page number, checksum
		for _, n := range r.take(int(r.number(1, true))) {
			packets[serial] = append(packets[serial], r.take(int(n))...)
			if n == 255 {
				continue // the packet goes on
			}
			p := packets[serial]
			packets[serial] = nil
			if rest, ok := bytes.CutPrefix(p, []byte("\x03vorbis")); ok {
				vorbisComments(raw, rest)
			} else if rest, ok := bytes.CutPrefix(p, []byte("OpusTags")); ok {
				vorbisComments(raw, rest)
			}
		}
		if len(raw) > 0 || len(packets) > 16 {
			break
		}
	}
	for key, e := range raw {
		if key = strings.ToLower(key); key == "prompt" || key == "workflow" {
			parsedEntry(m, key, e.text)
		}
	}
	return m
}

// readMP3 reads the TXXX frames of an ID3 tag, version 2.3 or 2.4.
func readMP3(data []byte) map[string]entry {
	m := map[string]entry{}
	if len(data) < 10 || string(data[:3]) != "ID3" || data[3] < 3 || data[3] > 4 {
		return m
	}
	v4, flags := data[3] == 4, data[5]
	tag := data[10:]
	tag = tag[:min(syncsafe(data[6:10]), len(tag))]
	if flags&0x80 != 0 && !v4 {
		tag = bytes.ReplaceAll(tag, []byte{0xff, 0}, []byte{0xff})
	}
	r := &reader{data: tag, ok: true}
	if flags&0x40 != 0 { // extended header
		if v4 {
			r.take(max(syncsafe(r.take(4))-4, 0))
		} else {
			r.take(r.size(4, false))
		}
	}
	for range maxEntries {
		id, sizeBytes := string(r.take(4)), r.take(4)
		frameFlags := r.take(2)
		if !r.ok || id == "\x00\x00\x00\x00" {
			break
		}
		size := int(binary.BigEndian.Uint32(sizeBytes))
		if v4 {
			size = syncsafe(sizeBytes)
		}
		body := r.take(size)
		if id == "TXXX" && len(body) > 1 && frameFlags[1]&0x0c == 0 { // neither compressed nor encrypted
			userText(m, body)
		}
	}
	return m
}

// syncsafe reads a number of four times seven bits.
func syncsafe(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<7 | int(c&0x7f)
	}
	return n
}

// userText reads a TXXX frame: encoding, description, value.
func userText(m map[string]entry, body []byte) {
	var all string
	switch body[0] {
	case 1, 2:
		all = utf16Text(body[1:])
	case 0:
		runes := make([]rune, len(body)-1)
		for i, c := range body[1:] {
			runes[i] = rune(c)
		}
		if all = string(runes); !strings.ContainsFunc(all, func(r rune) bool { return r > 0x7f }) {
			break
		}
		if s := text(body[1:]); !strings.Contains(s, "\uFFFD") {
			all = s // tools that write UTF-8 and call it Latin-1
		}
	default:
		all = text(body[1:])
	}
	key, value, ok := strings.Cut(all, "\x00")
	if key = strings.ToLower(key); ok && (key == "prompt" || key == "workflow") {
		parsedEntry(m, key, strings.Trim(value, "\x00\ufeff"))
	}
}

func utf16Text(b []byte) string {
	big := true
	if len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe {
		big = false
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := uint16(b[i]) | uint16(b[i+1])<<8
		if big {
			u = uint16(b[i])<<8 | uint16(b[i+1])
		}
		units = append(units, u)
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), bom)
}
