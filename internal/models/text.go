package models

import "strconv"

// readText reads a text encoder below n's prefix; false when there is none.
//
// Compat: which tensor marks which encoder, as the reference's detection of encoder files.
func readText(n names) (TextEncoder, bool) {
	for _, prefix := range []string{"", "transformer.", "text_model."} {
		if e, ok := readTextAt(n.sub(prefix)); ok {
			return e, true
		}
	}
	return TextEncoder{}, false
}

func readTextAt(n names) (TextEncoder, bool) {
	switch {
	case n.has("text_model.encoder.layers.0.mlp.fc1.weight"):
		return readCLIP(n.sub("text_model.")), true
	case n.has("encoder.layers.0.mlp.fc1.weight") && n.hasBelow("embeddings.token_embedding."):
		return readCLIP(n), true
	case n.hasAny("", "transformer.resblocks.0.ln_1.weight", "resblocks.0.ln_1.weight") && !n.has("conv1.weight"):
		return readOpenCLIP(n)
	case n.has("encoder.block.0.layer.0.SelfAttention.k.weight"):
		return TextEncoder{Kind: t5Kind(n), Prefix: n.prefix, Layers: n.count("encoder.block.", "."), Vocab: n.dim("shared.weight", 0),
			Width: n.dim("encoder.block.0.layer.0.SelfAttention.k.weight", 1)}, true
	case n.has("model.encoder.layers.0.mixer.Wqkv.weight"):
		return TextEncoder{Kind: "jina_clip_2", Prefix: n.prefix, Layers: n.count("model.encoder.layers.", ".")}, true
	}
	kind := llmKind(n)
	if kind == "" {
		return TextEncoder{}, false
	}
	return TextEncoder{Kind: kind, Prefix: n.prefix, Layers: n.count("model.layers.", "."),
		Width: n.dim("model.embed_tokens.weight", 1), Vocab: n.dim("model.embed_tokens.weight", 0)}, true
}

func readCLIP(n names) TextEncoder {
	e := TextEncoder{Prefix: n.prefix, Layers: n.count("encoder.layers.", "."), Width: n.dim("embeddings.token_embedding.weight", 1),
		Vocab: n.dim("embeddings.token_embedding.weight", 0), Positions: n.dim("embeddings.position_embedding.weight", 0)}
	e.Kind = clipKind(e.Layers)
	return e
}

func readOpenCLIP(n names) (TextEncoder, bool) {
	e := TextEncoder{Prefix: n.prefix, OpenCLIP: true, Layers: n.count("transformer.resblocks.", "."), Width: n.dim("token_embedding.weight", 1),
		Vocab: n.dim("token_embedding.weight", 0), Positions: n.dim("positional_embedding", 0)}
	e.Kind = clipKind(e.Layers)
	return e, e.Vocab > 0
}

// clipKind tells CLIP's text encoders apart by their depth.
func clipKind(layers int) string {
	switch {
	case layers > 30:
		return "clip_g"
	case layers > 22:
		return "clip_h"
	}
	return "clip_l"
}

func t5Kind(n names) string {
	switch last := "encoder.block.23.layer.1.DenseReluDense."; {
	case n.dim(last+"wi_1.weight", 0) == 10240:
		if n.dim("shared.weight", 0) > 100_000 {
			return "umt5xxl"
		}
		return "t5xxl"
	case n.dim(last+"wi_1.weight", 0) == 5120:
		return "t5_pile_xl"
	case n.has(last + "wi.weight"):
		return "t5xxl_old"
	case n.dim("encoder.block.0.layer.0.SelfAttention.k.weight", 0) == 384:
		return "byt5_small_glyph"
	}
	return "t5_base"
}

// llmKind names the language models that encode text; empty for none.
func llmKind(n names) string {
	layer := func(i int, name string) bool { return n.has("model.layers." + strconv.Itoa(i) + "." + name) }
	const normed = "self_attn.q_norm.weight"
	switch {
	case layer(0, "post_feedforward_layernorm.weight"):
		switch {
		case layer(47, normed):
			return "gemma3_12b"
		case layer(0, normed):
			return "gemma3_4b"
		}
		return "gemma2_2b"
	case n.dim("model.layers.0.self_attn.k_proj.bias", 0) == 256:
		return "qwen25_3b"
	case n.dim("model.layers.0.self_attn.k_proj.bias", 0) == 512:
		return "qwen25_7b_vl"
	}
	switch width := n.dim("model.layers.0.post_attention_layernorm.weight", 0); {
	case width == 0:
		return ""
	case layer(0, normed) && width == 2560:
		return "qwen3_4b"
	case layer(0, normed) && width == 2048:
		return "ovis25_2b"
	case layer(0, normed) && width == 4096:
		return "qwen3_8b"
	case layer(0, normed) && width == 1024:
		return "qwen3_06b"
	case width == 5120 && layer(39, "post_attention_layernorm.weight"):
		return "mistral3_24b"
	case width == 5120:
		return "mistral3_24b_pruned"
	case width == 3072:
		return "ministral3_3b"
	}
	return "llama31_8b"
}
