package diffusion

import (
	"context"
	"encoding/json"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/internal/weights"
	"github.com/cocoonhq/cocoon/internal/weights/weightstest"
)

// demoNode is a node of a recorded prompt.
type demoNode struct {
	Class  string         `json:"class_type"`
	Inputs map[string]any `json:"inputs"`
}

// demo executes the few node types of the recorded prompts on the parts of this package.
type demo struct {
	t      *testing.T
	ctx    context.Context
	ck     Checkpoint
	inputs string // folder of pictures
	prompt map[string]demoNode
	done   map[string][]any
}

// TestGoldenDemo draws the recorded prompts.
func TestGoldenDemo(t *testing.T) {
	dir := golden.Dir(t, "demo")
	text, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]struct {
		Prompt map[string]demoNode `json:"prompt"`
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	want := golden.Read(t, filepath.Join(dir, "cases.safetensors"))
	ck, err := Load(openDemo(t), diffusiontest.CPU(t))
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := demo{t: t, ctx: t.Context(), ck: ck, inputs: filepath.Join(dir, "input"), prompt: c.Prompt, done: map[string][]any{}}
			for id, n := range c.Prompt {
				switch n.Class {
				case "KSampler":
					latent, _ := want.F32(name + ".latent")
					if e := relative(d.run(id)[0].(value.Latent).Samples.F32(), latent); !(e <= 2e-4) {
						t.Errorf("latent differs by %.2g, may by 2e-4", e)
					} else {
						t.Logf("latent differs by %.2g", e)
					}
				case "VAEDecode":
					picture, _ := want.F32(name + ".image")
					if db := psnr(d.run(id)[0].(value.Image).F32(), picture); !(db >= 70) {
						t.Errorf("picture at %.1f dB, must be 70", db)
					} else {
						t.Logf("picture at %.1f dB", db)
					}
				}
			}
		})
	}
}

// openDemo opens the demo checkpoint.
func openDemo(t testing.TB) weights.Source {
	t.Helper()
	return weightstest.Open(t, filepath.FromSlash("../demo/papercut.safetensors"))
}

// relative is the L2 norm of the difference by that of want.
func relative(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	diff, norm := 0.0, 0.0
	for i, w := range want {
		diff += math.Pow(float64(got[i]-w), 2)
		norm += math.Pow(float64(w), 2)
	}
	return math.Sqrt(diff / norm)
}

func psnr(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(-1)
	}
	sum := 0.0
	for i, w := range want {
		sum += math.Pow(float64(got[i]-w), 2)
	}
	return -10 * math.Log10(sum/float64(len(want)))
}

// run gives a node's outputs.
func (d *demo) run(id string) []any {
	if out, ok := d.done[id]; ok {
		return out
	}
	n := d.prompt[id]
	out := d.node(n)
	d.done[id] = out
	return out
}

func must[T any](v T, err error) func(*demo) T {
	return func(d *demo) T {
		d.t.Helper()
		if err != nil {
			d.t.Fatal(err)
		}
		return v
	}
}

// in gives an input of a node, following a link.
func (d *demo) in(n demoNode, name string) any {
	if link, ok := n.Inputs[name].([]any); ok {
		return d.run(link[0].(string))[int(link[1].(float64))]
	}
	return n.Inputs[name]
}

func (d *demo) number(n demoNode, name string) float64 { return d.in(n, name).(float64) }

func (d *demo) node(n demoNode) []any {
	switch n.Class {
	case "CheckpointLoaderSimple":
		return []any{d.ck.Model, d.ck.CLIP, d.ck.VAE}
	case "CLIPSetLastLayer":
		return []any{d.in(n, "clip").(*CLIP).WithLayer(int(d.number(n, "stop_at_clip_layer")))}
	case "CLIPTextEncode":
		return []any{must(d.in(n, "clip").(*CLIP).EncodeText(d.ctx, d.in(n, "text").(string), nil))(d)}
	case "EmptyLatentImage":
		b, h, w := int(d.number(n, "batch_size")), int(d.number(n, "height")), int(d.number(n, "width"))
		return []any{value.Latent{Samples: tensor.New(tensor.F32, b, 4, h/8, w/8)}}
	case "LoadImage":
		picture, mask := loadPicture(d.t, filepath.Join(d.inputs, d.in(n, "image").(string)))
		return []any{picture, mask}
	case "VAEEncode":
		z := must(d.in(n, "vae").(*VAE).Encode(d.ctx, d.in(n, "pixels").(value.Image)))(d)
		return []any{value.Latent{Samples: z}}
	case "VAEEncodeForInpaint":
		return []any{d.inpaint(d.in(n, "pixels").(value.Image), d.in(n, "mask").(value.Mask), d.in(n, "vae").(*VAE), int(d.number(n, "grow_mask_by")))}
	case "KSampler":
		return []any{d.sample(n)}
	case "VAEDecode":
		return []any{must(d.in(n, "vae").(*VAE).Decode(d.ctx, d.in(n, "samples").(value.Latent).Samples))(d)}
	}
	d.t.Fatalf("node type %s", n.Class)
	return nil
}

// loadPicture reads a PNG: colours as they are, and a mask of what is transparent.
func loadPicture(t *testing.T, path string) (value.Image, value.Mask) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	flat := image.NewNRGBA(img.Bounds())
	if n, ok := img.(*image.NRGBA); ok {
		flat = n
	} else {
		draw.Draw(flat, flat.Bounds(), img, image.Point{}, draw.Src)
	}
	picture, mask := tensor.New(tensor.F32, 1, h, w, 3), tensor.New(tensor.F32, 1, h, w)
	for i := range w * h {
		for c := range 3 {
			picture.F32()[i*3+c] = float32(flat.Pix[i*4+c]) / 255
		}
		mask.F32()[i] = 1 - float32(flat.Pix[i*4+3])/255
	}
	return value.Image{Tensor: picture}, value.Mask{Tensor: mask}
}

// inpaint greys the hole out, encodes, and grows the hole by a square.
func (d *demo) inpaint(p value.Image, m value.Mask, v *VAE, grow int) value.Latent {
	h, w := p.Dim(1), p.Dim(2)
	grey, grown := p.Clone(), tensor.New(tensor.F32, 1, 1, h, w)
	before := grow - 1 - (grow-1)/2
	for y := range h {
		for x := range w {
			keep := 1 - float32(math.RoundToEven(float64(m.F32()[y*w+x])))
			for c := range 3 {
				at := &grey.F32()[(y*w+x)*3+c]
				*at = (*at-0.5)*keep + 0.5
			}
			for dy := range grow {
				for dx := range grow {
					yy, xx := y+dy-before, x+dx-before
					if yy >= 0 && yy < h && xx >= 0 && xx < w && m.F32()[yy*w+xx] > 0.5 {
						grown.F32()[y*w+x] = 1
					}
				}
			}
		}
	}
	z := must(v.Encode(d.ctx, value.Image{Tensor: grey}))(d)
	return value.Latent{Samples: z, NoiseMask: grown}
}

func (d *demo) sample(n demoNode) value.Latent {
	in := d.in(n, "latent_image").(value.Latent)
	out, err := sample.Run(d.ctx, sample.Request{
		Source:   sample.Source{Model: d.in(n, "model").(*Model)},
		Positive: d.in(n, "positive").(value.Conditioning), Negative: d.in(n, "negative").(value.Conditioning),
		Latent: in, Seed: uint64(d.number(n, "seed")), Steps: int(d.number(n, "steps")), CFG: d.number(n, "cfg"),
		Sampler: d.in(n, "sampler_name").(string), Scheduler: d.in(n, "scheduler").(string), Denoise: d.number(n, "denoise"),
		EndStep: sample.ToEnd, AddNoise: true,
	})
	return in.With(must(out, err)(d))
}
