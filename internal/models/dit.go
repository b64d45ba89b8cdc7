package models

// ditClass recognises a model that is no U-shaped one by a tensor of its own.
type ditClass struct {
	family     Family
	class      string // the reference's name
	label      string // for people
	match      func(n names) bool
	prediction Prediction
	latent     string // the reference's name of the latent format
}

// has matches where all the named tensors are there.
func has(all ...string) func(names) bool { return func(n names) bool { return n.hasAll(all...) } }

// and matches where all conditions hold.
func and(conds ...func(names) bool) func(names) bool {
	return func(n names) bool {
		for _, c := range conds {
			if !c(n) {
				return false
			}
		}
		return true
	}
}

func not(c func(names) bool) func(names) bool { return func(n names) bool { return !c(n) } }

// size matches where a dimension of a tensor has that size.
func size(name string, i, want int) func(names) bool {
	return func(n names) bool { return n.dim(name, i) == want }
}

// norm matches a norm's scale under either of its names.
func norm(name string) func(names) bool {
	return func(n names) bool { return n.hasAny(name, "weight", "scale") }
}

// ditClasses are the transformers by their marks, in the order in which they are tried.
//
// Compat: the marks and their order are those of the reference's detection.
func ditClasses() []ditClass {
	flux := and(norm("double_blocks.0.img_attn.norm.key_norm."), func(n names) bool {
		return n.has("img_in.weight") || n.hasAny("distilled_guidance_layer.norms.0.", "weight", "scale")
	})
	chroma := and(flux, func(n names) bool {
		return n.hasAny("distilled_guidance_layer.norms.0.", "weight", "scale") || n.hasAny("distilled_guidance_layer.0.norms.0.", "weight", "scale")
	})
	hunyuan := has("txt_in.individual_token_refiner.blocks.0.norm1.weight")
	noVector := not(func(n names) bool { return n.hasBelow("vector_in.") })
	ltx := has("adaln_single.emb.timestep_embedder.linear_1.bias")
	cosmos := has("blocks.block0.blocks.0.block.attn.to_q.0.weight")
	lumina := has("cap_embedder.1.weight", "noise_refiner.0.attention.k_norm.weight")
	predict2 := has("blocks.0.mlp.layer1.weight")
	qwen := has("txt_norm.weight")
	return []ditClass{
		{"sd3", "SD3", "Stable Diffusion 3", has("joint_blocks.0.context_block.attn.qkv.weight"), Flow, "SD3"},
		{Cascade, "Stable_Cascade_C", "Stable Cascade, stage C", has("clf.1.weight", "clip_txt_mapper.weight"), CascadePred, "SC_Prior"},
		{Cascade, "Stable_Cascade_B", "Stable Cascade, stage B", has("clf.1.weight", "clip_mapper.weight"), CascadePred, "SC_B"},
		{"stable-audio", "StableAudio", "Stable Audio", has("transformer.rotary_pos_emb.inv_freq"), VPrediction, "StableAudio1"},
		{"auraflow", "AuraFlow", "AuraFlow", has("double_layers.0.attn.w1q.weight"), Flow, "SDXL"},
		{"hunyuan-dit", "HunyuanDiT1", "HunyuanDiT 1.1", and(has("mlp_t5.0.weight"), size("extra_embedder.0.weight", 1, 3968)), VPrediction, "SDXL"},
		{"hunyuan-dit", "HunyuanDiT", "HunyuanDiT 1.2", has("mlp_t5.0.weight"), VPrediction, "SDXL"},
		{"hunyuan-video-1.5", "HunyuanVideo15", "HunyuanVideo 1.5", and(hunyuan, has("vision_in.proj.0.weight")), Flow, "HunyuanVideo15"},
		{"hunyuan-image", "HunyuanImage21", "HunyuanImage 2.1", and(hunyuan, noVector), Flow, "HunyuanImage21"},
		{"hunyuan-video", "HunyuanVideoSkyreelsI2V", "HunyuanVideo SkyReels", and(hunyuan, size("img_in.proj.weight", 1, 32)), Flow, "HunyuanVideo"},
		{"hunyuan-video", "HunyuanVideoI2V", "HunyuanVideo image to video", and(hunyuan, size("img_in.proj.weight", 1, 33)), Flow, "HunyuanVideo"},
		{"hunyuan-video", "HunyuanVideo", "HunyuanVideo", hunyuan, Flow, "HunyuanVideo"},
		{"flux2", "Flux2", "Flux.2", and(flux, has("double_stream_modulation_img.lin.weight")), Flow, "Flux2"},
		{"chroma-radiance", "ChromaRadiance", "Chroma Radiance", and(chroma, norm("nerf_blocks.0.norm.")), Flow, "ChromaRadiance"},
		{"chroma", "Chroma", "Chroma", chroma, Flow, "Flux"},
		{"flux", "FluxInpaint", "Flux.1 Fill", and(flux, has("guidance_in.in_layer.weight"), size("img_in.weight", 1, 384)), Flow, "Flux"},
		{"flux", "Flux", "Flux.1 dev", and(flux, has("guidance_in.in_layer.weight")), Flow, "Flux"},
		{"longcat-image", "LongCatImage", "LongCat-Image", and(flux, noVector, size("txt_in.weight", 1, 3584)), Flow, "Flux"},
		{"flux", "FluxSchnell", "Flux.1 schnell", flux, Flow, "Flux"},
		{"mochi", "GenmoMochi", "Mochi", has("t5_yproj.weight"), Flow, "Mochi"},
		{"ltxv", "LTXAV", "LTX audio and video", and(ltx, has("audio_adaln_single.linear.weight")), Flow, "LTXAV"},
		{"ltxv", "LTXV", "LTX-Video", and(ltx, not(has("pos_embed.proj.bias"))), Flow, "LTXV"},
		{"ace-step", "ACEStep", "ACE-Step", has("genre_embedder.weight"), Flow, "ACEAudio"},
		{"pixart", "PixArtAlpha", "PixArt alpha", has("t_block.1.weight", "ar_embedder.mlp.0.weight"), EPS, "SD15"},
		{"pixart", "PixArtSigma", "PixArt sigma", has("t_block.1.weight"), EPS, "SDXL"},
		{"cosmos", "CosmosI2V", "Cosmos image to video", and(cosmos, func(n names) bool { return n.dim("x_embedder.proj.1.weight", 1)/4 == 18 }), EDM, "Cosmos1CV8x8x8"},
		{"cosmos", "CosmosT2V", "Cosmos", cosmos, EDM, "Cosmos1CV8x8x8"},
		{"pixeldit", "PixelDiTT2I", "PixelDiT", has("core.pixel_embedder.proj.weight"), Flow, "PixelDiTPixel"},
		{"z-image", "ZImage", "Z-Image", and(lumina, size("cap_embedder.1.weight", 0, 3840)), Flow, "Flux"},
		{"lumina2", "Lumina2", "Lumina 2", lumina, Flow, "Flux"},
		{"cogvideox", "CogVideoX_T2V", "CogVideoX", has("blocks.0.norm1.linear.weight"), VPrediction, "CogVideoX"},
		{"wan", "WAN21_Vace", "Wan VACE", has("head.modulation", "vace_patch_embedding.weight"), Flow, "Wan21"},
		{"wan", "WAN21_Camera", "Wan Camera", has("head.modulation", "control_adapter.conv.weight"), Flow, "Wan21"},
		{"wan", "WAN22_S2V", "Wan 2.2 speech to video", has("head.modulation", "casual_audio_encoder.encoder.final_linear.weight"), Flow, "Wan21"},
		{"wan", "WAN21_HuMo", "Wan HuMo", has("head.modulation", "audio_proj.audio_proj_glob_1.layer.bias"), Flow, "Wan21"},
		{"wan", "WAN22_Animate", "Wan 2.2 Animate", has("head.modulation", "face_adapter.fuser_blocks.0.k_norm.weight"), Flow, "Wan21"},
		{"wan", "WAN21_FunControl2V", "Wan Fun Control", and(has("head.modulation", "img_emb.proj.0.bias"), size("patch_embedding.weight", 1, 48)), Flow, "Wan21"},
		{"wan", "WAN21_I2V", "Wan 2.1 image to video", has("head.modulation", "img_emb.proj.0.bias"), Flow, "Wan21"},
		{"wan", "WAN22_T2V", "Wan 2.2 5B", and(has("head.modulation"), size("head.head.weight", 0, 192)), Flow, "Wan22"},
		{"wan", "WAN21_T2V", "Wan", has("head.modulation"), Flow, "Wan21"},
		{"hunyuan3d", "Hunyuan3Dv2", "Hunyuan3D 2", has("latent_in.weight"), Flow, "Hunyuan3Dv2"},
		{"hidream", "HiDream", "HiDream", has("caption_projection.0.linear.weight"), Flow, "Flux"},
		{"anima", "Anima", "Anima", and(predict2, has("llm_adapter.blocks.0.cross_attn.q_proj.weight")), Flow, "Wan21"},
		{"cosmos-predict2", "CosmosI2VPredict2", "Cosmos Predict2 image to video", and(predict2, size("x_embedder.proj.1.weight", 1, 72)), Flow, "Wan21"},
		{"cosmos-predict2", "CosmosT2IPredict2", "Cosmos Predict2", predict2, Flow, "Wan21"},
		{"omnigen2", "Omnigen2", "OmniGen2", and(has("time_caption_embed.timestep_embedder.linear_1.bias"), not(has("double_stream_layers.0.img_instruct_attn.processor.img_to_q.weight"))), Flow, "Flux"},
		{"lens", "Lens", "Lens", has("transformer_blocks.0.attn.norm_added_q.weight", "transformer_blocks.0.img_mlp.w1.weight"), Flow, "Flux2"},
		{"mage-flow", "MageFlow", "Mage-Flow", and(qwen, size("txt_norm.weight", 0, 2560), size("proj_out.weight", 0, 128)), Flow, "Flux2"},
		{"qwen-image", "QwenImage", "Qwen-Image", qwen, Flow, "Wan21"},
		{"krea2", "Krea2", "Krea 2", has("txtfusion.projector.weight"), Flow, "Wan21"},
		{"kandinsky5", "Kandinsky5Image", "Kandinsky 5 image", and(has("visual_transformer_blocks.0.cross_attention.key_norm.weight"), size("visual_embeddings.in_layer.bias", 0, 2560)), Flow, "Flux"},
		{"kandinsky5", "Kandinsky5", "Kandinsky 5", has("visual_transformer_blocks.0.cross_attention.key_norm.weight"), Flow, "HunyuanVideo"},
		{"ace-step", "ACEStep15", "ACE-Step 1.5", has("encoder.lyric_encoder.layers.0.input_layernorm.weight"), Flow, "ACEAudio15"},
		{"ernie-image", "ErnieImage", "ERNIE-Image", has("layers.0.mlp.linear_fc2.weight"), Flow, "Flux2"},
	}
}

// readDiT finds the class of the transformer below n's prefix.
func readDiT(n names) (ditClass, bool) {
	for _, c := range ditClasses() {
		if c.match(n) {
			return c, true
		}
	}
	return ditClass{}, false
}
