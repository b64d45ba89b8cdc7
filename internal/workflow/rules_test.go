package workflow

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// one makes a workflow of nodes and 0.4 links.
func one(nodes, links string) string {
	return fmt.Sprintf(`{"version":0.4,"nodes":[%s],"links":[%s]}`, nodes, links)
}

// TestRules holds rules of the conversion that no recorded case shows alone. want has the inputs of some nodes.
func TestRules(t *testing.T) {
	tests := []struct {
		name, in string
		want     map[string]string
	}{
		{"nested dynamic combos", one(`{"id":1,"type":"SaveVideo","widgets_values":["v","mp4","h264","re-encode",20,"sRGB","auto"]}`, ""),
			map[string]string{"1": `{"filename_prefix":"v","format":"mp4","format.codec":"h264","format.codec.encoding":"re-encode",` +
				`"format.codec.encoding.crf":20,"format.codec.encoding.color_space":"sRGB","codec":"auto"}`}},
		{"a null control mode", one(`{"id":1,"type":"KSampler","widgets_values":[3,null,4]}`, ""),
			map[string]string{"1": `{"seed":3,"steps":4,"cfg":8,"sampler_name":"euler","scheduler":"simple","denoise":1}`}},
		{"a link of an option", one(`{"id":1,"type":"PrimitiveFloat","widgets_values":[0.5]},{"id":2,"type":"ResizeImageMaskNode",`+
			`"inputs":[{"name":"resize_type.megapixels","type":"FLOAT","widget":{"name":"resize_type.megapixels"},"link":7}],`+
			`"widgets_values":["scale total pixels",2,"area"]}`, `[7,1,0,2,0,"FLOAT"]`),
			map[string]string{"2": `{"resize_type":"scale total pixels","resize_type.megapixels":["1",0],"scale_method":"area"}`}},
		{"a slot of an option that is not chosen", one(`{"id":1,"type":"PrimitiveFloat","widgets_values":[0.5]},{"id":2,"type":"ResizeImageMaskNode",`+
			`"inputs":[{"name":"resize_type.megapixels","type":"FLOAT","link":7}],"widgets_values":["scale width",9,"area"]}`, `[7,1,0,2,0,"FLOAT"]`),
			map[string]string{"2": `{"resize_type":"scale width","resize_type.width":9,"scale_method":"area"}`}},
		{"a PrimitiveNode of another type keeps the target's value", one(
			`{"id":1,"type":"PrimitiveNode","outputs":[{"name":"STRING","type":"STRING","links":[7]}],"widgets_values":["x"]},`+
				`{"id":2,"type":"EmptyImage","inputs":[{"name":"width","type":"INT","link":7}],"widgets_values":[64,48,1,0]}`, `[7,1,0,2,0,"INT"]`),
			map[string]string{"2": `{"width":64,"height":48,"batch_size":1,"color":0}`}},
		{"an id with leading zeros is a name", one(`{"id":"07","type":"EmptyImage","widgets_values":[1,1,1,1]}`, ""),
			map[string]string{"07": `{"width":1,"height":1,"batch_size":1,"color":1}`}},
	}
	types := goldenTypes(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := LoadWorkflow(t.Context(), []byte(tt.in), types, fixedOptions())
			if err != nil {
				t.Fatal(err)
			}
			prompt, err := c.prompt(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for id, want := range tt.want {
				if d := cmp.Diff(want, string(appendJSON(nil, prompt.object(id).get("inputs")))); d != "" {
					t.Errorf("node %s (-want +got):\n%s", id, d)
				}
			}
		})
	}
}

// TestSubgraphModes: an instance that does not run contributes nothing, at any depth; a bypassed one passes its input on.
func TestSubgraphModes(t *testing.T) {
	const in = `{"version":0.4,"nodes":[
		{"id":1,"type":"EmptyImage"},
		{"id":2,"type":"outer","inputs":[{"name":"image","type":"IMAGE","link":1}],"outputs":[{"name":"IMAGE","type":"IMAGE"}]},
		{"id":9,"type":"SaveImage","inputs":[{"name":"images","link":2}]}],
		"links":[[1,1,0,2,0,"IMAGE"],[2,2,0,9,0,"IMAGE"]],
		"definitions":{"subgraphs":[
		{"id":"outer","version":1,"inputs":[{"name":"image","type":"IMAGE"}],"outputs":[{"name":"IMAGE","type":"IMAGE"}],
		 "nodes":[{"id":20,"type":"inner","mode":%d,"inputs":[{"name":"image","type":"IMAGE","link":1}]}],
		 "links":[{"id":1,"origin_id":-10,"origin_slot":0,"target_id":20,"target_slot":0},{"id":2,"origin_id":20,"origin_slot":0,"target_id":-20,"target_slot":0}]},
		{"id":"inner","version":1,"inputs":[{"name":"image","type":"IMAGE"}],"outputs":[{"name":"IMAGE","type":"IMAGE"}],
		 "nodes":[{"id":30,"type":"ImageInvert","inputs":[{"name":"image","type":"IMAGE","link":1}]}],
		 "links":[{"id":1,"origin_id":-10,"origin_slot":0,"target_id":30,"target_slot":0},{"id":2,"origin_id":30,"origin_slot":0,"target_id":-20,"target_slot":0}]}]}}`
	tests := []struct {
		mode int
		keys string
		save string
	}{
		{0, "1 9 2:20:30", `["2:20:30",0]`},
		{muted, "1 9", "null"},
		{bypassed, "1 9", `["1",0]`},
	}
	types := goldenTypes(t, nil)
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.mode), func(t *testing.T) {
			c, err := LoadWorkflow(t.Context(), fmt.Appendf(nil, in, tt.mode), types, fixedOptions())
			if err != nil {
				t.Fatal(err)
			}
			prompt, err := c.prompt(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(prompt.order(), " "); got != tt.keys {
				t.Errorf("nodes: got %q, want %q", got, tt.keys)
			}
			if got := string(appendJSON(nil, prompt.object("9").object("inputs").get("images"))); got != tt.save {
				t.Errorf("SaveImage gets %s, want %s", got, tt.save)
			}
		})
	}
}

// TestPromptTwice: a second conversion reports the same problems, not more.
func TestPromptTwice(t *testing.T) {
	c, err := LoadWorkflow(t.Context(), []byte(one(`{"id":1,"type":"Gone"}`, "")), goldenTypes(t, nil), fixedOptions())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Prompt(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(c.Problems()); got != 1 {
			t.Errorf("got %d problems, want 1", got)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	types := goldenTypes(b, nil)
	for _, n := range []int{10, 100, 1000} {
		var nodes, links []string
		for i := 1; i <= n; i++ {
			nodes = append(nodes, fmt.Sprintf(`{"id":%d,"type":"ImageScale","inputs":[{"name":"image","type":"IMAGE","link":%d}],"widgets_values":["area",8,8,"center"]}`, i, i))
			links = append(links, fmt.Sprintf(`[%d,%d,0,%d,0,"IMAGE"]`, i, i-1, i))
		}
		data := []byte(one(strings.Join(nodes, ","), strings.Join(links[1:], ",")))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Open(b.Context(), "w.json", data, types, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
