// Package diffusion is latent diffusion models as nodes see them: a Checkpoint gives a Model (the denoiser), a CLIP (text to
// conditioning) and a VAE (latents to pictures and back).
//
// All three are immutable and safe for concurrent use; methods named With give a variant that shares weights and programs
// with the original. Weights are used where they lie, in the dtype they are stored in: the file they come from must stay
// open as long as any of them is in use.
package diffusion
