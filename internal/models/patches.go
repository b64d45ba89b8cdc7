package models

import (
	"strings"
)

// loraEndings are what the names of patches to weights end in.
//
// Compat: the endings of the formats that the reference applies.
func loraEndings() []string {
	return []string{
		".lora_up.weight", ".lora_down.weight", ".lora_A.weight", ".lora_B.weight", ".lora_A.default.weight", ".lora_B.default.weight",
		"_lora.up.weight", "_lora.down.weight", ".lora.up.weight", ".lora.down.weight", ".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight",
		".lora_A", ".lora_B", ".lora_mid.weight", ".hada_w1_a", ".hada_w1_b", ".hada_w2_a", ".hada_w2_b", ".hada_t1", ".hada_t2", ".lokr_w1", ".lokr_w1_a", ".lokr_w1_b", ".lokr_w2", ".lokr_w2_a", ".lokr_w2_b", ".lokr_t2",
		".oft_blocks", ".dora_scale", ".diff", ".diff_b", ".w_norm", ".b_norm", ".set_weight", ".reshape_weight", ".a1.weight", ".a2.weight", ".b1.weight", ".b2.weight",
	}
}

// LoRA is what the names and shapes of a file of patches tell.
type LoRA struct {
	Format       string // "lora", "loha", "lokr", "oft", "diff", …
	Rank         int    // of the first factor found; 0 when it has none
	Patches      int    // number of tensors
	TextEncoders bool   // patches text encoders too
}

// readLoRA reads a file of patches; nil when n is none. Nearly all of such a file's tensors belong to patches.
func readLoRA(n names) *LoRA {
	l := &LoRA{}
	for _, name := range n.all {
		ending := patchEnding(name)
		switch {
		case ending == "" && !strings.HasSuffix(name, ".alpha"):
			continue
		case strings.Contains(ending, "down") || strings.Contains(ending, "lora_A"):
			if l.Rank == 0 {
				l.Rank = n.dim(name, 0)
			}
		}
		if ending != "" && (l.Format == "" || l.Format == "diff") {
			l.Format = patchFormat(ending)
		}
		if strings.HasPrefix(name, "lora_te") || strings.HasPrefix(name, "text_encoder") || strings.HasPrefix(name, "lora_prior_te") {
			l.TextEncoders = true
		}
		l.Patches++
	}
	if l.Format == "" || l.Patches*2 < len(n.all) {
		return nil
	}
	return l
}

func patchEnding(name string) string {
	for _, e := range loraEndings() {
		if strings.HasSuffix(name, e) {
			return e
		}
	}
	return ""
}

func patchFormat(ending string) string {
	for _, f := range []struct{ mark, format string }{
		{"hada", "loha"}, {"lokr", "lokr"}, {"oft", "oft"}, {"lora", "lora"}, {".a1", "glora"}, {".b1", "glora"},
	} {
		if strings.Contains(ending, f.mark) {
			return f.format
		}
	}
	return "diff"
}

// loraFamily guesses the family that patches are for: by the modules they name, or by the width of the text encoding
// that their cross attention reads.
func loraFamily(n names) Family {
	if n.hasBelow("lora_te2_") || n.hasBelow("text_encoder_2.") {
		return SDXL
	}
	for _, name := range n.all {
		switch {
		case strings.Contains(name, "double_blocks") || strings.Contains(name, "single_transformer_blocks"):
			return "flux"
		case strings.Contains(name, "joint_blocks"):
			return "sd3"
		case strings.Contains(name, "txt_mlp") && strings.Contains(name, "transformer_blocks"):
			return "qwen-image"
		}
		if !strings.Contains(name, "attn2") || !(strings.Contains(name, "to_k") || strings.Contains(name, "to_v")) {
			continue
		}
		if !strings.Contains(name, "down.weight") && !strings.Contains(name, "lora_A") {
			continue
		}
		switch n.dim(name, 1) {
		case 768:
			return SD1
		case 1024:
			return SD2
		case 1280:
			return Refiner
		case 2048:
			return SDXL
		}
	}
	return ""
}

// readEmbedding reports whether the file holds textual inversions: rows of a text encoder's input, under the name of the encoder.
func readEmbedding(n names) bool {
	if len(n.all) == 0 || len(n.all) > 8 {
		return false
	}
	found := false
	for _, name := range n.all {
		s := n.shape(name)
		switch base, _, _ := strings.Cut(name, "."); base {
		case "emb_params", "string_to_param", "clip_l", "clip_g", "clip_h", "t5xxl", "*", "<emb>":
			found = found || len(s) == 1 || len(s) == 2
		case "string_to_token", "name", "step", "sd_checkpoint":
		default:
			if len(n.all) > 1 || len(s) != 2 || s[0] > 256 || s[1] > 8192 || strings.Contains(name, ".") {
				return false
			}
			found = true
		}
	}
	return found
}

// readUpscaler names the architecture of a picture upscaler; empty for none. Its tensors may stand below the key a trainer used.
func readUpscaler(root names) string {
	for _, prefix := range []string{"", "params_ema.", "params.", "model."} {
		n := root.sub(prefix)
		switch {
		case n.hasAll("conv_first.weight") && n.hasAny("", "body.0.rdb1.conv1.weight", "RRDB_trunk.0.RDB1.conv1.weight"):
			return "ESRGAN"
		case n.has("conv_first.weight") && n.hasBelow("layers.0.residual_group.overlap_attn."):
			return "HAT"
		case n.has("conv_first.weight") && n.hasBelow("layers.0.residual_group."):
			return "SwinIR"
		case n.has("conv_first.weight") && n.hasBelow("layers.0.blocks.0."):
			return "DAT"
		case n.has("block_1.c1_r.sk.weight"):
			return "SPAN"
		case n.hasBelow("residual_layer.0.residual_layer."):
			return "OmniSR"
		case n.has("to_feat.weight") && n.hasBelow("feats.0."):
			return "SAFMN"
		case n.has("feats.0.weight") && n.hasBelow("feats.1.lk."):
			return "RealPLKSR"
		case n.hasAll("body.0.weight", "body.1.weight") && len(n.shape("body.0.weight")) == 4 && len(n.shape("body.1.weight")) == 1:
			return "Compact"
		}
	}
	if root.has("model.0.weight") && (root.hasBelow("model.1.sub.0.RDB1.") || root.hasBelow("model.1.sub.0.")) {
		return "ESRGAN"
	}
	return ""
}
