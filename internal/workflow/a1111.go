package workflow

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// LoadParameters turns the text that A1111 writes into its pictures into a canvas: checkpoint, clip skip, two texts, sampler,
// latent, decoder and output, then what a second pass and LoRAs need. The text must have a line that begins with "Steps:".
func LoadParameters(text string, types *Types, opts Options) (*Canvas, error) {
	if len(text) > maxParameters {
		return nil, fault.New(fault.TooLarge, "the parameters have %d bytes, more than %d", len(text), maxParameters)
	}
	p, ok := parseParameters(text)
	if !ok {
		return nil, fault.New(fault.BadFile, "these parameters have no line that begins with \"Steps:\"")
	}
	b := &a1111{c: newCanvas(types, opts), p: p}
	if err := b.base(); err != nil {
		return nil, err
	}
	b.settings()
	positive, clip, model := b.loras(p.positive, b.text, b.skip, b.model)
	negative, _, _ := b.loras(p.negative, b.negative, clip, model)
	if err := b.c.counted(len(b.c.root.nodes)); err != nil {
		return nil, err
	}
	b.set(b.text, "text", b.embed(positive))
	b.set(b.negative, "text", b.embed(negative))
	return b.c, nil
}

const (
	maxParameters  = 1 << 20
	negativePrefix = "\nNegative prompt:"
)

// parameters is A1111 text taken apart.
type parameters struct {
	positive, negative string
	settings           map[string]string // by lower-case name
}

func parseParameters(text string) (parameters, bool) {
	at := strings.LastIndex(text, "\nSteps:")
	if at < 0 {
		return parameters{}, false
	}
	line, _, _ := strings.Cut(text[at+1:], "\n")
	p := parameters{settings: parseSettings(line)}
	if len(p.settings) == 0 {
		return p, false
	}
	head := text[:at]
	if i := strings.LastIndex(text[:min(at+len(negativePrefix), len(text))], negativePrefix); i >= 0 && i <= at {
		p.positive, p.negative = strings.TrimSpace(text[:i]), strings.TrimSpace(text[min(i+len(negativePrefix), at):at])
	} else {
		p.positive = strings.TrimSpace(head)
	}
	return p, true
}

// parseSettings splits "key: value, key: value". Values in quotes or braces are taken whole.
func parseSettings(line string) map[string]string {
	m := map[string]string{}
	for line != "" {
		key, rest, ok := strings.Cut(line, ":")
		if !ok {
			break
		}
		rest = strings.TrimLeft(rest, " \t")
		end := strings.IndexByte(rest, ',')
		for _, q := range []string{`""`, "{}"} {
			if rest != "" && rest[0] == q[0] {
				if i := strings.IndexByte(rest[1:], q[1]); i >= 0 {
					end = i + 2
				}
			}
		}
		if end < 0 {
			end = len(rest)
		}
		m[strings.ToLower(strings.Trim(key, ", \t\r"))] = strings.TrimSpace(rest[:end])
		line = strings.TrimLeft(rest[end:], ", \t")
	}
	return m
}

// a1111 builds the graph.
type a1111 struct {
	c              *Canvas
	p              parameters
	model          end
	skip           end
	text, negative *node
	sampler        *node
	second         *node // the sampler of a second pass, or nil
	latent, decode *node
	err            error
}

// end is an output of a node.
type end struct {
	n    *node
	slot int
}

func (b *a1111) add(class string) *node {
	def := b.c.types.get(class)
	if def == nil {
		if b.err == nil {
			b.err = fault.New(fault.Unsupported, "this server has no node of type %q, which A1111 parameters need", class)
		}
		return &node{typ: class}
	}
	n := newNode(def)
	n.id = b.c.newID(func(string) bool { return false })
	b.c.root.nodes = append(b.c.root.nodes, n)
	b.c.root.byID[n.id] = n
	return n
}

func (b *a1111) link(from end, to *node, name string) {
	if at := to.slotIndex(name); at >= 0 && from.slot < len(from.n.outputs) {
		b.c.root.addLink(b.c.linkID(b.c.root), from.n.id, from.slot, to, at)
	}
}

func (b *a1111) set(n *node, name string, v any) {
	if w := n.widget(name); w != nil {
		n.set(w, v)
	}
}

// choose sets a combo to the first choice that begins with v, or to v.
func (b *a1111) choose(n *node, name, v string) {
	if w := n.widget(name); w != nil {
		for _, choice := range w.choices {
			if s, ok := choice.(string); ok && strings.HasPrefix(s, v) {
				n.set(w, s)
				return
			}
		}
		n.set(w, v)
	}
}

// base makes the eight nodes that are always there, in the order of their ids.
func (b *a1111) base() error {
	checkpoint, skip := b.add("CheckpointLoaderSimple"), b.add("CLIPSetLastLayer")
	b.text, b.negative = b.add("CLIPTextEncode"), b.add("CLIPTextEncode")
	b.sampler, b.latent = b.add("KSampler"), b.add("EmptyLatentImage")
	b.decode = b.add("VAEDecode")
	save := b.add("SaveImage")
	if b.err != nil {
		return b.err
	}
	b.model, b.skip = end{checkpoint, 0}, end{skip, 0}
	b.link(end{checkpoint, 1}, skip, "clip")
	b.link(b.skip, b.text, "clip")
	b.link(b.skip, b.negative, "clip")
	b.link(b.model, b.sampler, "model")
	b.link(end{b.text, 0}, b.sampler, "positive")
	b.link(end{b.negative, 0}, b.sampler, "negative")
	b.link(end{b.latent, 0}, b.sampler, "latent_image")
	b.link(end{b.decode, 0}, save, "images")
	b.link(end{b.sampler, 0}, b.decode, "samples")
	b.link(end{checkpoint, 2}, b.decode, "vae")
	return nil
}

func (b *a1111) settings() {
	s := b.p.settings
	if v, ok := s["model"]; ok {
		b.choose(b.model.n, "ckpt_name", v)
	}
	if v, ok := s["cfg scale"]; ok {
		b.set(b.sampler, "cfg", toNumber(v))
	}
	if v, ok := s["clip skip"]; ok {
		b.set(b.skip.n, "stop_at_clip_layer", negate(toNumber(v)))
	}
	if v, ok := s["steps"]; ok {
		b.set(b.sampler, "steps", toNumber(v))
	}
	if v, ok := s["seed"]; ok {
		b.set(b.sampler, "seed", toNumber(v))
	}
	if v, ok := s["sampler"]; ok {
		b.samplerName(v)
	}
	if v, ok := s["size"]; ok {
		b.size(v)
	}
	if b.second == nil {
		return
	}
	for _, name := range []string{"steps", "cfg", "scheduler", "sampler_name"} {
		b.set(b.second, name, b.sampler.widget(name).value)
	}
	if v := s["hires steps"]; v != "" {
		b.set(b.second, "steps", toNumber(v))
	}
	denoise := any(1.0)
	if v, ok := s["denoising strength"]; ok {
		denoise = toNumber(v)
	}
	b.set(b.second, "denoise", denoise)
}

// samplerName reads "DPM++ 2M Karras": dpmpp_2m with karras. A name the server lacks leaves the default.
func (b *a1111) samplerName(v string) {
	name := strings.ReplaceAll(strings.Replace(strings.ToLower(v), "++", "pp", 1), " ", "_")
	scheduler := "normal"
	if strings.Contains(name, "karras") {
		name = strings.TrimRight(strings.Replace(name, "karras", "", 1), "_")
		scheduler = "karras"
	}
	b.set(b.sampler, "scheduler", scheduler)
	w := b.sampler.widget("sampler_name")
	for _, choice := range w.choices {
		if choice == name || choice == "sample_"+name {
			b.set(b.sampler, "sampler_name", choice)
			return
		}
	}
}

// size sets the latent's size, in steps of 64, and makes the second pass if the settings name one.
func (b *a1111) size(v string) {
	w, h := pair(v)
	w, h = ceil64(w), ceil64(h)
	b.set(b.latent, "width", w)
	b.set(b.latent, "height", h)
	scale, resize := b.p.settings["hires upscale"], b.p.settings["hires resize"]
	switch {
	case scale != "":
		f, _ := toFloat(toNumber(scale))
		w, h = w*f, h*f
	case resize != "":
		w, h = pair(resize)
	default:
		return
	}
	method := b.p.settings["hires upscaler"]
	var upscale, latent *node
	if strings.HasPrefix(method, "Latent") {
		upscale = b.add("LatentUpscale")
		latent = upscale
		b.link(end{b.sampler, 0}, upscale, "samples")
		if method == "Latent (nearest-exact)" {
			method = "nearest-exact"
		}
		b.choose(upscale, "upscale_method", method)
	} else {
		upscale, latent = b.upscaleWithModel(method)
	}
	b.set(upscale, "width", ceil64(w))
	b.set(upscale, "height", ceil64(h))
	b.second = b.add("KSampler")
	b.link(b.model, b.second, "model")
	b.link(end{b.text, 0}, b.second, "positive")
	b.link(end{b.negative, 0}, b.second, "negative")
	b.link(end{latent, 0}, b.second, "latent_image")
	b.link(end{b.second, 0}, b.decode, "samples")
}

// upscaleWithModel decodes, upscales with a model, scales to size and encodes.
func (b *a1111) upscaleWithModel(method string) (scale, encode *node) {
	vae := end{b.model.n, 2}
	decode, loader := b.add("VAEDecodeTiled"), b.add("UpscaleModelLoader")
	model := b.add("ImageUpscaleWithModel")
	scale, encode = b.add("ImageScale"), b.add("VAEEncodeTiled")
	b.link(end{b.sampler, 0}, decode, "samples")
	b.link(vae, decode, "vae")
	b.choose(loader, "model_name", method)
	b.link(end{decode, 0}, model, "image")
	b.link(end{loader, 0}, model, "upscale_model")
	b.link(end{model, 0}, scale, "image")
	b.link(end{scale, 0}, encode, "pixels")
	b.link(vae, encode, "vae")
	return scale, encode
}

var loraTag = regexp.MustCompile(`<lora:([^:]+):([^>]+)>`)

// loras takes <lora:name:weight> out of a text and chains a loader for each.
func (b *a1111) loras(text string, encoder *node, clip, model end) (string, end, end) {
	chained := false
	for _, m := range loraTag.FindAllStringSubmatch(text, -1) {
		weight, ok := leadingFloat(m[2])
		if !ok || len(b.c.root.nodes) > maxOptions {
			continue
		}
		n := b.add("LoraLoader")
		b.choose(n, "lora_name", m[1])
		b.set(n, "strength_model", weight)
		b.set(n, "strength_clip", weight)
		b.link(model, n, "model")
		b.link(clip, n, "clip")
		model, clip, chained = end{n, 0}, end{n, 1}, true
	}
	if chained || clip.n != b.skip.n {
		b.link(clip, encoder, "clip")
		b.link(model, b.sampler, "model")
		if b.second != nil {
			b.link(model, b.second, "model")
		}
	}
	return loraTag.ReplaceAllString(text, ""), clip, model
}

// embed marks the names of embeddings the server has.
func (b *a1111) embed(text string) string {
	if len(b.c.opts.Embeddings) == 0 {
		return text
	}
	names := make([]string, len(b.c.opts.Embeddings))
	for i, name := range b.c.opts.Embeddings {
		names[i] = regexp.QuoteMeta(name)
	}
	re, err := regexp.Compile(`(?i)\b(` + strings.Join(names, `\b|\b`) + `)\b`)
	if err != nil {
		return text
	}
	return re.ReplaceAllString(text, "embedding:$1")
}

func ceil64(v float64) float64 { return math.Ceil(v/64) * 64 }

// pair reads "512x768".
func pair(v string) (w, h float64) {
	a, b, _ := strings.Cut(v, "x")
	w, _ = toFloat(toNumber(a))
	h, _ = toFloat(toNumber(b))
	return w, h
}

// toNumber reads a setting as a number; what is none becomes null. Integers keep their digits.
func toNumber(s string) any {
	s = strings.TrimSpace(s)
	if i, err := strconv.ParseUint(s, 10, 64); err == nil {
		return number(strconv.FormatUint(i, 10))
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return f
}

func negate(v any) any {
	if f, ok := toFloat(v); ok {
		return -f
	}
	return v
}

// leadingFloat reads the number a text begins with, as parseFloat does.
func leadingFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	for n := min(len(s), 40); n > 0; n-- {
		if f, err := strconv.ParseFloat(s[:n], 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, true
		}
	}
	return 0, false
}
