package latent

// Names lists the formats that have a table here.
func Names() []string {
	names := make([]string, 0, len(table()))
	for _, f := range table() {
		names = append(names, f.Name)
	}
	return names
}

// ByName gives a format by the reference's name for it: "SD15", "SDXL", "Flux", …
func ByName(name string) (Format, bool) {
	for _, f := range table() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// table is every format: numbers that were fixed when the families were trained.
func table() []Format {
	return []Format{
		{Name: "ACEAudio", Channels: 8, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1},
		{Name: "ACEAudio15", Channels: 64, Dims: 1, Downscale: 8, Temporal: 1764, Scale: 1},
		{Name: "ChromaRadiance", Channels: 3, Dims: 2, Downscale: 1, Temporal: 1, Scale: 1, RGB: rgbChromaRadiance()},
		{Name: "CogVideoX", Channels: 16, Dims: 3, Downscale: 8, Temporal: 4, Scale: 1.1525843},
		{Name: "CogVideoX1_5", Channels: 16, Dims: 3, Downscale: 8, Temporal: 4, Scale: 0.7},
		{
			Name: "Cosmos1CV8x8x8", Channels: 16, Dims: 3, Downscale: 8, Temporal: 8, Scale: 1,
			RGB: rgbCosmos1CV8x8x8(), RGBBias: [3]float32{-0.1223, -0.1889, -0.1976},
		},
		{
			Name: "Flux", Channels: 16, Dims: 2, Downscale: 8, Temporal: 1, Scale: 0.3611,
			Shift: 0.1159, RGB: rgbFlux(), RGBBias: [3]float32{-0.0329, -0.0718, -0.0851}, TinyVAE: "taef1_decoder",
		},
		{
			Name: "Flux2", Channels: 128, Dims: 2, Downscale: 16, Temporal: 1, Scale: 1,
			RGB: rgbFlux2(), RGBBias: [3]float32{-0.0329, -0.0718, -0.0851}, TinyVAE: "taef2_decoder", PatchedRGB: true,
		},
		{Name: "HiDreamO1Pixel", Channels: 3, Dims: 2, Downscale: 1, Temporal: 1, Scale: 1, RGB: rgbChromaRadiance()},
		{Name: "Hunyuan3Dv2", Channels: 64, Dims: 1, Downscale: 8, Temporal: 1, Scale: 0.9990943},
		{Name: "Hunyuan3Dv2_1", Channels: 64, Dims: 1, Downscale: 8, Temporal: 1, Scale: 1.0039506},
		{Name: "Hunyuan3Dv2mini", Channels: 64, Dims: 1, Downscale: 8, Temporal: 1, Scale: 1.0188137},
		{
			Name: "HunyuanImage21", Channels: 64, Dims: 2, Downscale: 32, Temporal: 1, Scale: 0.75289,
			RGB: rgbHunyuanImage21(), RGBBias: [3]float32{0.0007, -0.0256, -0.0206},
		},
		{
			Name: "HunyuanImage21Refiner", Channels: 64, Dims: 3, Downscale: 8, Temporal: 1, Scale: 1.03682,
			PairedFrames: true,
		},
		{
			Name: "HunyuanVideo", Channels: 16, Dims: 3, Downscale: 8, Temporal: 4, Scale: 0.476986,
			RGB: rgbHunyuanVideo(), RGBBias: [3]float32{0.0259, -0.0192, -0.0761}, TinyVAE: "taehv",
		},
		{
			Name: "HunyuanVideo15", Channels: 32, Dims: 3, Downscale: 16, Temporal: 4, Scale: 1.03682,
			RGB: rgbHunyuanVideo15(), RGBBias: [3]float32{0.0456, -0.0202, -0.0644}, TinyVAE: "lighttaehy1_5",
		},
		{
			Name: "LTXAV", Channels: 128, Dims: 3, Downscale: 32, Temporal: 8, Scale: 1,
			RGB: rgbLTXAV(), RGBBias: [3]float32{-0.347892, -0.363814, -0.370287},
		},
		{
			Name: "LTXV", Channels: 128, Dims: 3, Downscale: 32, Temporal: 8, Scale: 1,
			RGB: rgbLTXV(), RGBBias: [3]float32{-0.0571, -0.1657, -0.2512},
		},
		{
			Name: "MiniMaxH3AV", Channels: 32, Dims: 3, Downscale: 16, Temporal: 4, Scale: 1,
			RGB: rgbMiniMaxH3AV(), RGBBias: [3]float32{0.057426, -0.022078, -0.071449}, TinyVAE: "taeh3",
		},
		{
			Name: "MiniMaxH3Video", Channels: 24, Dims: 3, Downscale: 16, Temporal: 4, Scale: 1,
			RGB: rgbMiniMaxH3AV(), RGBBias: [3]float32{0.057426, -0.022078, -0.071449}, TinyVAE: "taeh3",
		},
		{Name: "MiniMaxMusic3", Channels: 128, Dims: 1, Downscale: 8, Temporal: 512, Scale: 1},
		{
			Name: "Mochi", Channels: 12, Dims: 3, Downscale: 8, Temporal: 6, Scale: 1,
			Mean: meanMochi(), Std: stdMochi(), RGB: rgbMochi(), RGBBias: [3]float32{-0.094, -0.1418, -0.1453},
		},
		{Name: "PixelDiTPixel", Channels: 3, Dims: 2, Downscale: 1, Temporal: 1, Scale: 1, RGB: rgbChromaRadiance()},
		{Name: "SC_B", Channels: 4, Dims: 2, Downscale: 4, Temporal: 1, Scale: 2.3255814, RGB: rgbSCB()},
		{Name: "SC_Prior", Channels: 16, Dims: 2, Downscale: 42, Temporal: 1, Scale: 1, RGB: rgbSCPrior()},
		{
			Name: "SD15", Channels: 4, Dims: 2, Downscale: 8, Temporal: 1, Scale: 0.18215,
			RGB: rgbSD15(), TinyVAE: "taesd_decoder",
		},
		{
			Name: "SD3", Channels: 16, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1.5305,
			Shift: 0.0609, RGB: rgbSD3(), RGBBias: [3]float32{0.2394, 0.2135, 0.1925}, TinyVAE: "taesd3_decoder",
		},
		{
			Name: "SDXL", Channels: 4, Dims: 2, Downscale: 8, Temporal: 1, Scale: 0.13025,
			RGB: rgbSDXL(), RGBBias: [3]float32{0.1084, -0.0175, -0.0011}, TinyVAE: "taesdxl_decoder",
		},
		{
			Name: "SDXL_Playground_2_5", Channels: 4, Dims: 2, Downscale: 8, Temporal: 1, Scale: 0.5,
			Mean: meanSDXLPlayground25(), Std: stdSDXLPlayground25(), RGB: rgbSDXLPlayground25(), TinyVAE: "taesdxl_decoder",
		},
		{Name: "SD_X4", Channels: 4, Dims: 2, Downscale: 8, Temporal: 1, Scale: 0.08333, RGB: rgbSDX4()},
		{Name: "SeedVR2", Channels: 16, Dims: 3, Downscale: 8, Temporal: 1, Scale: 1},
		{Name: "StableAudio1", Channels: 64, Dims: 1, Downscale: 8, Temporal: 2048, Scale: 1},
		{Name: "StableAudio3", Channels: 256, Dims: 1, Downscale: 8, Temporal: 4096, Scale: 1},
		{Name: "Trellis2", Channels: 32, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1},
		{Name: "Trellis2SLAT", Channels: 32, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1},
		{
			Name: "Trellis2ShapeSLAT", Channels: 32, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1,
			Mean: meanTrellis2ShapeSLAT(), Std: stdTrellis2ShapeSLAT(),
		},
		{
			Name: "Trellis2TexSLAT", Channels: 32, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1,
			Mean: meanTrellis2TexSLAT(), Std: stdTrellis2TexSLAT(),
		},
		{Name: "TripoSplat", Channels: 16, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1},
		{
			Name: "Wan21", Channels: 16, Dims: 3, Downscale: 8, Temporal: 4, Scale: 1,
			Mean: meanWan21(), Std: stdWan21(), RGB: rgbWan21(), RGBBias: [3]float32{-0.1835, -0.0868, -0.336}, TinyVAE: "lighttaew2_1",
		},
		{
			Name: "Wan22", Channels: 48, Dims: 3, Downscale: 16, Temporal: 4, Scale: 1,
			Mean: meanWan22(), Std: stdWan22(), RGB: rgbWan22(), RGBBias: [3]float32{0.0317, -0.0878, -0.1388}, TinyVAE: "lighttaew2_2",
		},
		{Name: "ZImagePixelSpace", Channels: 3, Dims: 2, Downscale: 1, Temporal: 1, Scale: 1, RGB: rgbChromaRadiance()},
	}
}
