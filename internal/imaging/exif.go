package imaging

import (
	"bytes"
	"encoding/binary"
)

// turn is how a picture is turned before it is shown: an orientation of EXIF, 1 to 8.
type turn uint8

// upright is the orientation that changes nothing.
const upright turn = 1

// rotation drops the mirroring of an orientation. Compat: ffmpeg turns and never mirrors; 4 it leaves alone.
func (t turn) rotation() turn {
	return [...]turn{0: 1, 1: 1, 2: 3, 3: 3, 4: 1, 5: 6, 6: 6, 7: 8, 8: 8}[t]
}

// place maps the pixel (x, y) of a picture to the index origin + x·dx + y·dy of the turned one, which is w×h.
type place struct{ w, h, origin, dx, dy int }

// place gives the map for a picture of w×h.
func (t turn) place(w, h int) place {
	last := w*h - 1
	switch t {
	case 2: // mirrored left to right
		return place{w, h, w - 1, -1, w}
	case 3: // half a turn
		return place{w, h, last, -1, -w}
	case 4: // mirrored top to bottom
		return place{w, h, last - w + 1, 1, -w}
	case 5: // mirrored at the falling diagonal
		return place{h, w, 0, h, 1}
	case 6: // a quarter clockwise
		return place{h, w, h - 1, h, -1}
	case 7: // mirrored at the rising diagonal
		return place{h, w, last, -h, -1}
	case 8: // a quarter counter-clockwise
		return place{h, w, last - h + 1, -h, 1}
	}
	return place{w, h, 0, 1, w}
}

const orientationTag = 0x0112

// exifTurn reads the orientation of an EXIF block, which is a TIFF file's first directory, with or without "Exif\0\0" before
// it. What cannot be read is upright.
func exifTurn(block []byte) turn {
	v, ok := tiffShort(bytes.TrimPrefix(block, []byte("Exif\x00\x00")), orientationTag)
	if !ok || v < 1 || v > 8 {
		return upright
	}
	return turn(v)
}

// tiffShort finds a tag of one 16-bit number in a TIFF file's first directory.
func tiffShort(file []byte, tag uint16) (v uint16, ok bool) {
	if len(file) < 8 {
		return 0, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(file[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := uint64(order.Uint32(file[4:]))
	if at+2 > uint64(len(file)) {
		return 0, false
	}
	entries := file[at+2:]
	for range order.Uint16(file[at:]) {
		if len(entries) < 12 {
			break
		}
		const short = 3
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			return order.Uint16(entries[8:]), true
		}
		entries = entries[12:]
	}
	return 0, false
}

// jpegTurn finds the EXIF block before a JPEG's pixels.
func jpegTurn(data []byte) turn {
	at := 2
	for at+4 <= len(data) && data[at] == 0xff {
		marker := data[at+1]
		if marker == 0xff { // fill
			at++
			continue
		}
		if marker == 0xda || marker == 0xd9 {
			break
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end < at+4 || end > len(data) {
			break
		}
		if body := data[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return exifTurn(body)
		}
		at = end
	}
	return upright
}
