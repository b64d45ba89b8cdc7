package workflow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
)

// seedFiles adds the recorded files with one of the suffixes.
func seedFiles(f *testing.F, suffixes ...string) {
	f.Helper()
	for _, suffix := range suffixes {
		paths, _ := filepath.Glob(filepath.Join(golden.Dir(f, "workflows"), "files", "*"+suffix))
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

// fuzzReader checks that a reader of foreign bytes ends, does not panic and gives JSON where it says so.
func fuzzReader(f *testing.F, read func([]byte) map[string]entry, suffixes ...string) {
	seedFiles(f, suffixes...)
	f.Fuzz(func(t *testing.T, data []byte) {
		for key, e := range read(data) {
			if e.parsed && !json.Valid([]byte(e.text)) {
				t.Errorf("%q is no JSON: %q", key, e.text)
			}
		}
	})
}

func FuzzPNG(f *testing.F)         { fuzzReader(f, readPNG, ".png") }
func FuzzWebP(f *testing.F)        { fuzzReader(f, readWebP, ".webp") }
func FuzzSVG(f *testing.F)         { fuzzReader(f, readSVG, ".svg") }
func FuzzISOBMFF(f *testing.F)     { fuzzReader(f, readISOBMFF, ".mp4", ".mov") }
func FuzzWebM(f *testing.F)        { fuzzReader(f, readWebM, ".webm", ".mkv") }
func FuzzFLAC(f *testing.F)        { fuzzReader(f, readFLAC, ".flac") }
func FuzzOgg(f *testing.F)         { fuzzReader(f, readOgg, ".ogg", ".opus") }
func FuzzMP3(f *testing.F)         { fuzzReader(f, readMP3, ".mp3") }
func FuzzGLB(f *testing.F)         { fuzzReader(f, readGLB, ".glb") }
func FuzzSafetensors(f *testing.F) { fuzzReader(f, readSafetensors, ".safetensors", ".latent") }
func FuzzJSONFile(f *testing.F)    { fuzzReader(f, readJSON, ".json") }

func FuzzAVIF(f *testing.F) {
	f.Add([]byte(isoBox("ftyp", "avif") + isoBox("meta", "\x00\x00\x00\x00"+isoBox("iinf", "\x00\x00\x00\x00\x00\x00"))))
	fuzzReader(f, readAVIF)
}

func FuzzOpen(f *testing.F) {
	types := goldenTypes(f, goldenFiles)
	seedFiles(f, "")
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := Open(t.Context(), "", data, types, fixedOptions()); err == nil && !json.Valid(o.Prompt) {
			t.Errorf("the prompt is no JSON: %s", o.Prompt)
		}
	})
}

func FuzzWorkflow(f *testing.F) {
	types := goldenTypes(f, nil)
	paths, _ := filepath.Glob(filepath.Join(golden.Dir(f, "workflows"), "cases", "*.json"))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if v, err := parseJSON(string(data), true); err == nil {
			f.Add(appendJSON(nil, v.(*object).get("workflow")))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := LoadWorkflow(t.Context(), data, types, fixedOptions())
		if err != nil {
			return
		}
		for range 2 {
			p, err := c.Prompt(t.Context())
			if err == nil && !json.Valid(p) {
				t.Errorf("the prompt is no JSON: %s", p)
			}
			c.Advance()
		}
		c.Values()
	})
}

func FuzzPrompt(f *testing.F) {
	types := goldenTypes(f, nil)
	f.Add([]byte(`{"1":{"class_type":"KSampler","inputs":{"seed":1,"model":["2",0]}},"2:3":{"class_type":"X","inputs":{"a":["1",0]}}}`))
	f.Add([]byte(`{"2":{"class_type":"ResizeImageMaskNode","inputs":{"resize_type":"match size","resize_type.crop":"center"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := LoadPrompt(t.Context(), data, types, fixedOptions())
		if err != nil {
			return
		}
		if p, err := c.Prompt(t.Context()); err == nil && !json.Valid(p) {
			t.Errorf("the prompt is no JSON: %s", p)
		}
		c.Advance()
	})
}

func FuzzParameters(f *testing.F) {
	types := goldenTypes(f, goldenFiles)
	f.Add("a <lora:x:1>\nNegative prompt: b\nSteps: 20, Sampler: DPM++ 2M Karras, Size: 512x768, Hires upscale: 2, Hires upscaler: Latent")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := LoadParameters(text, types, fixedOptions())
		if err != nil {
			return
		}
		if p, err := c.Prompt(t.Context()); err != nil || !json.Valid(p) {
			t.Errorf("%v, prompt %s", err, p)
		}
	})
}

func FuzzExpand(f *testing.F) {
	f.Add(`a {b|{c|d}} \{ // e`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := expand(text, func() float64 { return 0 }); len(got) > len(text) {
			t.Errorf("longer than the text: %q", got)
		}
	})
}

func FuzzObjectInfo(f *testing.F) {
	f.Add(`{"A":{"input":{"required":{"x":["INT",{"default":1}],"y":[["a","b"]],"z":["COMFY_AUTOGROW_V3",{"template":{"prefix":"p","input":{"required":{"q":["IMAGE",{}]}}}}]}},"output":["IMAGE"]}}`)
	f.Fuzz(func(t *testing.T, info string) {
		types, err := ParseObjectInfo([]byte(info))
		if err != nil {
			return
		}
		for _, name := range types.Names() {
			newNode(types.get(name))
		}
		_, _ = Open(t.Context(), "w.json", []byte(`{"nodes":[{"id":1,"type":"`+strings.Join(types.Names(), "")+`"}]}`), types, fixedOptions())
	})
}
