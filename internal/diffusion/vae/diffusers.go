package vae

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/weights"
)

// IsDiffusers reports whether a file names its tensors as the diffusers library does.
func IsDiffusers(src weights.Source) bool {
	_, ok := weights.Describe(src, "decoder.up_blocks.0.resnets.0.norm1.weight")
	return ok
}

var (
	resnet  = regexp.MustCompile(`^(encoder\.down|decoder\.up)_blocks\.(\d+)\.resnets\.(\d+)\.(.+)$`)
	sampler = regexp.MustCompile(`^(encoder\.down|decoder\.up)_blocks\.(\d+)\.(down|up)samplers\.0\.(.+)$`)
	plainOf = strings.NewReplacer(
		"conv_shortcut", "nin_shortcut", "conv_norm_out", "norm_out", "mid_block.resnets.0.", "mid.block_1.",
		"mid_block.resnets.1.", "mid.block_2.", "mid_block.attentions.0.", "mid.attn_1.",
	)
	projects = strings.NewReplacer(
		"group_norm.", "norm.", "query.", "q.", "key.", "k.", "value.", "v.", "to_q.", "q.", "to_k.", "k.", "to_v.", "v.",
		"to_out.0.", "proj_out.", "proj_attn.", "proj_out.",
	)
)

// FromDiffusers shows a file in the diffusers library's naming under the names that New reads. Its attention projections are
// linear layers there, which New takes too.
func FromDiffusers(src weights.Source) weights.Source {
	last := 0 // number of the innermost level on the way up, which diffusers counts from
	for _, name := range src.Names() {
		if m := resnet.FindStringSubmatch(name); m != nil && m[1] == "decoder.up" {
			n, _ := strconv.Atoi(m[2])
			last = max(last, n)
		}
	}
	return weights.Rename(src, func(old string) (string, bool) { return plainName(old, last), true })
}

func plainName(name string, last int) string {
	level := func(m []string) int {
		n, _ := strconv.Atoi(m[2])
		if m[1] == "decoder.up" {
			n = last - n
		}
		return n
	}
	if m := resnet.FindStringSubmatch(name); m != nil {
		name = fmt.Sprintf("%s.%d.block.%s.%s", m[1], level(m), m[3], m[4])
	} else if m := sampler.FindStringSubmatch(name); m != nil {
		name = fmt.Sprintf("%s.%d.%ssample.%s", m[1], level(m), m[3], m[4])
	}
	name = plainOf.Replace(name)
	if strings.Contains(name, "mid.attn_1.") {
		name = projects.Replace(name)
	}
	return name
}
