package solver

import "github.com/cocoonhq/cocoon/internal/fault"

// Names lists the samplers of KSampler in its order.
func Names() []string {
	return []string{
		"euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "exp_heun_2_x0",
		"exp_heun_2_x0_sde", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast", "dpm_adaptive", "dpmpp_2s_ancestral",
		"dpmpp_2s_ancestral_cfg_pp", "dpmpp_sde", "dpmpp_sde_gpu", "dpmpp_2m", "dpmpp_2m_cfg_pp", "dpmpp_2m_sde",
		"dpmpp_2m_sde_gpu", "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "ddpm", "lcm",
		"ipndm", "ipndm_v", "deis", "res_multistep", "res_multistep_cfg_pp", "res_multistep_ancestral",
		"res_multistep_ancestral_cfg_pp", "gradient_estimation", "gradient_estimation_cfg_pp", "er_sde", "seeds_2", "seeds_3",
		"sa_solver", "sa_solver_pece", "ddim", "uni_pc", "uni_pc_bh2",
	}
}

// ByName gives a sampler of KSampler with its default settings. It fails for an unknown name.
//
// "ddim" is Euler; that its inpainting draws other noise is up to the caller. The _gpu names stand for noise drawn on a
// GPU, which we draw as on a CPU.
func ByName(name string) (Solver, error) {
	if s := deterministic(name); s != nil {
		return s, nil
	}
	if s := stochastic(name); s != nil {
		return s, nil
	}
	return nil, fault.New(fault.BadRequest, "there is no sampler %q", name)
}

func deterministic(name string) Solver {
	switch name {
	case "euler", "ddim":
		return Euler
	case "euler_cfg_pp":
		return EulerAncestralCFGPP(0, 0)
	case "heun":
		return Heun
	case "heunpp2":
		return HeunPP2
	case "exp_heun_2_x0":
		return Seeds2(0, 0, 1, true)
	case "dpm_2":
		return DPM2
	case "lms":
		return LMS(4)
	case "dpm_fast":
		return DPMFast
	case "dpm_adaptive":
		return DPMAdaptive(DefaultAdaptive())
	case "dpmpp_2m":
		return DPMPP2M
	case "dpmpp_2m_cfg_pp":
		return DPMPP2MCFGPP
	case "ipndm":
		return IPNDM
	case "ipndm_v":
		return IPNDMV
	case "deis":
		return DEIS
	case "res_multistep":
		return RES(0, 1, false)
	case "res_multistep_cfg_pp":
		return RES(0, 1, true)
	case "gradient_estimation":
		return GradientEstimation(2, false)
	case "gradient_estimation_cfg_pp":
		return GradientEstimation(2, true)
	case "uni_pc":
		return UniPC(false)
	case "uni_pc_bh2":
		return UniPC(true)
	}
	return nil
}

func stochastic(name string) Solver {
	switch name {
	case "euler_ancestral":
		return EulerAncestral(1, 1)
	case "euler_ancestral_cfg_pp":
		return EulerAncestralCFGPP(1, 1)
	case "exp_heun_2_x0_sde":
		return Seeds2(1, 1, 1, true)
	case "dpm_2_ancestral":
		return DPM2Ancestral(1, 1)
	case "dpmpp_2s_ancestral":
		return DPMPP2SAncestral(1, 1)
	case "dpmpp_2s_ancestral_cfg_pp":
		return DPMPP2SAncestralCFGPP(1, 1)
	case "dpmpp_sde", "dpmpp_sde_gpu":
		return DPMPPSDE(1, 1, 0.5)
	case "dpmpp_2m_sde", "dpmpp_2m_sde_gpu":
		return DPMPP2MSDE(1, 1, false)
	case "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu":
		return DPMPP2MSDE(1, 1, true)
	case "dpmpp_3m_sde", "dpmpp_3m_sde_gpu":
		return DPMPP3MSDE(1, 1)
	case "ddpm":
		return DDPM
	case "lcm":
		return LCM(Consistency{SNoise: 1, SNoiseEnd: 1})
	case "res_multistep_ancestral":
		return RES(1, 1, false)
	case "res_multistep_ancestral_cfg_pp":
		return RES(1, 1, true)
	case "er_sde":
		return ERSDE(ERSDENoise, 1, 3)
	case "seeds_2":
		return Seeds2(1, 1, 0.5, false)
	case "seeds_3":
		return Seeds3(1, 1)
	case "sa_solver":
		return SASolver(DefaultStochasticAdams())
	case "sa_solver_pece":
		a := DefaultStochasticAdams()
		a.PECE = true
		return SASolver(a)
	}
	return nil
}
