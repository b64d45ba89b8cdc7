package param

// Flow predicts noise minus latent on the straight path between them: rectified flow, arXiv:2209.03003. NoiseScale is the
// factor on the noise; 0 stands for 1.
type Flow struct{ NoiseScale float64 }

func (Flow) flow() {}

func (p Flow) scale() float64 {
	if p.NoiseScale == 0 {
		return 1
	}
	return p.NoiseScale
}

// Input implements Prediction.
func (Flow) Input(dst, x []float32, _ float32) { copy(dst, x) }

// Denoised implements Prediction.
func (Flow) Denoised(dst, output, x []float32, sigma float32) { mixed(dst, x, output, 1, -sigma) }

// AddNoise implements Prediction.
func (p Flow) AddNoise(dst, noise, latent []float32, sigma float32, _ bool) {
	s := float32(p.scale())
	for i, v := range noise {
		dst[i] = sigma*(s*v) + (1-sigma)*latent[i]
	}
}

// Finish implements Prediction.
func (Flow) Finish(x []float32, sigma float32) { divide(x, x, 1-sigma) }

// EditFlow is a network that takes the latent as it is and returns the clean one, sampled on a flow's levels.
type EditFlow struct{}

func (EditFlow) flow() {}

// Input implements Prediction.
func (EditFlow) Input(dst, x []float32, _ float32) { copy(dst, x) }

// Denoised implements Prediction.
func (EditFlow) Denoised(dst, output, _ []float32, _ float32) { copy(dst, output) }

// AddNoise implements Prediction: it starts from the latent itself.
func (EditFlow) AddNoise(dst, _, latent []float32, _ float32, _ bool) { copy(dst, latent) }

// Finish implements Prediction.
func (EditFlow) Finish(x []float32, _ float32) {
	for i, v := range x {
		x[i] = 1 - v
	}
}

// CosmosFlow is a flow whose levels are told as noise-to-signal ratios: sigma/(sigma+1) is the flow's.
type CosmosFlow struct{}

// Input implements Prediction.
func (CosmosFlow) Input(dst, x []float32, sigma float32) {
	f := 1 - sigma/(sigma+1)
	for i, v := range x {
		dst[i] = v * f
	}
}

// Denoised implements Prediction.
func (CosmosFlow) Denoised(dst, output, x []float32, sigma float32) {
	f := sigma / (sigma + 1)
	mixed(dst, x, output, 1-f, -f)
}

// AddNoise implements Prediction.
func (CosmosFlow) AddNoise(dst, noise, latent []float32, sigma float32, _ bool) {
	addScaled(dst, noise, latent, sigma, false)
}

// Finish implements Prediction.
func (CosmosFlow) Finish([]float32, float32) {}

// LCM predicts the noise for a consistency model: the boundary conditions of arXiv:2310.04378 mix the latent in near
// timestep 0. Timestep is the schedule's.
type LCM struct {
	Eps
	Timestep func(sigma float32) float32
}

// Denoised implements Prediction.
func (p LCM) Denoised(dst, output, x []float32, sigma float32) {
	const data = 0.5
	t := p.Timestep(sigma) * 10
	skip, out := data*data/(t*t+data*data), t/sqrt32(t*t+data*data)
	for i, v := range x {
		dst[i] = out*(v-output[i]*sigma) + skip*v
	}
}
