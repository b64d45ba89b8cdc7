package models_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// headers is a source of names and shapes. Elements are zero unless values has some.
type headers struct {
	names  []string
	infos  map[string]weights.Info
	values map[string][]float32
}

func (h *headers) add(name, dtype string, shape []int) {
	dt, _ := tensor.ParseDType(dtype)
	s := tensor.Shape(shape)
	h.infos[name] = weights.Info{DType: dt, Stored: dtype, Shape: s, Bytes: int64(s.Elems() * dt.Size())}
	if at, there := slices.BinarySearch(h.names, name); !there {
		h.names = slices.Insert(h.names, at, name)
	}
}

func (h *headers) Names() []string { return h.names }

func (h *headers) Info(name string) (weights.Info, bool) {
	i, ok := h.infos[name]
	return i, ok
}

func (h *headers) Tensor(name string) (*tensor.Tensor, bool) {
	if v, ok := h.values[name]; ok {
		return tensor.FromF32(v, h.infos[name].Shape...), true
	}
	i, ok := h.infos[name]
	if !ok {
		return nil, false
	}
	if i.Shape.Elems() > 1<<20 {
		panic("detection reads the elements of " + name)
	}
	return tensor.New(i.DType, i.Shape...), true
}

// readHeader loads FILE.header.json.gz; prefix is put before every name.
func readHeader(t testing.TB, path, prefix string) *headers {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct {
		DType string
		Shape []int
	}
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	h := &headers{infos: map[string]weights.Info{}, values: map[string][]float32{}}
	for name, e := range all {
		h.add(prefix+name, e.DType, e.Shape)
	}
	return h
}

var alternates = regexp.MustCompile(`tensor (\S+) alternates (\S+), (\S+)`)

// recorded follows the description of a header in checkpoints.json: a file, and what is put into it.
func recorded(t *testing.T, dir, text string) *headers {
	t.Helper()
	file, rest, _ := strings.Cut(text, ".header.json.gz")
	h := readHeader(t, filepath.Join(dir, file+".header.json.gz"), "")
	if plus, ok := strings.CutPrefix(rest, " plus "); ok {
		var extra map[string]struct {
			Shape []int
			Value *float32
		}
		if err := json.Unmarshal([]byte(plus), &extra); err != nil {
			t.Fatal(err)
		}
		for name, e := range extra {
			h.add(name, "F32", e.Shape)
			if e.Value != nil {
				h.values[name] = []float32{*e.Value}
			}
		}
		return h
	}
	if m := alternates.FindStringSubmatch(rest); m != nil {
		values := make([]float32, h.infos[m[1]].Shape.Elems())
		for i := range values {
			v, err := strconv.ParseFloat(m[2+i%2], 32)
			if err != nil {
				t.Fatal(err)
			}
			values[i] = float32(v)
		}
		h.values[m[1]] = values
	} else if rest != "" {
		t.Fatalf("header %q is not understood", text)
	}
	return h
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// config spells a configuration as the recorded ones are.
func config(u *models.UNet) map[string]any {
	c := map[string]any{
		"use_checkpoint": false, "image_size": 32, "use_spatial_transformer": true, "legacy": false, "adm_in_channels": nil,
		"in_channels": u.In, "model_channels": u.Channels, "num_res_blocks": u.ResBlocks, "channel_mult": u.ChannelMult,
		"transformer_depth": u.TransformerDepth, "transformer_depth_output": u.TransformerDepthOutput,
		"transformer_depth_middle": u.TransformerDepthMiddle, "use_linear_in_transformer": u.LinearProjections, "context_dim": u.Context,
		"use_temporal_resblock": u.Temporal, "use_temporal_attention": u.Temporal,
	}
	if u.Out > 0 {
		c["out_channels"] = u.Out
	}
	if u.Label > 0 {
		c["num_classes"], c["adm_in_channels"] = "sequential", u.Label
	}
	if u.Temporal {
		c["extra_ff_mix_layer"], c["use_spatial_context"], c["merge_strategy"] = true, true, "learned_with_images"
		c["merge_factor"], c["video_kernel_size"], c["disable_temporal_crossattention"] = 0.0, []int{3, 1, 1}, !u.TemporalCross
	}
	return c
}

// plain turns values into what JSON makes of them.
func plain(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

type checkpoint struct {
	UNetPrefix string         `json:"unet_prefix"`
	Detected   map[string]any `json:"detected_unet_config"`
	Used       map[string]any `json:"unet_config_used"`
	Class      string         `json:"model_class"`
	Vision     *string        `json:"clip_vision_prefix"`
	Inpaint    *bool
	Prediction string   `json:"model_type"`
	Concat     []string `json:"concat_keys"`
	Label      int      `json:"adm_channels"`
	Latent     struct{ Class string }
	Format     struct{ Class string } `json:"latent_format"`
	Sampling   map[string]any         `json:"sampling_settings"`
	Header     string
}

func TestGoldenCheckpoints(t *testing.T) {
	dir := golden.Dir(t, "models/detect-unet")
	var cases map[string]checkpoint
	readJSON(t, filepath.Join(dir, "checkpoints.json"), &cases)
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			src := recorded(t, dir, want.Header)
			got := models.Inspect(src)
			if got.UNetPrefix != want.UNetPrefix || got.Class != want.Class || got.Latent != want.Format.Class {
				t.Errorf("%q %s, latent %s; want %q %s, %s", got.UNetPrefix, got.Class, got.Latent, want.UNetPrefix, want.Class, want.Format.Class)
			}
			if got.Kind != models.Checkpoint && got.Kind != models.DiffusionModel {
				t.Errorf("kind %q", got.Kind)
			}
			if p := strings.ToLower(want.Prediction); string(got.Sampling.Prediction) != p {
				t.Errorf("predicts %s, want %s", got.Sampling.Prediction, p)
			}
			if got.Inpaint != slices.Equal(want.Concat, []string{"mask", "masked_image"}) {
				t.Errorf("inpaint %v, joined %v", got.Inpaint, want.Concat)
			}
			compareSampling(t, got.Sampling, want.Sampling)
			if got.UNet == nil {
				if _, cascade := want.Detected["stable_cascade_stage"]; !cascade {
					t.Fatal("no configuration")
				}
				return
			}
			if diff := cmp.Diff(want.Detected, plain(t, config(got.UNet))); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
			compareHeads(t, got.UNet, want.Used)
			if got.UNet.Label != want.Label && want.Label != 0 {
				t.Errorf("label %d, want %d", got.UNet.Label, want.Label)
			}
			if want.Inpaint != nil && *want.Inpaint != (got.UNet.In > 4) {
				t.Errorf("%d input channels, inpaint %v", got.UNet.In, *want.Inpaint)
			}
		})
	}
}

func compareHeads(t *testing.T, u *models.UNet, used map[string]any) {
	t.Helper()
	heads, width := u.Heads, u.HeadWidth
	if heads == 0 {
		heads = -1
	} else {
		width = -1
	}
	want := [2]any{used["num_heads"], used["num_head_channels"]}
	if want[0] == nil {
		want[0] = -1.0
	}
	if want[1] == nil {
		want[1] = -1.0
	}
	if got := [2]any{float64(heads), float64(width)}; got != want {
		t.Errorf("heads and width of a head %v, want %v", got, want)
	}
}

func compareSampling(t *testing.T, got models.Sampling, want map[string]any) {
	t.Helper()
	have := map[string]any{}
	for name, v := range map[string]float64{
		"sigma_min": got.SigmaMin, "sigma_max": got.SigmaMax, "sigma_data": got.SigmaData, "shift": got.Shift,
		"linear_start": got.LinearStart, "linear_end": got.LinearEnd,
	} {
		if v != 0 {
			have[name] = v
		}
	}
	if got.ZeroTerminalSNR {
		have["zsnr"] = true
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("sampling settings (-want +got):\n%s", diff)
	}
}

func TestGoldenControlNets(t *testing.T) {
	dir := golden.Dir(t, "models/detect-unet")
	var cases map[string]struct {
		LDM       string         `json:"header_ldm_keys"`
		Diffusers string         `json:"header_diffusers_keys"`
		WantDiff  map[string]any `json:"config_from_diffusers_keys"`
		WantLDM   map[string]any `json:"config_from_ldm_keys"`
	}
	readJSON(t, filepath.Join(dir, "controlnets.json"), &cases)
	for name, c := range cases {
		for _, l := range []struct {
			layout, file, prefix string
			want                 map[string]any
		}{{"ldm", c.LDM, "", c.WantLDM}, {"ldm", c.LDM, "control_model.", c.WantLDM}, {"diffusers", c.Diffusers, "", c.WantDiff}} {
			t.Run(fmt.Sprintf("%s/%s%s", name, l.prefix, l.layout), func(t *testing.T) {
				r := models.Inspect(readHeader(t, filepath.Join(dir, l.file), l.prefix))
				if r.Kind != models.ControlNet || r.Control.Layout != l.layout || r.UNet == nil || r.LoaderFor() != "ControlNetLoader" {
					t.Fatalf("%v, %+v", r, r.Control)
				}
				if l.want == nil {
					return
				}
				have := config(r.UNet)
				have["hint_channels"] = r.Control.HintChannels
				if r.Control.UnionTypes > 0 {
					have["union_controlnet_num_control_type"] = r.Control.UnionTypes
				}
				compareHeads(t, r.UNet, l.want)
				want := maps.Clone(l.want)
				for _, key := range []string{"num_heads", "num_head_channels", "attn_precision"} {
					delete(want, key)
				}
				if diff := cmp.Diff(want, plain(t, have)); diff != "" {
					t.Errorf("configuration (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestGoldenVAEs(t *testing.T) {
	dir := golden.Dir(t, "models/detect-unet")
	var cases map[string]struct {
		Header   string
		Class    string
		Channels int     `json:"latent_channels"`
		Dims     int     `json:"latent_dim"`
		Up       int     `json:"upscale_ratio"`
		Down     int     `json:"downscale_ratio"`
		Metadata *string `json:"metadata_needed"`
	}
	readJSON(t, filepath.Join(dir, "vaes.json"), &cases)
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			r := models.Inspect(readHeader(t, filepath.Join(dir, want.Header), ""))
			if r.Kind != models.VAEFile || r.LoaderFor() != "VAELoader" {
				t.Fatalf("%v", r)
			}
			v := r.VAE
			if want.Metadata != nil { // the loader sets the channels, not the file
				if want.Channels, v.LatentChannels = 0, 0; !strings.Contains(*want.Metadata, "tae_latent_channels") {
					t.Errorf("metadata %q is not understood", *want.Metadata)
				}
			}
			if v.Class != want.Class || v.LatentChannels != want.Channels || v.LatentDims != want.Dims || v.Ratio != want.Up || v.Ratio != want.Down {
				t.Errorf("got %+v, want %+v", *v, want)
			}
		})
	}
}
