package imaging

// filterer picks for each row the PNG filter whose result has the least sum of absolute values, which mostly packs best.
type filterer struct {
	bpp   int
	none  bool      // no filter, where nothing is packed
	zeros []byte    // the row above the first
	try   [4][]byte // the rows of Sub, Up, Average and Paeth
}

func newFilterer(row, bpp, level int) *filterer {
	f := &filterer{bpp: bpp, none: level == 0, zeros: make([]byte, row)}
	if !f.none {
		buf := make([]byte, 4*row)
		for i := range f.try {
			f.try[i] = buf[i*row : (i+1)*row]
		}
	}
	return f
}

// filter writes the filter's number and the filtered row. up is nil for the first row.
func (f *filterer) filter(dst, cur, up []byte) {
	if up == nil {
		up = f.zeros
	}
	best, pick := sumAbs(cur), 0
	if !f.none {
		f.all(cur, up)
		for i, row := range f.try {
			if s := sumAbs(row); s < best {
				best, pick = s, i+1
			}
		}
	}
	dst[0] = byte(pick)
	if pick == 0 {
		copy(dst[1:], cur)
		return
	}
	copy(dst[1:], f.try[pick-1])
}

// all computes the four filters.
func (f *filterer) all(cur, up []byte) {
	n := len(cur)
	up = up[:n]
	sub, above, avg, paeth := f.try[0][:n], f.try[1][:n], f.try[2][:n], f.try[3][:n]
	for i := range min(f.bpp, n) {
		sub[i] = cur[i]
		above[i] = cur[i] - up[i]
		avg[i] = cur[i] - up[i]/2
		paeth[i] = cur[i] - up[i]
	}
	for i := f.bpp; i < n; i++ {
		c, a, b, d := cur[i], cur[i-f.bpp], up[i], up[i-f.bpp]
		sub[i] = c - a
		above[i] = c - b
		avg[i] = c - byte((int(a)+int(b))/2)
		paeth[i] = c - predict(int(a), int(b), int(d))
	}
}

// predict is Paeth's: of left, above and upper left the one nearest to left + above - upper left.
func predict(a, b, c int) byte {
	pa, pb := abs(b-c), abs(a-c)
	pc := abs(a + b - 2*c)
	switch {
	case pa <= pb && pa <= pc:
		return byte(a)
	case pb <= pc:
		return byte(b)
	}
	return byte(c)
}

func abs(x int) int {
	m := x >> 63
	return (x ^ m) - m
}

// sumAbs adds the bytes as signed values without their signs.
func sumAbs(row []byte) int {
	sum := 0
	for _, v := range row {
		sum += abs(int(int8(v)))
	}
	return sum
}
