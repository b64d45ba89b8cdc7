package models_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// file makes a source of zeros: "name: 4 3 1 1" a line.
func file(lines string) weights.Map {
	m := weights.Map{}
	for line := range strings.Lines(lines) {
		name, dims, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		m[name] = tensor.New(tensor.F16, ints(dims)...)
	}
	return m
}

func ints(text string) []int {
	var out []int
	for _, f := range strings.Fields(text) {
		n := 0
		for _, c := range f {
			n = n*10 + int(c-'0')
		}
		out = append(out, n)
	}
	return out
}

// smallUNet is the least that is recognised as a U-shaped model of the first family.
const smallUNet = `
	input_blocks.0.0.weight: 8 4 3 3
	input_blocks.1.0.in_layers.0.weight: 8
	input_blocks.1.0.out_layers.3.weight: 8 8 3 3
	input_blocks.1.1.proj_in.weight: 8 8 1 1
	input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight: 8 6
	out.2.weight: 4 8 3 3`

func prefixed(prefix, lines string) string {
	return strings.ReplaceAll(lines, "\n\t", "\n\t"+prefix)
}

const (
	smallVAE  = "\n\tdecoder.conv_in.weight: 8 4 3 3\n\tdecoder.up.0.block.0.conv1.weight: 8 8 3 3\n\tdecoder.up.1.block.0.conv1.weight: 8 8 3 3\n\tencoder.conv_in.weight: 8 3 3 3\n\tpost_quant_conv.weight: 4 4 1 1"
	smallText = "\n\ttext_model.encoder.layers.0.mlp.fc1.weight: 8 4\n\ttext_model.embeddings.token_embedding.weight: 10 4\n\ttext_model.embeddings.position_embedding.weight: 7 4"
)

func TestInspect(t *testing.T) {
	whole := prefixed("model.diffusion_model.", smallUNet) + prefixed("first_stage_model.", smallVAE) + prefixed("cond_stage_model.transformer.", smallText)
	for _, c := range []struct {
		name, lines string
		want        string // the report in words
		node        string
		missing     []string
	}{
		{"checkpoint", whole, "a checkpoint (Stable Diffusion 1)", "CheckpointLoaderSimple", nil},
		{"with leftovers", whole + "\n\tmodel_ema.decay:\n\talphas_cumprod: 1000", "a checkpoint (Stable Diffusion 1)", "CheckpointLoaderSimple", nil},
		{"without text encoder", prefixed("model.diffusion_model.", smallUNet) + prefixed("first_stage_model.", smallVAE), "a checkpoint (Stable Diffusion 1)", "CheckpointLoaderSimple", []string{"text encoder"}},
		{"without VAE", prefixed("model.diffusion_model.", smallUNet) + prefixed("cond_stage_model.transformer.", smallText), "a checkpoint (Stable Diffusion 1)", "CheckpointLoaderSimple", []string{"VAE"}},
		{"bare", smallUNet, "a diffusion model (Stable Diffusion 1)", "UNETLoader", nil},
		{"bare with prefix", prefixed("model.diffusion_model.", smallUNet), "a diffusion model (Stable Diffusion 1)", "UNETLoader", nil},
		{"VAE", smallVAE, "a VAE (AutoencoderKL, 4 latent channels, 2×)", "VAELoader", nil},
		{"VAE cut from a checkpoint", prefixed("first_stage_model.", smallVAE), "a VAE (AutoencoderKL, 4 latent channels, 2×)", "VAELoader", nil},
		{"decoder", "decoder.conv_in.weight: 8 4 3 3", "a VAE (AutoencodingEngine, 4 latent channels, 1×, decoder only)", "VAELoader", nil},
		{"tiny decoder", "1.weight: 8 4 3 3\n3.conv.0.weight: 8 8 3 3", "an approximate VAE", "VAELoader", nil},
		{"text encoder", smallText, "a text encoder (clip_l, 1 layers, 4 wide)", "CLIPLoader", nil},
		{"OpenCLIP", "transformer.resblocks.0.ln_1.weight: 4\ntoken_embedding.weight: 10 4\npositional_embedding: 7 4", "a text encoder (clip_l, 1 layers, 4 wide)", "CLIPLoader", nil},
		{"image encoder", "vision_model.encoder.layers.0.layer_norm1.weight: 4", "an image encoder", "CLIPVisionLoader", nil},
		{"LoRA", "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight: 4 768\nlora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight: 320 4\nlora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.alpha:", "a LoRA (Stable Diffusion 1)", "LoraLoader", nil},
		{"LoHa", "a.hada_w1_a: 1\na.hada_w1_b: 1\na.hada_w2_a: 1\na.hada_w2_b: 1\na.alpha:", "a LoRA (loha)", "LoraLoader", nil},
		{"ControlNet", prefixed("control_model.", smallUNet) + "\n\tcontrol_model.zero_convs.0.0.weight: 8 8 1 1\n\tcontrol_model.input_hint_block.0.weight: 16 3 3 3", "a ControlNet (Stable Diffusion 1)", "ControlNetLoader", nil},
		{"difference", prefixed("control_model.", smallUNet) + "\n\tcontrol_model.zero_convs.0.0.weight: 8 8 1 1\n\tdifference:", "a ControlNet (Stable Diffusion 1)", "DiffControlNetLoader", nil},
		{"control LoRA", "lora_controlnet:\ninput_blocks.0.0.down: 1 1\ninput_hint_block.0.weight: 16 3 3 3", "a ControlNet (control-lora)", "ControlNetLoader", nil},
		{"adapter", "conv_in.weight: 320 192 3 3\nbody.0.block2.weight: 320 320 1 1", "a ControlNet (t2i-adapter)", "ControlNetLoader", nil},
		{"upscaler", "params_ema.conv_first.weight: 64 3 3 3\nparams_ema.body.0.rdb1.conv1.weight: 32 64 3 3", "an upscaler (ESRGAN)", "UpscaleModelLoader", nil},
		{"old upscaler", "model.0.weight: 64 3 3 3\nmodel.1.sub.0.RDB1.conv1.0.weight: 32 64 3 3", "an upscaler (ESRGAN)", "UpscaleModelLoader", nil},
		{"embedding", "emb_params: 3 768", "an embedding", "", nil},
		{"old embedding", "string_to_param.*: 3 768", "an embedding", "", nil},
		{"large embedding", "clip_l: 3 768\nclip_g: 3 1280", "an embedding", "", nil},
		{"style model", "style_embedding: 1 8 4", "a style model", "StyleModelLoader", nil},
		{"IP-Adapter", "image_proj.proj.weight: 4 4\nip_adapter.1.to_k_ip.weight: 4 4", "an IP-Adapter", "", nil},
		{"nothing known", "a.b.c: 4 4\nd.e: 1", "a file of tensors that no known model has", "", nil},
		{"nothing", "", "a file of tensors that no known model has", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := models.Inspect(file(c.lines))
			if r.String() != c.want || r.LoaderFor() != c.node {
				t.Errorf("got %v, loaded by %q; want %s, %q", r, r.LoaderFor(), c.want, c.node)
			}
			if diff := cmp.Diff(c.missing, r.Missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInspectParts(t *testing.T) {
	src := file(prefixed("model.diffusion_model.", smallUNet) + prefixed("first_stage_model.", smallVAE) + prefixed("cond_stage_model.transformer.", smallText) + "\n\talphas_cumprod: 1000")
	src["first_stage_model.post_quant_conv.weight"] = tensor.New(tensor.F32, 4, 4, 1, 1)
	r := models.Inspect(src)
	want := []models.Part{
		{Name: "diffusion model", Prefix: "model.diffusion_model.", Tensors: 6, Parameters: 288 + 8 + 576 + 64 + 48 + 288, Bytes: 2 * 1272, DTypes: []string{"F16"}},
		{Name: "VAE", Prefix: "first_stage_model.", Tensors: 5, Parameters: 288 + 576 + 576 + 216 + 16, Bytes: 2*1656 + 64, DTypes: []string{"F16", "F32"}},
		{Name: "clip_l", Prefix: "cond_stage_model.transformer.text_model.", Tensors: 3, Parameters: 32 + 40 + 28, Bytes: 200, DTypes: []string{"F16"}},
		{Name: "other", Tensors: 1, Parameters: 1000, Bytes: 2000, DTypes: []string{"F16"}},
	}
	if diff := cmp.Diff(want, r.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if r.Parameters() != 1272+1672+100+1000 {
		t.Errorf("%d parameters", r.Parameters())
	}
}

func TestReportWant(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		want        models.Kind
		text        string // empty: it fits
	}{
		{"a.safetensors", smallVAE, models.VAEFile, ""},
		{"a.safetensors", smallVAE, models.Checkpoint, "a.safetensors is a VAE (AutoencoderKL, 4 latent channels, 2×), not a checkpoint; load it with VAELoader (its place is models/vae)"},
		{"b.safetensors", smallUNet, models.Checkpoint, "b.safetensors is a diffusion model (Stable Diffusion 1), not a checkpoint; load it with UNETLoader (its place is models/diffusion_models)"},
		{"c.pt", "emb_params: 3 768", models.LoRAFile, "c.pt is an embedding, not a LoRA; put it into models/embeddings and write embedding:c in a prompt"},
		{"d.bin", "ip_adapter.1.to_k_ip.weight: 4 4", models.Checkpoint, "d.bin is an IP-Adapter, not a checkpoint; no built-in node loads it"},
		{"e.bin", "x.y.z: 1", models.Checkpoint, "e.bin is a file of tensors that no known model has, not a checkpoint; check where it was downloaded from"},
	} {
		err := models.Inspect(file(c.lines)).Want(c.name, c.want)
		switch {
		case c.text == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.text != "" && (!errors.Is(err, fault.WrongModel) || err.Error() != c.text):
			t.Errorf("%s:\ngot  %v\nwant %s", c.name, err, c.text)
		}
	}
}

func TestInspectFile(t *testing.T) {
	dir := t.TempDir()
	u64 := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	u32 := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	text := func(s string) string { return u64(uint64(len(s))) + s }
	header := `{"__metadata__":{"modelspec.title":"mine"},"emb_params":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}}`
	for name, data := range map[string]string{
		"e.safetensors": u64(uint64(len(header))) + header + "1234",
		"g.gguf":        "GGUF" + u32(3) + u64(0) + u64(1) + text("general.architecture") + u32(8) + text("flux"),
		"bad":           "nothing of use",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := models.InspectFile(filepath.Join(dir, "e.safetensors"))
	if err != nil || r.Kind != models.Embedding || r.Format != weights.Safetensors || !slices.Contains(r.Notes, "modelspec.title: mine") {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = models.InspectFile(filepath.Join(dir, "g.gguf"))
	if err != nil || r.Format != weights.GGUF || r.LoaderFor() != "" || !slices.Contains(r.Notes, "GGUF, architecture flux") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := models.InspectFile(filepath.Join(dir, "bad")); !errors.Is(err, fault.BadFile) {
		t.Errorf("a file of other bytes: %v", err)
	}
}

func BenchmarkInspect(b *testing.B) {
	for _, name := range []string{"sd15", "sdxl-base"} {
		h := readHeader(b, filepath.Join(golden.Dir(b, "models/detect-unet"), name+".header.json.gz"), "")
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				models.Inspect(h)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("input_blocks.0.0.weight: 8 4 3 3\nout.2.weight: 0")
	f.Add("double_blocks.0.img_attn.norm.key_norm.scale: 4\nimg_in.weight:")
	f.Add("conv_in.weight: 1 2\ntime_embedding.linear_1.weight: 1\ndown_blocks.0.resnets.0.conv2.weight:")
	f.Fuzz(func(t *testing.T, lines string) {
		if len(lines) > 1<<12 {
			return
		}
		m := weights.Map{}
		for line := range strings.Lines(lines) {
			name, dims, _ := strings.Cut(strings.TrimSpace(line), ":")
			var shape []int
			for i, d := range dims {
				if i < 6 {
					shape = append(shape, int(d)%5)
				}
			}
			m[name] = tensor.New(tensor.F16, shape...)
		}
		r := models.Inspect(m)
		_, _ = r.String(), r.Want("x", models.Checkpoint)
	})
}
