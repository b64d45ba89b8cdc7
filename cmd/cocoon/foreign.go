package main

import (
	"cmp"
	"strings"
)

// takes says how many values a flag has: it, one, one that may be left out, any number.
type takes uint8

const (
	nothing takes = iota
	one
	maybe
	many
)

// foreign are ComfyUI's flags that choose how PyTorch computes, or parts that are not here. Scripts that start a server with
// them go on working.
var foreign = map[string]takes{
	"auto-launch": nothing, "disable-auto-launch": nothing, "windows-standalone-build": nothing,
	"cuda-device": one, "default-device": one, "cuda-malloc": nothing, "disable-cuda-malloc": nothing, "force-fp32": nothing, "force-fp16": nothing,
	"fp32-unet": nothing, "fp64-unet": nothing, "bf16-unet": nothing, "fp16-unet": nothing, "fp8_e4m3fn-unet": nothing, "fp8_e5m2-unet": nothing,
	"fp8_e8m0fnu-unet": nothing, "fp16-vae": nothing, "fp32-vae": nothing, "bf16-vae": nothing, "cpu-vae": nothing, "fp8_e4m3fn-text-enc": nothing,
	"fp8_e5m2-text-enc": nothing, "fp16-text-enc": nothing, "fp32-text-enc": nothing, "bf16-text-enc": nothing, "fp16-intermediates": nothing,
	"force-channels-last": nothing, "directml": maybe, "oneapi-device-selector": one, "supports-fp8-compute": nothing, "enable-triton-backend": nothing,
	"disable-triton-backend": nothing, "use-split-cross-attention": nothing, "use-quad-cross-attention": nothing, "use-pytorch-cross-attention": nothing,
	"use-sage-attention": nothing, "use-flash-attention": nothing, "use-ck-attention": nothing, "disable-xformers": nothing,
	"force-upcast-attention": nothing, "dont-upcast-attention": nothing, "enable-manager": nothing, "disable-manager-ui": nothing,
	"enable-manager-legacy-ui": nothing, "gpu-only": nothing, "highvram": nothing, "normalvram": nothing, "lowvram": nothing, "novram": nothing,
	"reserve-vram": one, "vram-headroom": one, "disable-nvml-pressure": nothing, "async-offload": maybe, "disable-async-offload": nothing,
	"disable-dynamic-vram": nothing, "enable-dynamic-vram": nothing, "fast-disk": nothing, "disable-cuda-graphs": nothing, "force-non-blocking": nothing,
	"default-hashing-function": one, "disable-smart-memory": nothing, "deterministic": nothing, "fast": many, "debug-hang": nothing,
	"disable-pinned-memory": nothing, "mmap-torch-files": nothing, "disable-mmap": nothing,
	"whitelist-custom-nodes": many, "disabled-nodes-config": one, "disable-partner-nodes": nothing, "comfy-api-base": one, "database-url": one,
}

// withoutForeign takes foreign flags and their values out of args, and gives their names. Flags that may have several values
// in one go get one each.
func withoutForeign(args []string) (rest, names []string) {
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		isFlag := strings.HasPrefix(args[i], "-")
		values := func(most int) (list []string) {
			for !joined && len(list) < most && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++
				list = append(list, args[i])
			}
			return list
		}
		kind, ok := foreign[name]
		switch {
		case isFlag && name == "extra-model-paths-config" && !joined:
			for _, path := range values(len(args)) {
				rest = append(rest, "--extra-model-paths-config="+path)
			}
		case isFlag && name == "verbose" && !joined:
			rest = append(rest, verbose(values(2)))
		case isFlag && name == "cache-ram" && !joined:
			rest = append(rest, "--cache-ram="+cmp.Or(strings.Join(values(2), ","), "0"))
		case !isFlag || !ok:
			rest = append(rest, args[i])
		default:
			names = append(names, name)
			values(map[takes]int{one: 1, maybe: 1, many: len(args)}[kind])
		}
	}
	return rest, names
}

// verbose is --verbose with its values as one flag: nothing, a level, or a level and a file that gets its lines.
func verbose(values []string) string {
	switch len(values) {
	case 0:
		return "--verbose=DEBUG"
	case 1:
		return "--verbose=" + values[0]
	}
	return "--log-file=" + strings.Join(values, ":")
}
