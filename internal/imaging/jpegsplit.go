package imaging

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// image/jpeg reads files of four channels only where all are of one size, or the middle two half as wide and high. A jpegSplit
// makes two files of the others, which it reads: one of the first three channels and one of black. A channel's codes stay as they
// are, bit by bit, since each has a prediction of its own; only where channels take turns they are told apart.
type jpegSplit struct {
	rest        []byte
	lim         Limits
	w, h        int
	progressive bool
	sampled     bool // the frame's header has been read
	channels    [4]jpegChannel
	adobe       byte // the transform that Adobe's marker tells; 2 is YCbCr and black
	hasAdobe    bool
	codes       [2][4]*jpegCodes // DC and AC
	restart     int              // MCUs
	mcus        int
	wide        bool // black has more blocks in a scan with others than in one of its own
	color       []byte
	black       []byte
}

// jpegChannel is a component: its id, sampling factors and quantisation table.
type jpegChannel struct{ id, h, v, table byte }

var errJPEGCut = fault.New(fault.BadFile, "the JPEG file is broken or cut short; save it again, or upload it once more")

// readSplit reads a JPEG file of four channels of several sizes; known is false when it is no such file. Errors as those of Decode.
func readSplit(data []byte, lim Limits) (img image.Image, known bool, err error) {
	s := &jpegSplit{rest: data, lim: lim, color: []byte("\xff\xd8"), black: []byte("\xff\xd8")}
	if err := s.split(); err != nil {
		return nil, s.sampled, err
	}
	var three, one image.Image
	for _, half := range []struct {
		file []byte
		img  *image.Image
	}{{s.color, &three}, {s.black, &one}} {
		img, err := still(half.file, lim, "JPEG", jpegConfig, jpegDecode)
		if err != nil {
			return nil, true, err
		}
		*half.img = img
	}
	c, isColor := three.(*image.YCbCr)
	k, isGray := one.(*image.Gray)
	if !isColor || !isGray {
		return nil, true, errJPEGKind("its channels")
	}
	return s.join(c, k), true, nil
}

func errJPEGKind(what string) error {
	return fault.Wrap(jpeg.UnsupportedError(what), fault.Unsupported, "this kind of JPEG file is not supported")
}

// join puts the channels together. They are stored inverted, except that those of YCbCr are to be inverted.
func (s *jpegSplit) join(c *image.YCbCr, k *image.Gray) *image.CMYK {
	out := image.NewCMYK(image.Rect(0, 0, s.w, s.h))
	planes := [4]plane{
		s.plane(c.Y, c.YStride, 0), s.plane(c.Cb, c.CStride, 1), s.plane(c.Cr, c.CStride, 2), s.plane(k.Pix, k.Stride, 3),
	}
	for y := range s.h {
		for x := range s.w {
			var v [4]byte
			for i := range planes {
				v[i] = planes[i].at(x, y)
			}
			p := out.Pix[y*out.Stride+4*x:][:4]
			p[0], p[1], p[2], p[3] = 255-v[0], 255-v[1], 255-v[2], 255-v[3]
			if s.adobe != 0 {
				p[0], p[1], p[2] = color.YCbCrToRGB(v[0], v[1], v[2])
			}
		}
	}
	return out
}

// plane is a channel whose samples are across pixels wide and down pixels high, in a picture of w×h.
type plane struct {
	pix                        []byte
	stride, across, down, w, h int
}

func (s *jpegSplit) plane(pix []byte, stride, channel int) plane {
	c := s.channels[channel]
	return plane{pix, stride, int(s.channels[0].h / c.h), int(s.channels[0].v / c.v), s.w, s.h}
}

// at is the channel's value at a pixel. Compat: of samples for two pixels the second is half way to the next sample, in whole
// numbers, first along the row.
func (p *plane) at(x, y int) byte {
	v := p.along(x, y/p.down)
	if p.down == 2 && y%2 == 1 && y < p.h-1 {
		v = mean(v, p.along(x, y/2+1))
	}
	return v
}

func (p *plane) along(x, row int) byte {
	samples := p.pix[row*p.stride:]
	v := samples[x/p.across]
	if p.across == 2 && x%2 == 1 && x < p.w-1 {
		v = mean(v, samples[x/2+1])
	}
	return v
}

func mean(a, b byte) byte { return byte((int(a) + int(b)) / 2) }

// Markers. Source: ITU T.81, table B.1.
const (
	jpegSOF0  = 0xc0
	jpegSOF1  = 0xc1
	jpegSOF2  = 0xc2
	jpegDHT   = 0xc4
	jpegRST0  = 0xd0
	jpegEOI   = 0xd9
	jpegSOS   = 0xda
	jpegDQT   = 0xdb
	jpegDRI   = 0xdd
	jpegAPP14 = 0xee
)

// split goes through the file's segments.
func (s *jpegSplit) split() error {
	s.rest = s.rest[2:]
	for len(s.rest) >= 4 && s.rest[0] == 0xff && s.rest[1] != jpegEOI {
		marker := s.rest[1]
		if marker == 0xff { // fill
			s.rest = s.rest[1:]
			continue
		}
		size := 2 + int(binary.BigEndian.Uint16(s.rest[2:]))
		if size < 4 || size > len(s.rest) {
			return errJPEGCut
		}
		whole, body := s.rest[:size], s.rest[4:size]
		s.rest = s.rest[size:]
		if err := s.segment(marker, whole, body); err != nil {
			return err
		}
	}
	if !s.sampled {
		return errJPEGCut
	}
	s.color, s.black = append(s.color, 0xff, jpegEOI), append(s.black, 0xff, jpegEOI)
	return nil
}

func (s *jpegSplit) segment(marker byte, whole, body []byte) error {
	switch marker {
	case jpegDQT, jpegDHT:
		s.color, s.black = append(s.color, whole...), append(s.black, whole...)
		if marker == jpegDHT {
			return s.tables(body)
		}
	case jpegDRI:
		if len(body) != 2 {
			return errJPEGCut
		}
		if s.restart = int(binary.BigEndian.Uint16(body)); s.restart*int(s.channels[3].h) > 0xffff {
			return errJPEGKind("its size")
		}
	case jpegAPP14:
		if len(body) >= 12 && string(body[:5]) == "Adobe" {
			s.adobe, s.hasAdobe = body[11], true
		}
	case jpegSOF0, jpegSOF1, jpegSOF2:
		s.progressive = marker == jpegSOF2
		return s.frame(marker, body)
	case jpegSOS:
		return s.scan(body)
	}
	return nil
}

// frame reads the frame's header and writes those of the two files.
func (s *jpegSplit) frame(marker byte, body []byte) error {
	if s.sampled || len(body) != 6+3*4 || body[5] != 4 || body[0] != 8 || !s.hasAdobe {
		return errJPEGKind("its channels")
	}
	s.sampled = true
	s.h, s.w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if err := s.lim.check(1, s.w, s.h); err != nil {
		return err
	}
	for i := range s.channels {
		b := body[6+3*i:]
		s.channels[i] = jpegChannel{b[0], b[1] >> 4, b[1] & 15, b[2]}
	}
	first, k := s.channels[0], s.channels[3]
	for _, c := range s.channels {
		if c.h == 0 || c.v == 0 || first.h%c.h != 0 || first.v%c.v != 0 || first.h > 4 || first.v > 2 {
			return errJPEGKind("its sampling")
		}
	}
	if k.v != 1 { // the order of its blocks would be another
		return errJPEGKind("its sampling")
	}
	across := ceilDiv(s.w, 8*int(first.h))
	s.mcus = across * ceilDiv(s.h, 8*int(first.v))
	width := ceilDiv(s.w*int(k.h), int(first.h))
	s.wide = ceilDiv(width, 8) != across*int(k.h)
	if s.wide {
		width = across * int(k.h) * 8
	}
	if width > 0xffff || s.restart*int(k.h) > 0xffff {
		return errJPEGKind("its size")
	}
	height := ceilDiv(s.h, int(first.v))
	s.color = appendFrame(s.color, marker, s.w, s.h, s.channels[:3])
	s.black = appendFrame(s.black, marker, width, height, []jpegChannel{{k.id, 1, 1, k.table}})
	return nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// appendFrame writes a frame's header; its channels are 1, 2 and 3.
func appendFrame(b []byte, marker byte, w, h int, channels []jpegChannel) []byte {
	b = append(b, 0xff, marker, 0, byte(8+3*len(channels)), 8, byte(h>>8), byte(h), byte(w>>8), byte(w), byte(len(channels)))
	for i, c := range channels {
		b = append(b, byte(1+i), c.h<<4|c.v, c.table)
	}
	return b
}
