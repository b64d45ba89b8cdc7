package vp8

// Transforms of blocks of 4×4. Source: RFC 6386, section 14, whose inverses these forward ones belong to.

// cosines turns a block's differences into coefficients.
func cosines(in, out *[16]int32) {
	var t [16]int32
	for i := 0; i < 16; i += 4 {
		a, b, c, d := in[i]+in[i+3], in[i+1]+in[i+2], in[i+1]-in[i+2], in[i]-in[i+3]
		t[i] = (a + b) * 8
		t[i+1] = (c*2217 + d*5352 + 1812) >> 9
		t[i+2] = (a - b) * 8
		t[i+3] = (d*2217 - c*5352 + 937) >> 9
	}
	for i := range 4 {
		a, b, c, d := t[i]+t[12+i], t[4+i]+t[8+i], t[4+i]-t[8+i], t[i]-t[12+i]
		out[i] = (a + b + 7) >> 4
		out[4+i] = (c*2217 + d*5352 + 12000) >> 16
		if d != 0 {
			out[4+i]++
		}
		out[8+i] = (a - b + 7) >> 4
		out[12+i] = (d*2217 - c*5352 + 51000) >> 16
	}
}

// uncosines is the inverse as every decoder computes it.
func uncosines(in, out *[16]int32) {
	const sine, cosine = 35468, 20091 // √2·sin(π/8), √2·cos(π/8) − 1, in 65536
	var t [16]int32
	for i := range 4 {
		a, b := in[i]+in[8+i], in[i]-in[8+i]
		c := in[4+i]*sine>>16 - (in[12+i] + in[12+i]*cosine>>16)
		d := in[4+i] + in[4+i]*cosine>>16 + in[12+i]*sine>>16
		t[i], t[4+i], t[8+i], t[12+i] = a+d, b+c, b-c, a-d
	}
	for i := 0; i < 16; i += 4 {
		a, b := t[i]+t[i+2], t[i]-t[i+2]
		c := t[i+1]*sine>>16 - (t[i+3] + t[i+3]*cosine>>16)
		d := t[i+1] + t[i+1]*cosine>>16 + t[i+3]*sine>>16
		out[i], out[i+1], out[i+2], out[i+3] = (a+d+4)>>3, (b+c+4)>>3, (b-c+4)>>3, (a-d+4)>>3
	}
}

// sums is the transform of the first coefficients of 16 blocks, which is its own inverse but for the scale.
func sums(in *[16]int32) (t [16]int32) {
	for i := range 4 {
		a, b, c, d := in[i]+in[12+i], in[4+i]+in[8+i], in[4+i]-in[8+i], in[i]-in[12+i]
		t[i], t[4+i], t[8+i], t[12+i] = a+b, c+d, a-b, d-c
	}
	for i := 0; i < 16; i += 4 {
		a, b, c, d := t[i]+t[i+3], t[i+1]+t[i+2], t[i+1]-t[i+2], t[i]-t[i+3]
		t[i], t[i+1], t[i+2], t[i+3] = a+b, c+d, a-b, d-c
	}
	return t
}

// walsh turns first coefficients into coefficients.
func walsh(in, out *[16]int32) {
	for i, v := range sums(in) {
		out[i] = (v + v>>31&1) >> 1
	}
}

// unwalsh is the inverse as every decoder computes it.
func unwalsh(in, out *[16]int32) {
	for i, v := range sums(in) {
		out[i] = (v + 3) >> 3
	}
}
