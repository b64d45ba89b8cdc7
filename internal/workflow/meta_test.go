package workflow

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func TestCompressedText(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(`{"a":"é"}`))
	_ = w.Close()
	png := "\x89PNG\r\n\x1a\n" + pngChunk("iTXt", "prompt\x00\x01\x00\x00\x00"+z.String())
	got := readPNG([]byte(png))["prompt"].text
	if want := `{"a":"é"}`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInflateBound(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(make([]byte, maxInflated+1))
	_ = w.Close()
	png := "\x89PNG\r\n\x1a\n" + pngChunk("iTXt", "prompt\x00\x01\x00\x00\x00"+z.String())
	if got := readPNG([]byte(png)); len(got) != 0 {
		t.Errorf("a text over the bound was read: %d entries", len(got))
	}
}

func pngChunk(kind, body string) string {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, uint32(len(body)))
	b.WriteString(kind + body)
	_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE([]byte(kind+body)))
	return b.String()
}

func TestID3Encodings(t *testing.T) {
	units := utf16.Encode([]rune("\ufeffprompt\x00{\"a\":\"猫\"}"))
	little := make([]byte, 0, 2*len(units))
	for _, u := range units {
		little = append(little, byte(u), byte(u>>8))
	}
	tests := []struct {
		name string
		body []byte
		want string
	}{
		{"Latin-1", []byte("\x00prompt\x00{\"a\":\"\xe9\"}"), `{"a":"é"}`},
		{"UTF-8 called Latin-1", []byte("\x00prompt\x00{\"a\":\"é\"}"), `{"a":"é"}`},
		{"UTF-16", append([]byte{1}, little...), `{"a":"猫"}`},
		{"UTF-8", []byte("\x03prompt\x00{\"a\":\"猫\"}\x00"), `{"a":"猫"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frame := append([]byte("TXXX\x00\x00\x00"), byte(len(tt.body)), 0, 0)
			frame = append(frame, tt.body...)
			tag := append([]byte("ID3\x03\x00\x00\x00\x00\x00"), byte(len(frame)))
			if got := readMP3(append(tag, frame...))["prompt"].text; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestOggPages reads a comment that goes over several segments and pages.
func TestOggPages(t *testing.T) {
	value := `{"a":"` + string(bytes.Repeat([]byte("x"), 70_000)) + `"}`
	comment := "workflow=" + value
	packet := []byte("OpusTags")
	packet = binary.LittleEndian.AppendUint32(packet, 0)
	packet = binary.LittleEndian.AppendUint32(packet, 1)
	packet = binary.LittleEndian.AppendUint32(packet, uint32(len(comment)))
	packet = append(packet, comment...)
	var file []byte
	for len(packet) > 0 {
		page := append([]byte("OggS"), make([]byte, 22)...)
		n := min(len(packet), 255*255)
		segments := bytes.Repeat([]byte{255}, n/255)
		if n == len(packet) {
			segments = append(segments, byte(n%255))
		}
		page = append(append(page, byte(len(segments))), segments...)
		file = append(append(file, page...), packet[:n]...)
		packet = packet[n:]
	}
	if got := readOgg(file)["workflow"].text; got != value {
		t.Errorf("got %d bytes, want %d", len(got), len(value))
	}
}

func TestAVIF(t *testing.T) {
	exif := append([]byte{0, 0, 0, 0}, tiff("workflow:{\"a\":1}\x00")...)
	infe := isoBox("infe", "\x02\x00\x00\x00"+"\x00\x01"+"\x00\x00"+"Exif"+"\x00")
	iinf := isoBox("iinf", "\x00\x00\x00\x00"+"\x00\x01"+infe)
	build := func(offset int) []byte {
		loc := "\x00\x00\x00\x00" + "\x44\x00" + "\x00\x01" + "\x00\x01" + "\x00\x00" + "\x00\x01"
		loc += string(binary.BigEndian.AppendUint32(nil, uint32(offset)))
		loc += string(binary.BigEndian.AppendUint32(nil, uint32(len(exif))))
		meta := isoBox("meta", "\x00\x00\x00\x00"+iinf+isoBox("iloc", loc))
		return []byte(isoBox("ftyp", "avif\x00\x00\x00\x00") + meta + isoBox("mdat", string(exif)))
	}
	file := build(0)
	file = build(len(file) - len(exif))
	got := readMetadata("a.avif", file).entries
	want := map[string]entry{"workflow": {text: `{"a":1}`}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func isoBox(kind, body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))) + kind + body
}

// tiff is EXIF with one ASCII entry.
func tiff(value string) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x0f\x00\x02")
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	b = binary.BigEndian.AppendUint32(b, 26)
	return append(append(b, 0, 0, 0, 0), value...)
}

func TestSniff(t *testing.T) {
	tests := []struct{ data, want string }{
		{"\x89PNG\r\n\x1a\n", "png"}, {"RIFF\x00\x00\x00\x00WEBP", "webp"}, {"\x00\x00\x00\x18ftypavif", "avif"},
		{"\x00\x00\x00\x18ftypisom", "isobmff"}, {"\xff\xd8\xff\xe0", "image"}, {"fLaC", "flac"}, {"OggS", "ogg"},
		{"ID3\x03", "mp3"}, {"glTF", "glb"}, {"\x1aE\xdf\xa3....webm", "webm"}, {"\x1aE\xdf\xa3....matroska", "video"},
		{" {\"a\":1}", "json"}, {"<?xml?><svg>", "svg"}, {"\x02\x00\x00\x00\x00\x00\x00\x00{}", "safetensors"}, {"", ""}, {"hello", ""},
	}
	for _, tt := range tests {
		if got := sniff([]byte(tt.data)); got != tt.want {
			t.Errorf("sniff(%q) = %q, want %q", tt.data, got, tt.want)
		}
	}
}
