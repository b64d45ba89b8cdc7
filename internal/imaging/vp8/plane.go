package vp8

// plane is a part of a picture as it is sent and as decoders will see it. Both have a border of one pixel to the left and above,
// which what stands outside is predicted from.
type plane struct {
	w, h, stride int // w and h are whole blocks
	from, seen   []uint8
}

func newPlane(w, h int) *plane {
	p := &plane{w: w, h: h, stride: w + 1}
	n := p.stride * (h + 1)
	p.from, p.seen = make([]uint8, n), make([]uint8, n)
	for x := range p.stride {
		p.seen[x] = 127
	}
	for y := 1; y <= h; y++ {
		p.seen[y*p.stride] = 129
	}
	return p
}

// at is the index of a pixel.
func (p *plane) at(x, y int) int { return (y+1)*p.stride + x + 1 }

// Ways to predict a square from what is to the left of it and above. Source: RFC 6386, section 12.
const (
	average = iota
	above
	left
	slope
	ways
)

// predict fills out, side×side, as a decoder would.
func (p *plane) predict(out []uint8, way, x, y, side int) {
	at := p.at(x, y)
	top := p.seen[at-p.stride : at-p.stride+side]
	corner := int32(p.seen[at-p.stride-1])
	mean := p.mean(at, x, y, side)
	for j := range side {
		row, l := out[j*side:(j+1)*side], p.seen[at+j*p.stride-1]
		switch way {
		case above:
			copy(row, top)
		case slope:
			for i, t := range top {
				row[i] = clamp(int32(l) + int32(t) - corner)
			}
		default:
			v := mean
			if way == left {
				v = l
			}
			for i := range row {
				row[i] = v
			}
		}
	}
}

// mean is the mean of the pixels around that are in the picture, 128 when none is.
func (p *plane) mean(at, x, y, side int) uint8 {
	sum, n := 0, 0
	if y > 0 {
		for _, v := range p.seen[at-p.stride : at-p.stride+side] {
			sum += int(v)
		}
		n += side
	}
	if x > 0 {
		for j := range side {
			sum += int(p.seen[at+j*p.stride-1])
		}
		n += side
	}
	if n == 0 {
		return 128
	}
	return uint8((sum + n/2) / n)
}

// error is the squared difference of a prediction from the picture.
func (p *plane) error(of []uint8, x, y, side int) (sum int) {
	for j := range side {
		row := p.from[p.at(x, y+j):]
		for i, v := range of[j*side : (j+1)*side] {
			d := int(row[i]) - int(v)
			sum += d * d
		}
	}
	return sum
}

func clamp(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
