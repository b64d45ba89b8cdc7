package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/demo"
)

const example = "../../examples/text-to-image.json"

// cocoon runs a command line over a base directory of its own.
func cocoon(t *testing.T, base string, args ...string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	if base != "" {
		args = append(args, "--base-directory", base)
	}
	err = dispatch(t.Context(), args, streams{&o, &e})
	return o.String(), e.String(), err
}

func TestRunWritesThePicture(t *testing.T) {
	base, dir := t.TempDir(), t.TempDir()
	out, errOut, err := cocoon(t, base, "run", example, "--output-directory", dir, "--set", "5.steps=2", "--set", "Prompt.text=the sea")
	if err != nil {
		t.Fatal(err, errOut)
	}
	file := filepath.Join(dir, "cocoon_00001_.png")
	if strings.TrimSpace(out) != file {
		t.Errorf("printed %q, want %q", out, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(`"text": "the sea"`)) || !bytes.Contains(b, []byte(`"steps": 2`)) {
		t.Error("the picture does not carry the prompt as changed")
	}
	// The picture itself is a workflow.
	if out, errOut, err = cocoon(t, base, "run", file, "--output-directory", dir); err != nil || !strings.Contains(out, "cocoon_00002_.png") {
		t.Errorf("run of the picture: %q, %q, %v", out, errOut, err)
	}
}

func TestRunTellsWhatIsWrong(t *testing.T) {
	base := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, row := range []struct {
		name string
		args []string
		want []string // parts of what is said
	}{
		{"no file", []string{"run", "missing.json"}, []string{"missing.json"}},
		{"no workflow", []string{"run", write("a.json", "[1]")}, []string{"a.json"}},
		{"unknown node", []string{"run", write("a.json", `{"1":{"class_type":"Nope","inputs":{}}}`)}, []string{"node 1", "no node of type \"Nope\""}},
		{"link to nowhere", []string{"run", write("a.json", `{"1":{"class_type":"PreviewImage","inputs":{"images":["77",0]}}}`)}, []string{"node 1 (Preview Image)", "images", "77"}},
		{"link set to nowhere", []string{"run", example, "--set", `6.samples=["77",0]`}, []string{"node 6 (VAEDecode)", "not there"}},
		{"link of the wrong type", []string{"run", example, "--set", `6.samples=["1",0]`}, []string{"node 6 (VAEDecode)", "samples", "MODEL", "LATENT"}},
		{"value out of range", []string{"run", example, "--set", "5.steps=0"}, []string{"node 5 (KSampler)", "0", "1"}},
		{"unknown choice", []string{"run", example, "--set", "5.sampler_name=magic"}, []string{"magic"}},
		{"missing checkpoint", []string{"run", example, "--set", "1.ckpt_name=dream.safetensors"}, []string{"dream.safetensors"}},
		{"no such input", []string{"run", example, "--set", "5.stepz=1"}, []string{"stepz", "steps"}},
		{"no such node", []string{"run", example, "--set", "nobody.steps=1"}, []string{"nobody", "KSampler"}},
		{"outside the folder", []string{"run", example, "--set", "5.steps=1", "--set", "7.filename_prefix=../x"}, []string{"Save Image", "outside"}},
		{"too large", []string{"run", example, "--set", "4.width=16384", "--set", "4.height=16384", "--set", "4.batch_size=4096"}, []string{"GB"}},
	} {
		_, errOut, err := cocoon(t, base, row.args...)
		if err == nil {
			t.Errorf("%s: no error", row.name)
			continue
		}
		said := errOut + err.Error()
		for _, part := range row.want {
			if !strings.Contains(said, part) {
				t.Errorf("%s: said %q, want %q in it", row.name, said, part)
			}
		}
	}
}

func TestForeignCheckpoints(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "models", "checkpoints")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"cut.safetensors":   []byte(demo.Checkpoint[:1<<20]),
		"text.safetensors":  []byte("<html>not found</html>"),
		"vae.safetensors":   part(t, "first_stage_model."),
		"bare.safetensors":  part(t, "model.diffusion_model."),
		"empty.safetensors": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ file, want string }{
		{"cut.safetensors", "cut"}, {"text.safetensors", "text.safetensors"}, {"empty.safetensors", "empty.safetensors"},
		{"vae.safetensors", "VAELoader"}, {"bare.safetensors", "UNETLoader"},
	} {
		_, errOut, err := cocoon(t, base, "run", example, "--set", "1.ckpt_name="+row.file)
		if err == nil || !strings.Contains(errOut, row.want) {
			t.Errorf("%s: %v, said %q, want %q in it", row.file, err, errOut, row.want)
		}
	}
}

// part is the tensors of the demo checkpoint below a prefix as a file of their own, named without it.
func part(t *testing.T, prefix string) []byte {
	t.Helper()
	var size uint64
	for i := range 8 {
		size |= uint64(demo.Checkpoint[i]) << (8 * i)
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal([]byte(demo.Checkpoint[8:8+size]), &header); err != nil {
		t.Fatal(err)
	}
	type entry struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	out, data := map[string]entry{}, []byte{}
	for name, raw := range header {
		short, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		at := int(8+size) + e.Offsets[0]
		bytes := demo.Checkpoint[at : at+e.Offsets[1]-e.Offsets[0]]
		e.Offsets = [2]int{len(data), len(data) + len(bytes)}
		data = append(data, bytes...)
		out[short] = e
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 8)
	for i := range head {
		head[i] = byte(len(text) >> (8 * i))
	}
	return append(append(head, text...), data...)
}

func TestModelsInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some name.safetensors")
	if err := os.WriteFile(path, []byte(demo.Checkpoint), 0o644); err != nil {
		t.Fatal(err)
	}
	out, _, err := cocoon(t, "", "models", "inspect", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"checkpoint", "Stable Diffusion 1", "CheckpointLoaderSimple", "F16"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in %q", part, out)
		}
	}
}

func TestModelsInspectTellsWhatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vae.safetensors")
	whole := part(t, "first_stage_model.")
	renamed := bytes.Replace(whole, []byte("decoder.conv_out.weight"), []byte("decoder.conv_out.WEIGHT"), 1)
	for name, b := range map[string][]byte{"": whole, "decoder.conv_out.weight": renamed} {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		out, _, err := cocoon(t, "", "models", "inspect", path)
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(out, "cannot be loaded"); told != (name != "") || !strings.Contains(out, name) {
			t.Errorf("without %q: %q", name, out)
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"serve", "--help"}, {"run", "--help"}, {"models", "--help"}, {"doctor", "--help"}} {
		out, errOut, err := cocoon(t, "", args...)
		var code exitCode
		if err != nil && (!errors.As(err, &code) || code != 0) {
			t.Errorf("%v: %v", args, err)
		}
		if said := out + errOut; !strings.Contains(said, "cocoon") || strings.Contains(said, "hidden") {
			t.Errorf("%v says %q", args, said)
		}
	}
}

func TestFillOptional(t *testing.T) {
	for _, row := range []struct{ in, want []string }{
		{[]string{"--listen"}, []string{"--listen=0.0.0.0,::"}},
		{[]string{"--listen", "--port", "1"}, []string{"--listen=0.0.0.0,::", "--port", "1"}},
		{[]string{"--listen", "10.0.0.1", "--cpu"}, []string{"--listen=10.0.0.1", "--cpu"}},
		{[]string{"--enable-cors-header"}, []string{"--enable-cors-header=*"}},
		{[]string{"listen"}, []string{"listen"}},
	} {
		if d := cmp.Diff(row.want, fillOptional(row.in)); d != "" {
			t.Errorf("%v: -want +got\n%s", row.in, d)
		}
	}
}

func TestDoctor(t *testing.T) {
	out, _, err := cocoon(t, t.TempDir(), "doctor")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"processor", "memory", "models", "checkpoints none yet"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in %q", part, out)
		}
	}
}
