package param

// Eps predicts the noise. The network's input is scaled to unit variance. Data is the standard deviation of clean latents.
type Eps struct{ Data float32 }

// V predicts the velocity: Salimans and Ho, arXiv:2202.00512.
type V struct{ Data float32 }

// EDM predicts the preconditioned output of Karras et al., arXiv:2206.00364.
type EDM struct{ Data float32 }

// X0 predicts the clean latent.
type X0 struct{ Data float32 }

// DDPM is v prediction by a network that takes the latent as it is.
type DDPM struct{}

// Edit is a network that takes the latent as it is and returns the clean one.
type Edit struct{}

func inputScale(sigma, data float32) float32 { return sqrt32(sigma*sigma + data*data) }

func divide(dst, x []float32, by float32) {
	for i, v := range x {
		dst[i] = v / by
	}
}

// mixed writes a·x + b·output.
func mixed(dst, x, output []float32, a, b float32) {
	for i, v := range x {
		dst[i] = a*v + b*output[i]
	}
}

func addScaled(dst, noise, latent []float32, sigma float32, full bool) {
	if full {
		sigma = sqrt32(1 + sigma*sigma)
	}
	for i, v := range noise {
		dst[i] = v*sigma + latent[i]
	}
}

// Input implements Prediction.
func (p Eps) Input(dst, x []float32, sigma float32) { divide(dst, x, inputScale(sigma, p.Data)) }

// Denoised implements Prediction.
func (p Eps) Denoised(dst, output, x []float32, sigma float32) { mixed(dst, x, output, 1, -sigma) }

// AddNoise implements Prediction.
func (p Eps) AddNoise(dst, noise, latent []float32, sigma float32, full bool) {
	addScaled(dst, noise, latent, sigma, full)
}

// Finish implements Prediction.
func (p Eps) Finish([]float32, float32) {}

// Input implements Prediction.
func (p V) Input(dst, x []float32, sigma float32) { divide(dst, x, inputScale(sigma, p.Data)) }

// Denoised implements Prediction.
func (p V) Denoised(dst, output, x []float32, sigma float32) {
	d := sigma*sigma + p.Data*p.Data
	mixed(dst, x, output, p.Data*p.Data/d, -sigma*p.Data/sqrt32(d))
}

// AddNoise implements Prediction.
func (p V) AddNoise(dst, noise, latent []float32, sigma float32, full bool) {
	addScaled(dst, noise, latent, sigma, full)
}

// Finish implements Prediction.
func (p V) Finish([]float32, float32) {}

// Input implements Prediction.
func (p EDM) Input(dst, x []float32, sigma float32) { divide(dst, x, inputScale(sigma, p.Data)) }

// Denoised implements Prediction.
func (p EDM) Denoised(dst, output, x []float32, sigma float32) {
	d := sigma*sigma + p.Data*p.Data
	mixed(dst, x, output, p.Data*p.Data/d, sigma*p.Data/sqrt32(d))
}

// AddNoise implements Prediction.
func (p EDM) AddNoise(dst, noise, latent []float32, sigma float32, full bool) {
	addScaled(dst, noise, latent, sigma, full)
}

// Finish implements Prediction.
func (p EDM) Finish([]float32, float32) {}

// Input implements Prediction.
func (p X0) Input(dst, x []float32, sigma float32) { divide(dst, x, inputScale(sigma, p.Data)) }

// Denoised implements Prediction.
func (p X0) Denoised(dst, output, _ []float32, _ float32) { copy(dst, output) }

// AddNoise implements Prediction.
func (p X0) AddNoise(dst, noise, latent []float32, sigma float32, full bool) {
	addScaled(dst, noise, latent, sigma, full)
}

// Finish implements Prediction.
func (p X0) Finish([]float32, float32) {}

// Input implements Prediction.
func (DDPM) Input(dst, x []float32, _ float32) { copy(dst, x) }

// Denoised implements Prediction.
func (DDPM) Denoised(dst, output, x []float32, sigma float32) {
	d := sqrt32(sigma*sigma + 1)
	mixed(dst, x, output, 1/d, -sigma/d)
}

// AddNoise implements Prediction.
func (DDPM) AddNoise(dst, noise, latent []float32, sigma float32, full bool) {
	addScaled(dst, noise, latent, sigma, full)
}

// Finish implements Prediction.
func (DDPM) Finish([]float32, float32) {}

// Input implements Prediction.
func (Edit) Input(dst, x []float32, _ float32) { copy(dst, x) }

// Denoised implements Prediction.
func (Edit) Denoised(dst, output, _ []float32, _ float32) { copy(dst, output) }

// AddNoise implements Prediction.
func (Edit) AddNoise(dst, noise, latent []float32, sigma float32, full bool) {
	addScaled(dst, noise, latent, sigma, full)
}

// Finish implements Prediction.
func (Edit) Finish([]float32, float32) {}
