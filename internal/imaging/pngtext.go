package imaging

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Text is a named text of a PNG, such as the "prompt" and "workflow" that a picture was made with.
type Text struct{ Key, Value string }

// ReadText gives the texts of a PNG in the order of the file, packed and international ones too, reading no more than it must.
// Together they are at most limit bytes. A file that is cut short gives what came before the cut. Errors: fault.BadFile for
// what is no PNG; fault.TooLarge; those of r.
func ReadText(r io.Reader, limit int) ([]Text, error) {
	b := bufio.NewReader(r)
	head := make([]byte, len(pngSignature))
	if _, err := io.ReadFull(b, head); err != nil && !isEOF(err) {
		return nil, err
	}
	if string(head) != pngSignature {
		return nil, fault.New(fault.BadFile, "not a PNG file")
	}
	var texts []Text
	left := limit
	for {
		id, size, err := chunkHead(b)
		if err != nil || id == "IEND" {
			return texts, notEOF(err)
		}
		if id != "tEXt" && id != "zTXt" && id != "iTXt" {
			if _, err := io.CopyN(io.Discard, b, size+4); err != nil {
				return texts, notEOF(err)
			}
			continue
		}
		if size > int64(left) {
			return nil, tooMuchText(limit)
		}
		body := make([]byte, size+4) // and the checksum
		if _, err := io.ReadFull(b, body); err != nil {
			return texts, notEOF(err)
		}
		t, ok, err := parseText(id, body[:size], left)
		if err != nil {
			return nil, err
		}
		if ok {
			texts = append(texts, t)
		}
		left -= len(t.Key) + len(t.Value) + 12 // so that empty texts are bounded too
		if left < 0 {
			return nil, tooMuchText(limit)
		}
	}
}

func tooMuchText(limit int) error {
	return fault.New(fault.TooLarge, "the texts of the PNG file are over %d bytes", limit)
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func notEOF(err error) error {
	if err != nil && isEOF(err) {
		return nil
	}
	return err
}

func chunkHead(r io.Reader) (id string, size int64, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", 0, err
	}
	return string(head[4:]), int64(binary.BigEndian.Uint32(head[:])), nil
}

// parseText reads the body of a text chunk; ok is false when it is malformed.
func parseText(id string, body []byte, limit int) (t Text, ok bool, err error) {
	key, rest, ok := bytes.Cut(body, []byte{0})
	if !ok {
		return Text{}, false, nil
	}
	t.Key = fromLatin1(key)
	switch id {
	case "tEXt":
		t.Value = fromLatin1(rest)
		return t, true, nil
	case "zTXt":
		if len(rest) < 1 || rest[0] != 0 {
			return Text{}, false, nil
		}
		raw, ok, err := inflate(rest[1:], limit)
		t.Value = fromLatin1(raw)
		return t, ok, err
	}
	if len(rest) < 2 {
		return Text{}, false, nil
	}
	packed := rest[0] == 1
	_, rest, ok1 := bytes.Cut(rest[2:], []byte{0}) // the language
	_, value, ok2 := bytes.Cut(rest, []byte{0})    // the key in that language
	if !ok1 || !ok2 {
		return Text{}, false, nil
	}
	if packed {
		if value, ok, err = inflate(value, limit); err != nil || !ok {
			return Text{}, false, err
		}
	}
	t.Value = strings.ToValidUTF8(string(value), "\uFFFD")
	return t, true, nil
}

// inflate unpacks a packed text; ok is false when it is broken.
func inflate(packed []byte, limit int) (raw []byte, ok bool, err error) {
	z, zerr := zlib.NewReader(bytes.NewReader(packed))
	if zerr != nil {
		return nil, false, nil
	}
	raw, rerr := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if len(raw) > limit {
		return nil, false, tooMuchText(limit)
	}
	return raw, rerr == nil, nil
}

func fromLatin1(b []byte) string {
	ascii := true
	for _, c := range b {
		ascii = ascii && c < 0x80
	}
	if ascii {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// toLatin1 gives s in Latin-1; ok is false when it has other runes.
func toLatin1(s string) (b []byte, ok bool) {
	b = make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// appendText adds a text chunk. Compat: tEXt where the value is Latin-1, else iTXt without language and not packed, as Pillow
// writes them. The key must be 1 to 79 Latin-1 runes without NUL; bytes that are not UTF-8 become U+FFFD.
func appendText(dst []byte, t Text) ([]byte, error) {
	key, ok := toLatin1(t.Key)
	if !ok || len(key) < 1 || len(key) > 79 || bytes.IndexByte(key, 0) >= 0 {
		return nil, fault.New(fault.BadRequest, "%q cannot name a text of a PNG file", t.Key)
	}
	if len(t.Value) > 1<<30 {
		return nil, fault.New(fault.TooLarge, "the text %q is too long for a PNG file", t.Key)
	}
	if value, ok := toLatin1(t.Value); ok {
		return appendChunk(dst, "tEXt", append(append(key, 0), value...)), nil
	}
	value := strings.ToValidUTF8(t.Value, "\uFFFD")
	return appendChunk(dst, "iTXt", append(append(key, 0, 0, 0, 0, 0), value...)), nil
}
