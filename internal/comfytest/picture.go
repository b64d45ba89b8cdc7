package comfytest

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // formats that scenarios have
	_ "image/jpeg" // …
	_ "image/png"  // …
	"io"
	"strings"

	_ "golang.org/x/image/bmp"  // …
	_ "golang.org/x/image/tiff" // …
	_ "golang.org/x/image/webp" // …
)

// picture compares a picture file.
func (r *replay) picture(want *ImageSpec, data []byte) string {
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "no picture: " + err.Error()
	}
	if !strings.EqualFold(format, want.Format) || c.Width != want.Width || c.Height != want.Height {
		return fmt.Sprintf("want a %s of %d×%d, got a %s of %d×%d", want.Format, want.Width, want.Height, format, c.Width, c.Height)
	}
	if format != "png" {
		return ""
	}
	if mode := pngMode(data); want.Mode != "" && mode != want.Mode {
		return fmt.Sprintf("want mode %s, got %s", want.Mode, mode)
	}
	if want.RGBA != "" {
		sum, err := rgbaSum(data)
		if err != nil {
			return err.Error()
		}
		if sum != want.RGBA {
			return fmt.Sprintf("want pixels of SHA-256 %s, got %s", want.RGBA, sum)
		}
	}
	return r.texts(want, data)
}

func pngMode(data []byte) string {
	const colourType = 25 // offset in the file
	if len(data) <= colourType {
		return ""
	}
	switch data[colourType] {
	case 0:
		return "L"
	case 2:
		return "RGB"
	case 3:
		return "P"
	case 4:
		return "LA"
	}
	return "RGBA"
}

// rgbaSum hashes the pixels as rows of straight RGBA.
func rgbaSum(data []byte) (string, error) {
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	b := m.Bounds()
	h := sha256.New()
	row := make([]byte, 0, 4*b.Dx())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row = row[:0]
		for x := b.Min.X; x < b.Max.X; x++ {
			p := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			row = append(row, p.R, p.G, p.B, p.A)
		}
		h.Write(row)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (r *replay) texts(want *ImageSpec, data []byte) string {
	got := map[string]any{}
	for k, v := range pngTexts(data) {
		if parsed, err := decode([]byte(v)); err == nil {
			got[k] = parsed
		} else {
			got[k] = v
		}
	}
	pattern := map[string]any{}
	for k, p := range want.Text {
		v, err := decode(p)
		if err != nil {
			return err.Error()
		}
		pattern[k] = v
	}
	if why := r.m.match(pattern, any(got)); why != "" {
		return "text chunks: " + why
	}
	return ""
}

// pngTexts reads the text chunks of a PNG: plain, compressed and international ones.
func pngTexts(data []byte) map[string]string {
	texts := map[string]string{}
	const signature, head = 8, 8
	for i := signature; i+head <= len(data); {
		n := int(binary.BigEndian.Uint32(data[i:]))
		kind := string(data[i+4 : i+8])
		if n < 0 || i+head+n > len(data) {
			break
		}
		body := data[i+head : i+head+n]
		key, rest, _ := bytes.Cut(body, []byte{0})
		switch kind {
		case "tEXt":
			texts[string(key)] = latin1(rest)
		case "zTXt":
			texts[string(key)] = latin1(inflate(rest[1:]))
		case "iTXt":
			texts[string(key)] = international(rest)
		}
		i += head + n + 4
	}
	return texts
}

func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(z, maxMessage))
	return out
}

func international(b []byte) string {
	if len(b) < 2 {
		return ""
	}
	packed := b[0] == 1
	_, rest, _ := bytes.Cut(b[2:], []byte{0}) // language
	_, text, _ := bytes.Cut(rest, []byte{0})  // translated keyword
	if packed {
		text = inflate(text)
	}
	return string(text)
}
