package wasmhost

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/egress"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// model stands for what has no type of its own.
type model int

// TestTypesOfValues: values name their types, and others have those of the inputs that they came by.
func TestTypesOfValues(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		one, many, loose := new(model), new(model), new(model)
		c.schema = &node.Schema{Inputs: []node.Input{{Name: "any", Type: node.Any}, {Name: "m", Type: "MODEL"}, {Name: "l", Type: "CLIP"}}}
		c.args = node.Args{"any": loose, "m": one, "l": node.List{1, many}}
		answered := new(model)
		c.learn(answered, "VAE")
		c.learn(loose, node.Any)
		for name, x := range map[string]struct {
			v    any
			want string
		}{
			"picture": {ramp(1, 2, 2, 3), "IMAGE"}, "conditioning": {value.Conditioning{}, "CONDITIONING"}, "input": {one, "MODEL"}, "of a list": {many, "CLIP"},
			"of a node that was called": {answered, "VAE"}, "by an input of any type": {loose, ""}, "unknown": {new(model), ""}, "no reference": {model(0), ""},
			"tensor": {tensor.New(tensor.F32, 1), ""},
		} {
			n := c.hType(c.put(abi.KindOpaque, x.v), guestMemory, 64)
			got := ""
			if n >= 0 {
				got = string(c.bytes(guestMemory, uint32(n)))
			}
			if got != x.want || n < 0 && n != int64(abi.ENOENT) {
				t.Errorf("%s: %q %d, want %q", name, got, n, x.want)
			}
		}
	})
}

// TestParts: a latent and audio are taken apart and built again, with nothing lost.
func TestParts(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		latent := value.Latent{Samples: tensor.New(tensor.F32, 2, 4, 3, 3), NoiseMask: tensor.New(tensor.F32, 2, 3, 3), BatchIndex: []int{4, 5}, Extra: map[string]any{"type": "audio"}}
		parts := c.heard(t, c.hParts(c.put(abi.KindLatent, latent), guestMemory, 4096))
		parts["base"] = abi.Handle{Kind: abi.KindLatent, ID: uint64(c.put(abi.KindLatent, value.Latent{Samples: tensor.New(tensor.F32, 1, 4, 3, 3), Extra: latent.Extra}))}
		ptr, n := c.tell(t, map[string]any(parts))
		got, ok := c.handle(c.hBuild(abi.KindLatent, ptr, n)).val.(value.Latent)
		if !ok || got.Samples != latent.Samples || got.NoiseMask != latent.NoiseMask || !cmp.Equal(got.BatchIndex, latent.BatchIndex) || !cmp.Equal(got.Extra, latent.Extra) {
			t.Errorf("latent %+v", got)
		}
		sound := value.Audio{Waveform: tensor.New(tensor.F32, 1, 2, 100), Rate: 44100}
		parts = c.heard(t, c.hParts(c.put(abi.KindAudio, sound), guestMemory, 4096))
		ptr, n = c.tell(t, map[string]any(parts))
		h := c.hBuild(abi.KindAudio, ptr, n)
		if got := c.handle(h).val.(value.Audio); got != sound {
			t.Errorf("audio %+v", got)
		}
		if v, err := c.fromHandle(abi.Handle{Kind: abi.KindAudio, ID: uint64(h)}); err != nil || v.(node.Typed).LinkType() != "AUDIO" {
			t.Errorf("on a link: %v %v", v, err)
		}
		if c.hParts(c.put(abi.KindOpaque, new(model)), guestMemory, 64) != int64(abi.EUNSUP) {
			t.Error("a model has parts")
		}
	})
}

func TestRefusedParts(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		f32 := func(shape ...int) any {
			return abi.Handle{Kind: abi.KindTensor, ID: uint64(c.put(abi.KindTensor, tensor.New(tensor.F32, shape...)))}
		}
		whole := abi.Handle{Kind: abi.KindTensor, ID: uint64(c.put(abi.KindTensor, tensor.New(tensor.I64, 1, 4, 2, 2)))}
		for name, x := range map[string]struct {
			kind uint32
			m    map[string]any
		}{
			"another kind": {abi.KindImage, map[string]any{}}, "no samples": {abi.KindLatent, map[string]any{}},
			"samples of another dtype": {abi.KindLatent, map[string]any{"samples": whole}}, "flat samples": {abi.KindLatent, map[string]any{"samples": f32(4, 4)}},
			"no elements": {abi.KindLatent, map[string]any{"samples": f32(1, 4, 0, 2)}}, "a base that is none": {abi.KindLatent, map[string]any{"base": f32(1, 4, 2, 2), "samples": f32(1, 4, 2, 2)}},
			"a negative index":  {abi.KindLatent, map[string]any{"samples": f32(1, 4, 2, 2), "batch_index": []any{int64(-1)}}},
			"an index of texts": {abi.KindLatent, map[string]any{"samples": f32(1, 4, 2, 2), "batch_index": []any{"a"}}},
			"no rate":           {abi.KindAudio, map[string]any{"waveform": f32(1, 2, 3)}}, "no sound": {abi.KindAudio, map[string]any{"sample_rate": int64(8000)}},
			"a flat sound":               {abi.KindAudio, map[string]any{"waveform": f32(3), "sample_rate": int64(8000)}},
			"a handle that is not alive": {abi.KindAudio, map[string]any{"waveform": abi.Handle{Kind: abi.KindTensor, ID: 1 << 50}, "sample_rate": int64(8000)}},
		} {
			ptr, n := c.tell(t, x.m)
			if got := c.hBuild(x.kind, ptr, n); got != int64(abi.EUNSUP) {
				t.Errorf("%s: %d", name, got)
			}
		}
	})
}

// TestNothingOpenGoesOnLinks: files, streams, requests and drafts are the call's own.
func TestNothingOpenGoesOnLinks(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		r, err := egress.Read(abi.Map{"method": "GET", "url": "https://a.dev/"})
		if err != nil {
			t.Fatal(err)
		}
		for kind, v := range map[uint32]any{abi.KindAsset: &memFile{Reader: strings.NewReader("x")}, abi.KindBody: route.NewBody(strings.NewReader("x"), 0), abi.KindDraft: &draft{},
			abi.KindRequest: c.egress().Start(c.Context, r)} {
			if _, err := c.fromHandle(abi.Handle{Kind: kind, ID: uint64(c.put(kind, v))}); fault.CodeOf(err) != fault.ExtensionFailed {
				t.Errorf("kind %d: %v", kind, err)
			}
		}
	})
}

// shelfOf is what a tenant has of files.
type shelfOf map[node.File]string

// Open opens one.
func (s shelfOf) Open(_ context.Context, f node.File) (File, error) {
	text, ok := s[f]
	if !ok {
		return nil, fault.New(fault.NotFound, "no file")
	}
	return &memFile{Reader: strings.NewReader(text)}, nil
}

// Save keeps a file.
func (s shelfOf) Save(_ context.Context, subfolder, filename string, data []byte) (node.File, error) {
	f := node.File{Type: "output", Subfolder: subfolder, Filename: filename}
	s[f] = string(data)
	return f, nil
}

// TestChosenFiles: with the grant "chosen", a node opens what its inputs name, and nothing else.
func TestChosenFiles(t *testing.T) {
	files := shelfOf{{Type: "input", Filename: "a.png"}: "1", {Type: "output", Subfolder: "x/y", Filename: "b.png"}: "2", {Type: "input", Filename: "secret.png"}: "3"}
	h := newHost(t, Config{Files: files})
	for _, x := range []struct {
		name string
		read []string
		file map[string]any
		want int32 // an errno; 0 is opened
	}{
		{"chosen", []string{"chosen"}, map[string]any{"name": "a.png"}, 0},
		{"chosen by its parts", []string{"chosen"}, map[string]any{"type": "input", "filename": "a.png"}, 0},
		{"chosen elsewhere", []string{"chosen"}, map[string]any{"name": "x/y/b.png [output]"}, 0},
		{"not chosen", []string{"chosen"}, map[string]any{"name": "secret.png"}, abi.EPERM},
		{"the folder is granted", []string{"input"}, map[string]any{"name": "secret.png"}, 0},
		{"another folder", []string{"input"}, map[string]any{"name": "x/y/b.png [output]"}, abi.EPERM},
		{"not there", []string{"temp"}, map[string]any{"name": "a.png [temp]"}, abi.ENOENT},
		{"out of the folder", []string{"input"}, map[string]any{"name": "../a.png"}, abi.EPERM},
		{"hidden", []string{"input"}, map[string]any{"name": ".a.png"}, abi.EPERM},
		{"nothing", []string{"input"}, map[string]any{}, abi.EPERM},
	} {
		withCall(t, h, Grant{Modules: []string{"asset"}, Asset: AssetCap{Read: x.read}}, ExecuteLimits(), func(c *call) {
			c.args = node.Args{"image": "a.png", "more": []any{"x/y/b.png [output]"}, "n": int64(1)}
			ptr, n := c.tell(t, x.file)
			got := c.assetOpen(ptr, n)
			if got != int64(x.want) && (x.want != 0 || got < 0) {
				t.Errorf("%s: %d, want %d", x.name, got, x.want)
			}
		})
	}
}

// TestChosenByTheSender: where it is known what the sender of a prompt wrote, a file that only a link names is not chosen: what comes by
// one may be another guest's word, and so may be all of an expansion.
func TestChosenByTheSender(t *testing.T) {
	files := shelfOf{{Type: "input", Filename: "a.png"}: "1", {Type: "input", Filename: "secret.png"}: "3"}
	withCall(t, newHost(t, Config{Files: files}), Grant{Modules: []string{"asset"}, Asset: AssetCap{Read: []string{"chosen"}}}, ExecuteLimits(), func(c *call) {
		c.args = node.Args{"image": "a.png", "linked": "secret.png"}
		c.run.Wrote = func(match func(string) bool) bool { return match("a.png") }
		for name, ok := range map[string]bool{"a.png": true, "secret.png": false} {
			ptr, n := c.tell(t, map[string]any{"name": name})
			if got := c.assetOpen(ptr, n); (got >= 0) != ok || !ok && got != int64(abi.EPERM) {
				t.Errorf("%s: %d", name, got)
			}
		}
	})
}

// FuzzFileNames: whatever a guest calls a file, what is opened is a name inside of a folder.
func FuzzFileNames(f *testing.F) {
	for _, s := range []string{"a.png", "x/y/b.png [output]", "../a", "a/../b [temp]", " [input]", "/etc/passwd", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		x := annotated(name)
		if !cleanName(x.Filename) || !cleanFolder(x.Subfolder) {
			return
		}
		whole := x.Subfolder + "/" + x.Filename
		if strings.Contains(whole, "..") && strings.Contains("/"+whole+"/", "/../") || strings.ContainsAny(whole, "\\\x00") || strings.HasPrefix(x.Subfolder, "/") {
			t.Errorf("%q: %+v", name, x)
		}
	})
}

// TestSavedFiles: drafts, streams and pictures are files of the extension's own folder.
func TestSavedFiles(t *testing.T) {
	files := shelfOf{}
	h := newHost(t, Config{Files: files})
	withCall(t, h, Grant{Modules: []string{"asset"}, Asset: AssetCap{Save: true}}, ExecuteLimits(), func(c *call) {
		ptr, n := c.say([]byte("a.txt"))
		d := c.assetCreate(ptr, n)
		for _, piece := range []string{"hello ", "world"} {
			ptr, n := c.say([]byte(piece))
			if got := c.assetWrite(d, ptr, n); got != int64(len(piece)) {
				t.Errorf("write: %d", got)
			}
		}
		if m := c.heard(t, c.assetCommit(d, guestMemory, 4096)); m.Text("filename") != "a.txt" || m.Text("subfolder") != "ext/test.tiny" {
			t.Errorf("%v", m)
		}
		if trapped(func() { c.assetCommit(d, guestMemory, 4096) }) == "" {
			t.Error("a saved draft is alive")
		}
		stream := c.put(abi.KindBody, route.NewBody(strings.NewReader("a stream"), -1))
		ptr, n = c.say([]byte("b.txt"))
		c.heard(t, c.assetStore(stream, ptr, n, guestMemory, 4096))
		picture := abi.Handle{Kind: abi.KindImage, ID: uint64(c.put(abi.KindImage, ramp(2, 4, 4, 3)))}
		ptr, n = c.tell(t, map[string]any{"image": picture, "name": "c", "text": map[string]any{"workflow": "{}", "prompt": "{\"1\":1}"}})
		got := c.imageSave(ptr, n, guestMemory, 4096)
		if got < 0 {
			t.Fatalf("save: %d", got)
		}
		own := func(name string) string {
			return files[node.File{Type: "output", Subfolder: "ext/test.tiny", Filename: name}]
		}
		if own("a.txt") != "hello world" || own("b.txt") != "a stream" {
			t.Errorf("%q", files)
		}
		texts := own("c.png")
		if p, w := strings.Index(texts, "tEXtprompt"), strings.Index(texts, "tEXtworkflow"); p < 0 || w < p {
			t.Errorf("the prompt is at %d, the workflow at %d", p, w)
		}
		for what, name := range map[string]string{"a folder": "x/a.txt", "up": "..", "hidden": ".a", "no name": ""} {
			ptr, n := c.say([]byte(name))
			if got := c.assetCreate(ptr, n); got != int64(abi.EUNSUP) {
				t.Errorf("%s: %d", what, got)
			}
		}
	})
}
