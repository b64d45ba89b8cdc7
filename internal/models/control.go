package models

// Control is what the names and shapes of a ControlNet tell.
type Control struct {
	Layout       string // "ldm", "diffusers", "control-lora", "t2i-adapter" or the name of a transformer's layout
	HintChannels int    // of the picture that steers it; 0 when unknown
	UnionTypes   int    // number of control types of a union file; 0 for others
	Difference   bool   // holds differences to the model it belongs to
	Prefix       string
	UNet         *UNet // nil for adapters and for those of transformers
}

// readControl reads a ControlNet, adapter or control LoRA; nil when n is none.
//
// Compat: marks and their order as the reference's loader of ControlNets.
func readControl(n names) *Control {
	switch {
	case n.has("lora_controlnet"):
		return &Control{Layout: "control-lora", HintChannels: n.dim("input_hint_block.0.weight", 1)}
	case n.has("after_proj_list.18.bias"):
		return &Control{Layout: "hunyuan-dit"}
	case n.has("controlnet_cond_embedding.conv_in.weight"):
		c := &Control{Layout: "diffusers", HintChannels: n.dim("controlnet_cond_embedding.conv_in.weight", 1), UNet: readDiffusersUNet(n)}
		if n.has("control_add_embedding.linear_1.bias") {
			c.UnionTypes = n.dim("task_embedding", 0)
		}
		return c
	case n.hasAny("", "controlnet_blocks.0.weight", "controlnet_blocks.0.linear.weight", "control_blocks.0.after_proj.weight"):
		return &Control{Layout: transformerControl(n)}
	}
	for _, prefix := range []string{"control_model.", ""} {
		at := n.sub(prefix)
		if !at.has("zero_convs.0.0.weight") {
			continue
		}
		c := &Control{Layout: "ldm", Prefix: prefix, UNet: readUNet(at), Difference: prefix != "" && n.has("difference"),
			HintChannels: at.dim("input_hint_block.0.weight", 1)}
		if at.has("control_add_embedding.linear_1.bias") {
			c.UnionTypes = at.dim("task_embedding", 0)
		}
		if c.UNet != nil {
			c.UNet.Out = 0
		}
		return c
	}
	return readAdapter(n)
}

func transformerControl(n names) string {
	switch {
	case n.has("pos_embed_input.proj.weight"):
		return "sd3"
	case n.has("transformer_blocks.0.img_mlp.net.0.proj.weight") || n.has("control_img_in.weight"):
		return "qwen-image"
	}
	return "flux"
}

func readAdapter(n names) *Control {
	for _, prefix := range []string{"", "adapter."} {
		at := n.sub(prefix)
		switch {
		case at.has("body.0.in_conv.weight"):
			return &Control{Layout: "t2i-adapter", Prefix: prefix, HintChannels: hint(at.dim("body.0.in_conv.weight", 1))}
		case at.has("conv_in.weight") && at.hasAny("", "body.0.block2.weight", "body.0.resnets.0.block2.weight"):
			return &Control{Layout: "t2i-adapter", Prefix: prefix, HintChannels: hint(at.dim("conv_in.weight", 1))}
		}
	}
	return nil
}

// hint is the channels of an adapter's picture, which it folds 8 by 8 (16 by 16 for the large ones) into its first convolution.
func hint(in int) int {
	switch {
	case in == 256 || in == 768:
		return in / 256
	case in%64 == 0:
		return in / 64
	}
	return in
}
