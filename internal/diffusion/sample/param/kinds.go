package param

// NewEps is the sampling of SD1 and SDXL.
func NewEps(b Betas) Sampling { return Sampling{Eps{1}, NewDiscrete(b)} }

// NewV is the sampling of SD2's v models.
func NewV(b Betas) Sampling { return Sampling{V{1}, NewDiscrete(b)} }

// NewLCM is the sampling of a latent consistency model.
func NewLCM(b Betas) Sampling {
	d := NewDistilled(b)
	return Sampling{LCM{Eps{1}, d.Timestep}, d}
}

// NewVContinuous is v prediction on levels from low to high, as Stable Video Diffusion has it.
func NewVContinuous(low, high, data float64) Sampling {
	return Sampling{V{float32(data)}, NewContinuous(low, high)}
}

// NewEDM is the sampling of EDM models.
func NewEDM(low, high, data float64) Sampling {
	return Sampling{EDM{float32(data)}, NewContinuous(low, high)}
}

// NewAngle is v prediction by a network that is told the angle, as Stable Audio's.
func NewAngle(low, high float64) Sampling {
	return Sampling{V{1}, ContinuousV{NewContinuous(low, high)}}
}

// NewFlow is the sampling of SD3 (shift 3), AuraFlow and others (multiplier 1): the network is told sigma·multiplier.
func NewFlow(shift, multiplier float64) Sampling {
	return Sampling{Flow{}, NewFlowLevels(shift, multiplier)}
}

// NewFlux is the sampling of Flux.
func NewFlux(shift float64) Sampling { return Sampling{Flow{}, NewFluxLevels(shift)} }

// NewCosmos is the sampling of Cosmos.
func NewCosmos(low, high float64) Sampling {
	return Sampling{CosmosFlow{}, ContinuousCosmos{NewContinuous(low, high)}}
}

// NewStableCascade is the sampling of both stages of Stable Cascade.
func NewStableCascade(shift float64) Sampling { return Sampling{Eps{1}, NewCascade(shift)} }

// NewDDPM is the sampling of CogVideoX.
func NewDDPM(b Betas) Sampling { return Sampling{DDPM{}, NewDiscrete(b)} }

// NewX0 is prediction of the clean latent on SD's levels.
func NewX0(b Betas) Sampling { return Sampling{X0{1}, NewDiscrete(b)} }

// NewEdit is the sampling of a network that turns one latent into another.
func NewEdit(b Betas) Sampling { return Sampling{Edit{}, NewDiscrete(b)} }

// NewEditFlow is NewEdit with a flow's ends.
func NewEditFlow(b Betas) Sampling { return Sampling{EditFlow{}, NewDiscrete(b)} }
