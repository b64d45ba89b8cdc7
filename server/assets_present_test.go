package server

import (
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"testing"

	"github.com/cocoonhq/cocoon/server/assetapi"
)

// An output tells its asset, what is known of the picture, and the preview that was chosen for it.
func TestOutputsTellTheirAssets(t *testing.T) {
	c := withAssets(t)
	picture := testPNG(t, 3, 2, color.NRGBA{1, 2, 3, 255})
	for _, name := range []string{"a.png", "small.png"} {
		err := c.files.Put("output", name, true, func(w io.Writer) error { _, err := w.Write(picture); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	present := func(name string) map[string]any {
		ui := assetapi.Present(t.Context(), c.c.Assets, c.files, "job", json.RawMessage(fmt.Sprintf(`{"images":[{"filename":%q,"subfolder":"","type":"output"}],"text":["x"]}`, name)))
		var got struct{ Images []map[string]any }
		if err := json.Unmarshal(ui, &got); err != nil {
			t.Fatal(err)
		}
		return got.Images[0]
	}
	first, small := present("a.png"), present("small.png")
	if first["preview_id"] != nil || within2(first, "metadata", "width") != 3.0 || within2(first, "metadata", "height") != 2.0 {
		t.Errorf("got %v", first)
	}
	id := first["id"].(string)
	if w, _ := c.ask("PUT", "/api/assets/"+id, fmt.Sprintf(`{"preview_id":%q}`, small["id"])); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if again := present("a.png"); again["preview_id"] != small["id"] || again["id"] != id {
		t.Errorf("got %v, want the preview %v", again, small["id"])
	}
	if gone := present("none.png"); gone["id"] != nil || gone["metadata"] != nil {
		t.Errorf("a file that is not there: %v", gone)
	}
}
