package sample_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// probe is a network that returns zeros and keeps what it was asked.
type probe struct {
	format latent.Format
	calls  []call
	fits   int // items a call; 0 for any
}

type call struct {
	shape tensor.Shape
	lists []int
	cross tensor.Shape
}

func (p *probe) Sampling() param.Sampling { return param.NewFlow(1, 1000) }
func (p *probe) Format() latent.Format    { return p.format }

func (p *probe) Apply(_ context.Context, x *tensor.Tensor, _ []float32, b *sample.Batch) (*tensor.Tensor, error) {
	c := call{shape: x.Shape().Clone(), lists: slices.Clone(b.Lists)}
	if cross := b.Cross(); cross != nil {
		c.cross = cross.Shape().Clone()
	}
	p.calls = append(p.calls, c)
	return tensor.New(tensor.F32, x.Shape()...), nil
}

func (p *probe) Fits(shape tensor.Shape) bool { return p.fits == 0 || shape[0] <= p.fits }

func request(p *probe, shape ...int) sample.Request {
	return sample.Request{
		Source: sample.Source{Model: p}, Positive: positive(), Negative: negative(),
		Latent: value.Latent{Samples: tensor.New(tensor.F32, shape...)}, Seed: 1, Steps: 1, CFG: 4,
		Sampler: "euler", Scheduler: "simple", Denoise: 1, EndStep: sample.ToEnd, AddNoise: true,
	}
}

func video() latent.Format {
	f := latent.Default()
	f.Dims, f.Channels = 3, 2
	return f
}

func TestBatching(t *testing.T) {
	long := tokens([]float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4})
	odd := tokens(slices.Repeat([][]float32{{1, 2, 3, 4}}, 5)...)
	corner := each(positive(), func(c value.Cond) value.Cond {
		return value.Set(c, value.KeyArea, value.Area{Height: 4, Width: 4, Y: 2, X: 2})
	})
	for _, c := range []struct {
		name   string
		change func(r *sample.Request, p *probe)
		want   []call
	}{
		{"both at once", func(*sample.Request, *probe) {}, []call{{tensor.Shape{4, 4, 8, 8}, []int{1, 0}, tensor.Shape{4, 1, 4}}}},
		{"cfg 1 leaves the negative out", func(r *sample.Request, _ *probe) { r.CFG = 1 },
			[]call{{tensor.Shape{2, 4, 8, 8}, []int{0}, tensor.Shape{2, 1, 4}}}},
		{"tokens are repeated", func(r *sample.Request, _ *probe) { r.Negative = long },
			[]call{{tensor.Shape{4, 4, 8, 8}, []int{1, 0}, tensor.Shape{4, 3, 4}}}},
		{"but not too often", func(r *sample.Request, _ *probe) { r.Negative = odd },
			[]call{{tensor.Shape{2, 4, 8, 8}, []int{0}, tensor.Shape{2, 1, 4}}, {tensor.Shape{2, 4, 8, 8}, []int{1}, tensor.Shape{2, 5, 4}}}},
		{"memory for one", func(_ *sample.Request, p *probe) { p.fits = 2 },
			[]call{{tensor.Shape{2, 4, 8, 8}, []int{1}, tensor.Shape{2, 1, 4}}, {tensor.Shape{2, 4, 8, 8}, []int{0}, tensor.Shape{2, 1, 4}}}},
		{"an area gets a partner", func(r *sample.Request, _ *probe) { r.Positive = corner },
			[]call{{tensor.Shape{4, 4, 4, 4}, []int{1, 0}, tensor.Shape{4, 1, 4}}, {tensor.Shape{2, 4, 8, 8}, []int{1}, tensor.Shape{2, 1, 4}}}},
		{"nothing to follow", func(r *sample.Request, _ *probe) { r.Positive, r.CFG = nil, 1 }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &probe{format: latent.Default()}
			r := request(p, 2, 4, 8, 8)
			c.change(&r, p)
			if _, err := sample.Run(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(p.calls, c.want, func(a, b call) bool {
				return a.shape.Equal(b.shape) && slices.Equal(a.lists, b.lists) && a.cross.Equal(b.cross)
			}) {
				t.Errorf("got %v, want %v", p.calls, c.want)
			}
		})
	}
}

func TestEmptyLatents(t *testing.T) {
	deep := latent.Default()
	deep.Channels, deep.Downscale = 16, 16
	for _, c := range []struct {
		name   string
		format latent.Format
		shape  []int
		extra  map[string]any
		want   tensor.Shape
	}{
		{"channels of the model", deep, []int{1, 4, 8, 6}, nil, tensor.Shape{1, 16, 8, 6}},
		{"size of the model", deep, []int{1, 4, 8, 6}, map[string]any{sample.ExtraDownscale: 8}, tensor.Shape{1, 16, 4, 3}},
		{"frames for video", video(), []int{1, 2, 8, 6}, nil, tensor.Shape{1, 2, 1, 8, 6}},
		{"video as it is", video(), []int{1, 2, 3, 8, 6}, nil, tensor.Shape{1, 2, 3, 8, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &probe{format: c.format}
			r := request(p, c.shape...)
			r.Latent.Extra = c.extra
			got, err := sample.Run(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Shape().Equal(c.want) {
				t.Errorf("got %v, want %v", got.Shape(), c.want)
			}
		})
	}
}

func TestVideoRegions(t *testing.T) {
	p := &probe{format: video()}
	r := request(p, 1, 2, 5, 8, 8)
	r.CFG = 1
	r.Positive = each(positive(), func(c value.Cond) value.Cond {
		return value.Set(c, sample.KeyRegion, sample.Region{Size: []float64{0.4, 0.5, 0.5}, At: []float64{0.2, 0.5, 0}, Percentage: true})
	})
	r.Latent.NoiseMask = tensor.New(tensor.F32, 5, 4, 4)
	if _, err := sample.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if want := (tensor.Shape{1, 2, 2, 4, 4}); len(p.calls) != 1 || !p.calls[0].shape.Equal(want) {
		t.Errorf("got %v, want one call of %v", p.calls, want)
	}
}

func TestMisfits(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *sample.Request)
	}{
		{"noise mask of one number", func(r *sample.Request) { r.Latent.NoiseMask = tensor.New(tensor.F32) }},
		{"noise mask of too many dimensions", func(r *sample.Request) { r.Latent.NoiseMask = tensor.New(tensor.F32, 1, 1, 1, 1, 8, 8) }},
		{"condition mask of one line", func(r *sample.Request) {
			r.Positive[0] = value.Set(r.Positive[0], value.KeyMask, tensor.New(tensor.F32, 8))
		}},
		{"batch index of another length", func(r *sample.Request) { r.Latent.BatchIndex = []int{1, 2, 3} }},
		{"batch index below 0", func(r *sample.Request) { r.Latent.BatchIndex = []int{-1, 0} }},
		{"batch index beyond reason", func(r *sample.Request) { r.Latent.BatchIndex = []int{0, 1 << 40} }},
		{"latent of one dimension", func(r *sample.Request) { r.Latent.Samples = tensor.New(tensor.F32, 4) }},
		{"too small a denoise", func(r *sample.Request) { r.Steps, r.Denoise = 10000, 1e-9 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(&probe{format: latent.Default()}, 2, 4, 8, 8)
			c.change(&r)
			var f *fault.Error
			if got, err := sample.Run(t.Context(), r); !errors.As(err, &f) {
				t.Errorf("got %v, %v, want a fault", got, err)
			}
		})
	}
}

func TestAreaOutside(t *testing.T) {
	p := &probe{format: latent.Default()}
	r := request(p, 1, 4, 8, 8)
	r.CFG = 1
	r.Positive = append(r.Positive, value.Set(r.Positive[0], value.KeyArea, value.Area{Height: 4, Width: 4, Y: 20, X: -3}))
	if _, err := sample.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(p.calls) != 1 {
		t.Errorf("got %d calls, want one: the area lies outside", len(p.calls))
	}
}

func TestCancel(t *testing.T) {
	for _, name := range sample.SamplerNames() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := &probe{format: latent.Default()}
			r := request(p, 1, 4, 8, 8)
			r.Sampler, r.Steps = name, 8
			r.Progress = func(int, int, *tensor.Tensor) error {
				cancel()
				return nil
			}
			_, err := sample.Run(ctx, r)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, fault.Cancelled) {
				t.Errorf("got %v, want cancelled", err)
			}
			if len(p.calls) > 3 {
				t.Errorf("the model was asked %d times after the first step", len(p.calls))
			}
		})
	}
}

func TestProgressStops(t *testing.T) {
	stop := errors.New("enough")
	r := request(&probe{format: latent.Default()}, 1, 4, 8, 8)
	r.Steps = 5
	r.Progress = func(step, total int, _ *tensor.Tensor) error {
		if step == 2 {
			return stop
		}
		return nil
	}
	if _, err := sample.Run(t.Context(), r); !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
}
