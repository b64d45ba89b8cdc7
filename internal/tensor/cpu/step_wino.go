package cpu

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// winoStep is a 3×3 convolution by Winograd's F(4×4, 3×3): pixels and weights are transformed, multiplied as 36 matrices, and
// the sums transformed back, with a quarter of the multiplications. Its error is about ten times that of the direct sum,
// 4e-6 of the result. Source: arXiv:1509.09308.
type winoStep struct {
	x, b, c, add, bias val
	hasAdd, hasBias    bool
	byImage            bool // add has one row an image
	act                func(dst, x []float32)

	convShape
	down, across, tiles int // tiles of an image, and in all
	block               int // tiles at a time
	group               int // result channels at a time
	u, v, m             val // transformed weights, pixels and sums of a block and group
	uStep, vStep, mStep int // elements from point to point
	vRow, mRow          int // elements from tile to tile
	sub                 int // panels that a thread keeps in its cache
	segs                []kern.Seg
}

// Bounds of when Winograd's convolution is worth its transforms, and of its memory.
const (
	winoChannels = 128
	winoTiles    = 32
	winoWeights  = 16 << 20 // float32s of transformed weights
	winoOnce     = 3 << 20  // the same where each is used once: what a shared cache holds
	winoPixels   = 4 << 20  // float32s of transformed pixels and sums
	winoChunk    = 64       // input channels of a unit of weights
)

// plan gives the numbers of a convolution. Where it goes Winograd's way, its padding fills whole tiles.
func (c *compiler) plan(o *tensor.Op) (d convShape, wino bool) {
	d = c.convShape(&node{op: o})
	down, across := (d.oh+3)/4, (d.ow+3)/4
	wino = c.b.kern.Wino != nil && d.kh == 3 && d.kw == 3 && d.sy == 1 && d.sx == 1 && d.dy == 1 && d.dx == 1 && d.grp == 1 &&
		d.cin%16 == 0 && d.cout%16 == 0 && min(d.cin, d.cout) >= winoChannels && d.batch*down*across >= winoTiles
	if wino {
		d.bottom += 4*down - d.oh
		d.right += 4*across - d.ow
	}
	return d, wino
}

// winograd emits the convolution of n over an image with its padding.
func (c *compiler) winograd(n *node, d convShape, x, w val) {
	k := c.b.kern
	p := c.product(n, x, w)
	s := &winoStep{x: x, b: w, add: p.add, bias: p.bias, hasAdd: p.hasAdd, hasBias: p.hasBias, act: p.act, convShape: d, segs: []kern.Seg{{}}}
	s.down, s.across = (d.oh+3)/4, (d.ow+3)/4
	s.tiles = d.batch * s.down * s.across
	room := winoWeights
	if kern.WinoPoints*s.tiles*(d.cin+d.cout) <= winoPixels { // one block: no need to keep all weights
		room = winoOnce
	}
	s.group = min(d.cout, max(room/(kern.WinoPoints*d.cin)/k.NR*k.NR, k.NR))
	s.vRow, s.mRow = haloStride(d.cin), haloStride((s.group+k.NR-1)/k.NR*k.NR)
	s.block = min(s.tiles, max(winoPixels/(kern.WinoPoints*(s.vRow+s.mRow)), 4*k.MR))
	s.sub = max(panelBudget/(d.cin*k.NR), 1)
	panels := (s.group + k.NR - 1) / k.NR
	s.uStep, s.vStep, s.mStep = panels*d.cin*k.NR+48, s.block*s.vRow+48, s.block*s.mRow+48
	s.u, s.v, s.m = c.temp(tensor.F32, kern.WinoPoints, s.uStep), c.temp(tensor.F32, kern.WinoPoints, s.vStep), c.temp(tensor.F32, kern.WinoPoints, s.mStep)
	uses := []val{x, w, s.u, s.v, s.m}
	if s.hasBias {
		uses = append(uses, s.bias)
	}
	if s.hasAdd {
		uses = append(uses, s.add)
		s.byImage = !s.add.shape.Equal(c.p.Values[n.out].Shape)
	}
	if s.hasAdd && !s.byImage && s.add.buf != x.buf {
		s.c = c.outOver(n.out, s.add)
	} else {
		s.c = c.out(n.out)
	}
	c.perThread(4 * (kern.WinoPoints*16 + 17*s.group + 2*winoChunk*9*k.NR))
	c.emit(s, append(uses, s.c)...)
}

func (s *winoStep) run(r *run) error {
	for t := 0; t < s.tiles; t += s.block {
		tn := min(s.block, s.tiles-t)
		s.pixels(r, t, tn)
		for n := 0; n < s.cout; n += s.group {
			nc := min(s.group, s.cout-n)
			if t == 0 || s.group < s.cout {
				s.weights(r, n, nc)
			}
			if err := r.ended(); err != nil {
				return err
			}
			s.products(r, tn, nc)
			s.results(r, t, tn, n, nc)
		}
	}
	return nil
}

// part is a thread's memory: a transform's middle, a bias, a tile of results, weights on their way.
func (s *winoStep) part(r *run, w int) (tmp, bias, tile, pack []float32) {
	m := asF32(r.scratch[w])
	tmp, m = m[:kern.WinoPoints*16], m[kern.WinoPoints*16:]
	bias, m = m[:s.group], m[s.group:]
	return tmp, bias, m[:16*s.group], m[16*s.group:]
}

// at finds a tile's image and its first line and pixel in the result.
func (s *winoStep) at(t int) (img, y, x int) {
	img, t = t/(s.down*s.across), t%(s.down*s.across)
	return img, t / s.across * 4, t % s.across * 4
}

// pixels transforms tn tiles from t.
func (s *winoStep) pixels(r *run, t, tn int) {
	const per = 4
	x, v, k := r.f32(s.x), r.f32(s.v), r.k.Wino
	h, w, ld := s.x.shape[1], s.x.shape[2], s.x.ld
	_ = r.units((tn+per-1)/per, func(worker, u int) {
		tmp, _, _, _ := s.part(r, worker)
		for i := u * per; i < min((u+1)*per, tn); i++ {
			img, y, z := s.at(t + i)
			k.Input(&v[i*s.vRow], &x[((img*h+y)*w+z)*ld], s.vStep*4, w*ld*4, ld*4, s.cin/k.Lanes, &tmp[0])
		}
	})
}

// weights transforms the weights of nc result channels from n.
func (s *winoStep) weights(r *run, n, nc int) {
	k, u, b := r.k, r.f32(s.u), r.bytes(s.b)
	chunks, panels := (s.cin+winoChunk-1)/winoChunk, (nc+k.NR-1)/k.NR
	_ = r.units(chunks*panels, func(worker, unit int) {
		tmp, _, _, pack := s.part(r, worker)
		p, c0 := unit/chunks, unit%chunks*winoChunk
		cn, j := min(winoChunk, s.cin-c0), p*k.NR
		depth := cn * 9
		rows := pack[:depth*k.NR]
		at := ((n+j)*s.b.ld + c0*9) * s.b.dt.Size()
		packPanel(k, rows, pack[depth*k.NR:], s.b.dt, b[at:], s.b.ld, min(k.NR, nc-j), depth)
		for lane := 0; lane < k.NR; lane += k.Wino.Lanes {
			k.Wino.Weights(&u[(p*s.cin+c0)*k.NR+lane], &rows[lane], s.uStep*4, k.NR*4, cn, &tmp[0])
		}
	})
}

// products multiplies the block's pixels by the group's weights, point by point.
func (s *winoStep) products(r *run, tn, nc int) {
	k, u, v, m := r.k, r.f32(s.u), r.f32(s.v), r.f32(s.m)
	panels := (nc + k.NR - 1) / k.NR
	subs := (panels + s.sub - 1) / s.sub
	rowTiles := (tn + k.MR - 1) / k.MR
	parts := min((4*r.b.pool.threads+kern.WinoPoints*subs-1)/(kern.WinoPoints*subs), rowTiles)
	_ = r.units(kern.WinoPoints*subs*parts, func(w, unit int) {
		part, unit := unit%parts, unit/parts
		point, p0 := unit/subs, unit%subs*s.sub
		g := &r.gemms[w].g
		var work counter
		*g = kern.Gemm{LDA: s.vRow * 4, BStep: k.NR * 4, K: s.cin, Segs: &s.segs[0], NSeg: 1, LDC: s.mRow * 4}
		for t := part * rowTiles / parts; t < (part+1)*rowTiles/parts; t++ {
			row := t * tn / rowTiles
			rows := (t+1)*tn/rowTiles - row
			g.A = unsafe.Pointer(&v[point*s.vStep+row*s.vRow])
			for p := p0; p < min(p0+s.sub, panels); p++ {
				g.B = unsafe.Pointer(&u[point*s.uStep+p*s.cin*k.NR])
				g.C = unsafe.Pointer(&m[point*s.mStep+row*s.mRow+p*k.NR])
				call(k, g, rows, min(k.NR, nc-p*k.NR))
				if work.add(r, rows*k.NR*s.cin, lookSums) {
					return
				}
			}
		}
	})
}

// results transforms the sums back into pixels of nc channels from n.
func (s *winoStep) results(r *run, t, tn, n, nc int) {
	const per = 4
	_ = r.units((tn+per-1)/per, func(worker, u int) {
		tmp, bias, tile, _ := s.part(r, worker)
		bias = bias[:nc]
		last := -1
		for i := u * per; i < min((u+1)*per, tn); i++ {
			img, y, x := s.at(t + i)
			if img != last && (last < 0 || s.byImage) {
				s.begin(r, bias, img, n)
			}
			last = img
			s.tile(r, &winoTile{img, y, x, n, nc, r.f32(s.m)[i*s.mRow:], bias, tile, tmp})
		}
	})
}

// begin fills what an image's sums begin with: the bias, and what is added by image.
func (s *winoStep) begin(r *run, bias []float32, img, n int) {
	clear(bias)
	if s.hasBias {
		copy(bias, r.f32(s.bias)[n:])
	}
	if s.byImage {
		r.k.Add(bias, bias, r.f32(s.add)[img*s.add.ld+n:][:len(bias)])
	}
}

// winoTile is one tile on its way back: its place, its channels and the thread's memory.
type winoTile struct {
	img, y, x, n, nc     int
	sums, bias, out, tmp []float32
}

func (s *winoStep) tile(r *run, t *winoTile) {
	k, c := r.k, r.f32(s.c)
	first := func(i, j int) int { return ((t.img*s.oh+t.y+i)*s.ow + t.x + j) }
	through := s.hasAdd && !s.byImage || t.y+4 > s.oh || t.x+4 > s.ow
	if through { // the result may lie where add does, or the tile reaches past the picture
		k.Wino.Output(&t.out[0], &t.sums[0], 4*t.nc*4, t.nc*4, s.mStep*4, t.nc/k.Wino.Lanes, &t.bias[0], &t.tmp[0])
	} else {
		k.Wino.Output(&c[first(0, 0)*s.c.ld+t.n], &t.sums[0], s.ow*s.c.ld*4, s.c.ld*4, s.mStep*4, t.nc/k.Wino.Lanes, &t.bias[0], &t.tmp[0])
	}
	for i := range min(4, s.oh-t.y) {
		for j := range min(4, s.ow-t.x) {
			out := c[first(i, j)*s.c.ld+t.n:][:t.nc]
			switch {
			case through && s.hasAdd && !s.byImage:
				k.Add(out, t.out[(i*4+j)*t.nc:][:t.nc], r.f32(s.add)[first(i, j)*s.add.ld+t.n:][:t.nc])
			case through:
				copy(out, t.out[(i*4+j)*t.nc:])
			}
			if s.act != nil {
				s.act(out, out)
			}
		}
	}
}
