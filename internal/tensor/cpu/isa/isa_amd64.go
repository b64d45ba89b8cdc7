package isa

// cpuid runs CPUID for a leaf and subleaf.
func cpuid(leaf, sub uint32) (eax, ebx, ecx, edx uint32)

// xgetbv reads extended control register 0: which register state the system saves.
func xgetbv() (eax, edx uint32)

// Bits of CPUID and XCR0. Source: Intel SDM volume 2, CPUID; volume 1, 13.3.
const (
	fma, osxsave, avx, f16c        = 1 << 12, 1 << 27, 1 << 28, 1 << 29 // leaf 1 ecx
	avx2, bmi2                     = 1 << 5, 1 << 8                     // leaf 7 ebx
	avx512f, avx512dq              = 1 << 16, 1 << 17
	avx512bw, avx512vl             = 1 << 30, 1 << 31
	stateYMM                       = 0x6
	stateZMM                       = 0xe6
	leaf1Need                      = fma | osxsave | avx | f16c
	leaf7AVX2                      = avx2 | bmi2
	leaf7AVX512             uint32 = avx512f | avx512dq | avx512bw | avx512vl
)

func detect() Level {
	most, _, _, _ := cpuid(0, 0)
	if most < 7 {
		return Portable
	}
	_, _, c1, _ := cpuid(1, 0)
	if c1&leaf1Need != leaf1Need {
		return Portable
	}
	state, _ := xgetbv()
	_, b7, _, _ := cpuid(7, 0)
	if state&stateYMM != stateYMM || b7&leaf7AVX2 != leaf7AVX2 {
		return Portable
	}
	if state&stateZMM != stateZMM || b7&leaf7AVX512 != leaf7AVX512 {
		return AVX2
	}
	return AVX512
}
