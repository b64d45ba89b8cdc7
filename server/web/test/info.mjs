// object_info entries and prompts that several tests use, in both styles that servers send.

import fs from "node:fs";

const number = (type, o) => [type, o];

export const info = {
  CheckpointLoaderSimple: { display_name: "Load Checkpoint", category: "loaders", input: { required: { ckpt_name: [["papercut.safetensors", "sd15/dreamlike_v2.safetensors"], {}] } }, input_order: { required: ["ckpt_name"] } },
  CLIPTextEncode: { display_name: "CLIP Text Encode (Prompt)", category: "conditioning", input: { required: { text: ["STRING", { multiline: true, dynamicPrompts: true }], clip: ["CLIP", {}] } }, input_order: { required: ["text", "clip"] } },
  EmptyLatentImage: { display_name: "Empty Latent Image", category: "latent", input: { required: { width: number("INT", { default: 512, min: 16, max: 16384, step: 8 }), height: number("INT", { default: 512, min: 16, max: 16384, step: 8 }), batch_size: number("INT", { default: 1, min: 1, max: 4096 }) } }, input_order: { required: ["width", "height", "batch_size"] } },
  KSampler: { display_name: "KSampler", category: "sampling", input: { required: { model: ["MODEL", {}], seed: number("INT", { default: 0, min: 0, max: 18446744073709551615, control_after_generate: true }), steps: number("INT", { default: 20, min: 1, max: 10000 }), cfg: number("FLOAT", { default: 8, min: 0, max: 100, step: 0.1, tooltip: "How strictly." }), sampler_name: [["euler", "ddim", "lms", "heun"], {}], scheduler: [["simple", "normal", "karras", "beta"], {}], positive: ["CONDITIONING", {}], negative: ["CONDITIONING", {}], latent_image: ["LATENT", {}], denoise: number("FLOAT", { default: 1, min: 0, max: 1, step: 0.01, advanced: true }) } }, input_order: { required: ["model", "seed", "steps", "cfg", "sampler_name", "scheduler", "positive", "negative", "latent_image", "denoise"] } },
  ControlNetApplyAdvanced: { display_name: "Apply ControlNet", category: "conditioning", input: { required: { positive: ["CONDITIONING", {}], negative: ["CONDITIONING", {}], strength: ["FLOAT", { default: 1, min: 0, max: 10, step: 0.01 }] } }, input_order: { required: ["positive", "negative", "strength"] } },
  VAEDecode: { display_name: "VAE Decode", category: "latent", input: { required: { samples: ["LATENT", {}], vae: ["VAE", {}] } }, input_order: { required: ["samples", "vae"] } },
  SaveImage: { display_name: "Save Image", category: "image", output_node: true, input: { required: { images: ["IMAGE", {}], filename_prefix: ["STRING", { default: "ComfyUI" }] }, hidden: { prompt: "PROMPT" } }, input_order: { required: ["images", "filename_prefix"], hidden: ["prompt"] } },
  LoadImage: { display_name: "Load Image", category: "image", input: { required: { image: [["a.png", "b.png"], { image_upload: true }] } }, input_order: { required: ["image"] } },
  PrimitiveInt: { display_name: "Int", category: "utilities/primitive", input: { required: { value: ["INT", { min: -10, max: 10, control_after_generate: "fixed" }] } }, input_order: { required: ["value"] } },
  PrimitiveString: { display_name: "Text", category: "utilities/primitive", input: { required: { value: ["STRING", { multiline: false }] } }, input_order: { required: ["value"] } },
  Resize: { display_name: "Resize", category: "image", output_node: true, input: { required: { image: ["IMAGE", {}], mode: ["COMFY_DYNAMICCOMBO_V3", { options: [{ key: "size", inputs: { required: { width: ["INT", { default: 512 }], height: ["INT", { default: 256 }] } } }, { key: "factor", inputs: { required: { by: ["FLOAT", { default: 2 }] } } }] }], smooth: ["BOOLEAN", { default: true }], forced: ["INT", { forceInput: true }], tint: ["COLOR", { default: "#ffffff" }] } }, input_order: { required: ["image", "mode", "smooth", "forced", "tint"] } },
};

export const prompt = () => JSON.parse(fs.readFileSync(new URL("../default.json", import.meta.url), "utf8"));
