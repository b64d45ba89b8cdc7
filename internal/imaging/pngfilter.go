package imaging

// filterer picks a PNG filter for each row: the one whose result has the least sum of absolute values, which mostly packs
// best. The sums are taken over some stretches of the row only.
type filterer struct {
	bpp   int
	none  bool   // no filter, where nothing is packed
	zeros []byte // the row above the first
}

func newFilterer(row, bpp, level int) *filterer {
	return &filterer{bpp: bpp, none: level == 0, zeros: make([]byte, row)}
}

// The filters by number.
const (
	filterNone = iota
	filterSub
	filterUp
	filterAverage
	filterPaeth
)

// A row is judged by stretches of stretch bytes, one in every stride bytes.
const (
	stretch = 128
	stride  = 512
)

// filter writes the filter's number and the filtered row. up is nil for the first row.
func (f *filterer) filter(dst, cur, up []byte) {
	if f.none {
		dst[0] = filterNone
		copy(dst[1:], cur)
		return
	}
	if up == nil {
		up = f.zeros
	}
	var sums [5]int
	for lo := f.bpp; lo < len(cur); lo += stride {
		f.judge(&sums, cur, up, lo, min(lo+stretch, len(cur)))
	}
	pick := filterNone
	for i, s := range sums {
		if s < sums[pick] {
			pick = i
		}
	}
	dst[0] = byte(pick)
	f.apply(pick, dst[1:], cur, up)
}

// judge adds what each filter makes of the bytes lo to hi.
func (f *filterer) judge(sums *[5]int, cur, up []byte, lo, hi int) {
	c, a := cur[lo:hi], cur[lo-f.bpp:hi-f.bpp]
	b, d := up[lo:hi], up[lo-f.bpp:hi-f.bpp]
	a, b, d = a[:len(c)], b[:len(c)], d[:len(c)]
	var none, sub, above, avg, paeth int
	for i, v := range c {
		none += magnitude(v)
		sub += magnitude(v - a[i])
		above += magnitude(v - b[i])
		avg += magnitude(v - byte((int(a[i])+int(b[i]))/2))
		paeth += magnitude(v - predict(a[i], b[i], d[i]))
	}
	for i, s := range [5]int{none, sub, above, avg, paeth} {
		sums[i] += s
	}
}

// apply writes the filtered row.
func (f *filterer) apply(pick int, dst, cur, up []byte) {
	n := len(cur)
	if pick == filterNone {
		copy(dst, cur)
		return
	}
	first := min(f.bpp, n)
	for i, c := range cur[:first] { // nothing is to their left
		switch pick {
		case filterSub:
			dst[i] = c
		case filterAverage:
			dst[i] = c - up[i]/2
		default:
			dst[i] = c - up[i]
		}
	}
	a, d := cur[:n-first], up[:n-first]
	dst, cur, up = dst[first:n], cur[first:], up[first:n]
	dst, a, d = dst[:len(cur)], a[:len(cur)], d[:len(cur)]
	up = up[:len(cur)]
	switch pick {
	case filterSub:
		for i, c := range cur {
			dst[i] = c - a[i]
		}
	case filterUp:
		for i, c := range cur {
			dst[i] = c - up[i]
		}
	case filterAverage:
		for i, c := range cur {
			dst[i] = c - byte((int(a[i])+int(up[i]))/2)
		}
	case filterPaeth:
		for i, c := range cur {
			dst[i] = c - predict(a[i], up[i], d[i])
		}
	}
}

// predict is Paeth's: of left, above and upper left the one nearest to left + above - upper left.
func predict(left, above, corner byte) byte {
	a, b := int(above)-int(corner), int(left)-int(corner) // how far left and above are off
	pa, pb, pc := abs(a), abs(b), abs(a+b)
	if pa <= pb && pa <= pc {
		return left
	}
	if pb <= pc {
		return above
	}
	return corner
}

func abs(x int) int {
	m := x >> 63
	return (x ^ m) - m
}

// magnitude is the absolute value of a byte taken as signed.
func magnitude(v byte) int { return abs(int(int8(v))) }
