package latent

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Tonemap compresses the magnitudes of a latent's cells as Reinhard's operator does those of light; multiplier scales the
// magnitude that stays below white. t is F32 [batch, channels, …].
func Tonemap(t *tensor.Tensor, multiplier float64) *tensor.Tensor {
	out := t.Clone()
	channels := t.Dim(1)
	v := out.F32()
	n := len(v) / t.Dim(0)
	for at := 0; at < len(v); at += n {
		item := v[at : at+n]
		length := magnitudes(item, channels, 1e-10)
		mean, dev := moments(length)
		top := (dev*5 + mean) * float32(multiplier)
		for i, x := range item {
			l := length[i%len(length)]
			m := l * (1 / top)
			item[i] = x / l * (m / (m + 1) * top)
		}
	}
	return out
}

// magnitudes gives the norm over channels of each cell, and epsilon more.
func magnitudes(item []float32, channels int, epsilon float32) []float32 {
	out := make([]float32, len(item)/channels)
	for i := range out {
		sum := 0.0
		for c := range channels {
			x := float64(item[c*len(out)+i])
			sum += x * x
		}
		out[i] = float32(math.Sqrt(sum)) + epsilon
	}
	return out
}

func moments(v []float32) (mean, deviation float32) {
	m, s := 0.0, 0.0
	for _, x := range v {
		m += float64(x)
	}
	m /= float64(len(v))
	for _, x := range v {
		s += (float64(x) - m) * (float64(x) - m)
	}
	return float32(m), float32(math.Sqrt(s / float64(len(v)-1)))
}

// Sharpen sharpens the directions of a latent's cells by an unsharp mask of the given radius in cells and leaves their
// magnitudes. t is F32 [batch, channels, height, width], both sides over radius.
func Sharpen(t *tensor.Tensor, radius int, sigma, alpha float64) (*tensor.Tensor, error) {
	if len(t.Shape()) != 4 || radius < 1 || t.Dim(2) <= radius || t.Dim(3) <= radius {
		return nil, fault.New(fault.BadTensor, "a latent of shape %v cannot be sharpened with a radius of %d", t.Shape(), radius)
	}
	out := t.Clone()
	channels, h, w := t.Dim(1), t.Dim(2), t.Dim(3)
	v := out.F32()
	kernel := unsharp(radius, sigma, alpha)
	plane := make([]float32, h*w)
	for at := 0; at < len(v); at += channels * h * w {
		item := v[at:][:channels*h*w]
		length := magnitudes(item, channels, 1e-6)
		for c := range channels {
			part := item[c*h*w:][:h*w]
			for i, x := range part {
				plane[i] = x / length[i]
			}
			for i := range part {
				part[i] = length[i] * convolve(plane, h, w, i/w, i%w, kernel, radius)
			}
		}
	}
	return out, nil
}

// unsharp is a negative Gaussian over [-1, 1] along each side whose centre makes it sum to 1.
func unsharp(radius int, sigma, alpha float64) []float32 {
	side := 2*radius + 1
	g := make([]float64, side*side)
	sum := 0.0
	for i := range g {
		y, x := float64(i/side-radius)/float64(radius), float64(i%side-radius)/float64(radius)
		g[i] = math.Exp(-(x*x + y*y) / (2 * sigma * sigma))
		sum += g[i]
	}
	out := make([]float32, len(g))
	total := float32(0)
	for i, v := range g {
		out[i] = float32(v/sum) * float32(alpha*-10)
		total += out[i]
	}
	out[len(out)/2] += 1 - total
	return out
}

// convolve is the kernel's sum at a cell; the plane is mirrored at its edges.
func convolve(plane []float32, h, w, y, x int, kernel []float32, radius int) float32 {
	sum := float32(0)
	k := 0
	for dy := -radius; dy <= radius; dy++ {
		line := plane[mirror(y+dy, h)*w:]
		for dx := -radius; dx <= radius; dx++ {
			sum += kernel[k] * line[mirror(x+dx, w)]
			k++
		}
	}
	return sum
}

func mirror(i, n int) int {
	if i < 0 {
		return -i
	}
	if i >= n {
		return 2*(n-1) - i
	}
	return i
}
