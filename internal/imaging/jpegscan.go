package imaging

// jpegCodes are the Huffman codes of a table, by length: those of n bits start at first[n], of which there are count[n], with
// values from at[n] on.
type jpegCodes struct {
	first, count, at [17]int
	values           []byte
}

// tables reads a segment of Huffman tables.
func (s *jpegSplit) tables(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 || body[0]>>4 > 1 || body[0]&15 > 3 {
			return errJPEGCut
		}
		t := &jpegCodes{}
		code, n := 0, 0
		for bits := 1; bits <= 16; bits++ {
			t.first[bits], t.count[bits], t.at[bits] = code, int(body[bits]), n
			n += int(body[bits])
			code = (code + int(body[bits])) << 1
		}
		if len(body) < 17+n {
			return errJPEGCut
		}
		t.values = body[17 : 17+n]
		s.codes[body[0]>>4][body[0]&15] = t
		body = body[17+n:]
	}
	return nil
}

// jpegPart is a channel's part in a scan.
type jpegPart struct {
	channel int
	tables  byte // DC and AC, four bits each
}

// scan reads a scan's header and gives each file its part of the scan.
func (s *jpegSplit) scan(body []byte) error {
	if !s.sampled || len(body) < 1 || len(body) != 4+2*int(body[0]) {
		return errJPEGCut
	}
	parts := make([]jpegPart, body[0])
	var ofBlack []jpegPart
	for i := range parts {
		parts[i] = jpegPart{-1, body[2+2*i]}
		for c := range s.channels {
			if s.channels[c].id == body[1+2*i] {
				parts[i].channel = c
			}
		}
		switch parts[i].channel {
		case -1:
			return errJPEGCut
		case 3:
			ofBlack = append(ofBlack, jpegPart{0, parts[i].tables})
		}
	}
	params := body[1+2*len(parts):]
	switch {
	case len(ofBlack) == 0:
		s.color = appendScan(s.color, s.restart, parts, params)
		s.color = append(s.color, s.entropy()...)
	case len(parts) == 1 && !s.wide:
		s.black = appendScan(s.black, s.restart, ofBlack, params)
		s.black = append(s.black, s.entropy()...)
	case len(parts) == 4 && len(ofBlack) == 1 && parts[3].channel == 3:
		s.color = appendScan(s.color, s.restart, parts[:3], params)
		s.black = appendScan(s.black, s.restart*int(s.channels[3].h), ofBlack, params)
		return s.turns(parts, params)
	default:
		return errJPEGKind("the order of its channels")
	}
	return nil
}

// appendScan writes the restart interval and a scan's header.
func appendScan(b []byte, restart int, parts []jpegPart, params []byte) []byte {
	b = append(b, 0xff, jpegDRI, 0, 4, byte(restart>>8), byte(restart), 0xff, jpegSOS, 0, byte(6+2*len(parts)), byte(len(parts)))
	for _, p := range parts {
		b = append(b, byte(1+p.channel), p.tables)
	}
	return append(b, params...)
}

// entropy takes the coded data up to the next marker.
func (s *jpegSplit) entropy() []byte {
	i := 0
	for i+1 < len(s.rest) && (s.rest[i] != 0xff || s.rest[i+1] == 0 || s.rest[i+1]&^7 == jpegRST0) {
		i++
	}
	data := s.rest[:i]
	s.rest = s.rest[i:]
	return data
}

// turns tells the codes of a scan apart in which all channels take turns.
func (s *jpegSplit) turns(parts []jpegPart, params []byte) error {
	first, last, high := params[0], params[1], params[2]>>4
	if s.progressive && last != 0 || !s.progressive && last != 63 || first != 0 {
		return errJPEGCut
	}
	in := &bitReader{data: s.entropy()}
	outs := [2]*bitWriter{{out: s.color}, {out: s.black}}
	for n := range s.mcus {
		if s.restart > 0 && n > 0 && n%s.restart == 0 {
			mark := byte(jpegRST0 + (n/s.restart-1)%8)
			if !in.restarts(mark) {
				return errJPEGCut
			}
			for _, w := range outs {
				w.end()
				w.out = append(w.out, 0xff, mark)
			}
		}
		for _, p := range parts {
			w := outs[p.channel/3]
			for range int(s.channels[p.channel].h) * int(s.channels[p.channel].v) {
				if !s.block(in, w, p.tables, high) {
					return errJPEGCut
				}
			}
		}
	}
	for _, w := range outs {
		w.end()
	}
	s.color, s.black = outs[0].out, outs[1].out
	return nil
}

// block copies the codes of a block: all of them, or those of its mean in a progressive file. false: they are broken.
func (s *jpegSplit) block(in *bitReader, out *bitWriter, tables, high byte) bool {
	if s.progressive && high > 0 {
		return in.copyBits(out, 1)
	}
	dc, ac := s.codes[0][tables>>4&3], s.codes[1][tables&3]
	v, ok := in.copyCode(out, dc)
	if !ok || v > 16 || !in.copyBits(out, int(v)) {
		return false
	}
	for i := 1; i < 64 && !s.progressive; {
		v, ok := in.copyCode(out, ac)
		if !ok || !in.copyBits(out, int(v&15)) {
			return false
		}
		switch {
		case v&15 != 0:
			i += int(v>>4) + 1
		case v>>4 == 15:
			i += 16
		default: // the rest is zero
			return true
		}
	}
	return true
}

// bitReader reads coded data, high bits first.
type bitReader struct {
	data []byte
	bits uint32
	n    int // how many bits are left of bits
}

func (r *bitReader) bit() (b uint32, ok bool) {
	if r.n == 0 {
		if len(r.data) == 0 {
			return 0, false
		}
		r.bits, r.n = uint32(r.data[0]), 8
		if r.data = r.data[1:]; r.bits == 0xff {
			if len(r.data) == 0 || r.data[0] != 0 {
				return 0, false
			}
			r.data = r.data[1:]
		}
	}
	r.n--
	return r.bits >> r.n & 1, true
}

func (r *bitReader) copyBits(to *bitWriter, n int) bool {
	for range n {
		b, ok := r.bit()
		if !ok {
			return false
		}
		to.bit(b)
	}
	return true
}

// copyCode copies a code and gives its value.
func (r *bitReader) copyCode(to *bitWriter, t *jpegCodes) (value byte, ok bool) {
	if t == nil {
		return 0, false
	}
	code := 0
	for bits := 1; bits <= 16; bits++ {
		b, ok := r.bit()
		if !ok {
			return 0, false
		}
		to.bit(b)
		code = code<<1 | int(b)
		if i := code - t.first[bits]; i >= 0 && i < t.count[bits] {
			return t.values[t.at[bits]+i], true
		}
	}
	return 0, false
}

// restarts passes a restart marker.
func (r *bitReader) restarts(mark byte) bool {
	if r.n = 0; len(r.data) < 2 || r.data[0] != 0xff || r.data[1] != mark {
		return false
	}
	r.data = r.data[2:]
	return true
}

// bitWriter writes coded data.
type bitWriter struct {
	out  []byte
	bits byte
	n    int
}

func (w *bitWriter) bit(b uint32) {
	w.bits = w.bits<<1 | byte(b)
	if w.n++; w.n < 8 {
		return
	}
	w.out = append(w.out, w.bits)
	if w.bits == 0xff {
		w.out = append(w.out, 0)
	}
	w.bits, w.n = 0, 0
}

// end fills the last byte with ones.
func (w *bitWriter) end() {
	for w.n > 0 {
		w.bit(1)
	}
}
