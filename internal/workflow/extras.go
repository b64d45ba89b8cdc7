package workflow

import (
	"slices"
	"strconv"
)

// sideWidgets adds what the client's extensions put on certain nodes, after the declared inputs.
func (b *builder) sideWidgets() {
	b.uploads()
	n := b.n
	switch n.typ {
	case "SaveAudio", "SaveAudioMP3", "SaveAudioOpus", "SaveAudioAdvanced", "PreviewAudio":
		b.extra(&widget{name: "audioUI", typ: "audioUI", value: ""}, "AUDIO_UI")
	case "PreviewAny", "SaveText":
		b.extra(&widget{name: "preview_text", typ: "textPreview", value: ""}, "")
		b.extra(&widget{name: "preview_mode", typ: "toggle", value: false}, "")
	case "Preview3D", "SaveGLB":
		b.extra(&widget{name: "image", typ: "load3D", value: "", inFile: true, inPrompt: true}, "PREVIEW_3D")
	case "WebcamCapture":
		b.extra(button("waiting for camera...", "capture"), "")
	case "RecordAudio":
		b.extra(&widget{name: "audio#1", typ: "audiorecord", value: "", inFile: true}, "")
	case "Load3D":
		b.after("model_file", button("upload 3d model", "upload3dmodel"),
			button("upload extra resources", "uploadExtraResources"), button("clear", "clear"))
	case "Load3DAdvanced":
		if w := n.widget("viewport_state"); w != nil {
			w.typ = "load3DAdvanced"
			b.slots[slices.IndexFunc(b.slots, func(s *slot) bool { return s.name == w.name })].typ = "LOAD_3D_ADVANCED"
		}
	case "CustomCombo":
		if w := n.widget("choice"); w != nil && len(n.widgets) == 1 {
			w.set("")
			b.extra(&widget{name: "index", typ: "hidden", value: -1.0, inFile: true, inPrompt: true}, "")
			b.extra(optionWidget(1), "")
		}
	}
}

// uploads adds upload buttons, the player of an audio upload, the buttons of a remote list and the fields of a crop.
func (b *builder) uploads() {
	uploads := 0
	for _, w := range slices.Clone(b.n.widgets) {
		if w.in == nil {
			continue
		}
		opts := w.in.opts
		if remote := opts.object("remote"); remote != nil && w.typ == "combo" {
			side := []*widget{sideWidget("Auto-refresh after generation", "toggle", false)}
			if remote.truthy("refresh_button") {
				side = append(side, button("refresh", "refresh"))
			}
			b.after(w.name, side...)
		}
		if box, ok := w.value.(*object); ok && (w.typ == "imagecrop" || w.typ == "boundingbox") {
			var side []*widget
			for _, k := range []string{"x", "y", "width", "height"} {
				side = append(side, sideWidget(k, "number", box.get(k)))
			}
			b.after(w.name, side...)
		}
		if w.typ != "combo" || w.in.optional || uploads > 0 {
			continue
		}
		switch {
		case opts.truthy("image_upload"), opts.truthy("video_upload"), opts.truthy("animated_image_upload"):
			uploads++
			b.extra(sideWidget("upload", "button", "image"), "IMAGEUPLOAD")
		case opts.truthy("audio_upload"):
			uploads++
			b.extra(&widget{name: "audioUI", typ: "audioUI", value: ""}, "AUDIO_UI")
			b.extra(sideWidget("upload", "button", ""), "AUDIOUPLOAD")
		}
	}
}

func button(name, value string) *widget {
	return &widget{name: name, typ: "button", value: value, inFile: true, inPrompt: true}
}

// extra adds a widget at the end and, if slotType is set, its slot.
func (b *builder) extra(w *widget, slotType string) {
	b.n.widgets = append(b.n.widgets, w)
	if slotType != "" {
		b.slots = append(b.slots, &slot{name: w.name, typ: slotType, widget: w.name})
	}
}

// after puts side widgets behind the widget of a name.
func (b *builder) after(name string, side ...*widget) {
	i := slices.IndexFunc(b.n.widgets, func(w *widget) bool { return w.name == name })
	if i >= 0 {
		b.n.widgets = slices.Insert(b.n.widgets, i+1, side...)
	}
}

// maxAutogrow bounds the sockets of a group that names no maximum.
const maxAutogrow = 100

// autogrowCount is how many sockets a fresh group shows: its minimum and one more.
func autogrowCount(in *input) int {
	return min(autogrowNumber(in, "min", 1)+1, autogrowMax(in))
}

func autogrowMax(in *input) int {
	t := in.opts.object("template")
	if names := t.array("names"); names != nil {
		return len(names)
	}
	return max(0, min(autogrowNumber(in, "max", maxAutogrow), maxAutogrow))
}

func autogrowNumber(in *input, key string, def int) int {
	if f, ok := in.opts.object("template").get(key).(float64); ok && f >= 0 && f < 1e6 {
		return int(f)
	}
	return def
}

func autogrowName(in *input, i int) string {
	t := in.opts.object("template")
	if names := t.array("names"); i < len(names) {
		s, _ := names[i].(string)
		return s
	}
	return t.text("prefix") + strconv.Itoa(i)
}

// autogrowType is the type of a group's sockets.
func autogrowType(in *input) string {
	groups := in.opts.object("template").object("input")
	list := append(parseInputs(groups.object("required"), nil, false), parseInputs(groups.object("optional"), nil, true)...)
	switch {
	case len(list) == 0:
		return "*"
	case list[0].typ == "COMFY_MATCHTYPE_V3":
		return matchTypes(list[0])
	}
	return list[0].typ
}

// matchTypes is the list of types that sockets of one template may agree on.
func matchTypes(in *input) string {
	if s := in.opts.object("template").text("allowed_types"); s != "" {
		return s
	}
	return "*"
}

// autogrowSlot gives the type of a socket that a group may grow to, named as in a prompt ("images.image7").
func (n *node) autogrowSlot(name string) (typ string, ok bool) {
	if n.def == nil {
		return "", false
	}
	for _, in := range n.def.inputs {
		if in.typ != "COMFY_AUTOGROW_V3" || !under(in.name, name) {
			continue
		}
		for i := range autogrowMax(in) {
			if name == in.name+"."+autogrowName(in, i) {
				return autogrowType(in), true
			}
		}
	}
	return "", false
}
