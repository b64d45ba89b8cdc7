package workflow

import (
	"bytes"
	"strings"
)

// maxBoxes bounds how many boxes of one level are looked at.
const maxBoxes = 100_000

// box finds the first box of a type among those in data and gives its content.
func box(data []byte, kind string) []byte {
	for range maxBoxes {
		name, body, rest, ok := nextBox(data)
		if !ok {
			return nil
		}
		if name == kind {
			return body
		}
		data = rest
	}
	return nil
}

// nextBox splits off a box of an ISO media file.
func nextBox(data []byte) (kind string, body, rest []byte, ok bool) {
	r := &reader{data: data, ok: true}
	size := r.number(4, false)
	kind = string(r.take(4))
	head := uint64(8)
	switch size {
	case 1:
		size = r.number(8, false)
		head = 16
	case 0:
		size = uint64(len(data))
	}
	if !r.ok || size < head || size > uint64(len(data)) {
		return "", nil, nil, false
	}
	return kind, data[head:size], data[size:], true
}

// readISOBMFF reads MP4 and MOV: keys and ilst of the meta box in user data, as ffmpeg writes with use_metadata_tags.
func readISOBMFF(data []byte) map[string]entry {
	m := map[string]entry{}
	user := box(data, "udta")
	if user == nil {
		user = box(box(data, "moov"), "udta")
	}
	meta := box(user, "meta")
	if len(meta) < 4 {
		return m
	}
	meta = meta[4:] // version and flags
	names := boxKeys(box(meta, "keys"))
	items := box(meta, "ilst")
	for range maxEntries {
		r := &reader{data: items, ok: true}
		size, index := r.number(4, false), r.number(4, false)
		if !r.ok || size < 8 || size > uint64(len(items)) {
			break
		}
		item := items[8:size]
		items = items[size:]
		if index == 0 || index > uint64(len(names)) {
			continue
		}
		key := strings.ToLower(names[index-1])
		value := box(item, "data")
		if i := bytes.IndexByte(value, '{'); i >= 8 && (key == "prompt" || key == "workflow") {
			parsedEntry(m, key, text(value[i:]))
		}
	}
	return m
}

func boxKeys(data []byte) []string {
	r := &reader{data: data, ok: true}
	r.take(4)
	count := r.number(4, false)
	var names []string
	for range min(count, maxEntries) {
		size := r.number(4, false)
		r.take(4) // namespace
		if size < 8 || size > uint64(len(data)) {
			break
		}
		name := r.take(int(size) - 8)
		if !r.ok {
			break
		}
		names = append(names, text(name))
	}
	return names
}

// readAVIF reads the Exif item of an AVIF picture.
func readAVIF(data []byte) map[string]entry {
	m := map[string]entry{}
	meta := box(data, "meta")
	if len(meta) < 4 {
		return m
	}
	id, ok := exifItem(box(meta[4:], "iinf"))
	if !ok {
		return m
	}
	start, size := itemExtent(box(meta[4:], "iloc"), id)
	if size < 4 || start > uint64(len(data)) || size > uint64(len(data))-start {
		return m
	}
	item := &reader{data: data[start : start+size], ok: true}
	if skip := item.size(4, false); item.ok {
		item.take(skip)
		readEXIF(m, item.data)
	}
	return lowered(m)
}

// exifItem finds the id of the item of type Exif.
func exifItem(iinf []byte) (uint64, bool) {
	r := &reader{data: iinf, ok: true}
	version := r.number(1, false)
	r.take(3)
	if version == 0 {
		r.take(2)
	} else {
		r.take(4)
	}
	data := r.data
	for range maxEntries {
		kind, body, rest, ok := nextBox(data)
		if !ok {
			return 0, false
		}
		data = rest
		e := &reader{data: body, ok: true}
		v := e.number(1, false)
		e.take(3)
		if kind != "infe" || v < 2 {
			continue
		}
		width := 2
		if v > 2 {
			width = 4
		}
		id := e.number(width, false)
		e.take(2) // protection
		if string(e.take(4)) == "Exif" {
			return id, true
		}
	}
	return 0, false
}

// itemExtent gives the place of an item's first extent in the file.
func itemExtent(iloc []byte, item uint64) (start, size uint64) {
	r := &reader{data: iloc, ok: true}
	version := r.number(1, false)
	r.take(3)
	sizes, more := r.number(1, false), r.number(1, false)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>4), int(sizes&15), int(more>>4), int(more&15)
	if max(offsetSize, lengthSize, baseSize, indexSize) > 8 {
		return 0, 0
	}
	width := 2
	if version == 2 {
		width = 4
	}
	for range min(r.number(width, false), maxEntries) {
		id := r.number(width, false)
		method := uint64(0)
		if version > 0 {
			method = r.number(2, false) & 15
		}
		r.take(2) // data reference
		base := r.number(baseSize, false)
		for range min(r.number(2, false), maxEntries) {
			if version > 0 {
				r.take(indexSize)
			}
			offset, length := r.number(offsetSize, false), r.number(lengthSize, false)
			if !r.ok {
				return 0, 0
			}
			if id == item && method == 0 {
				return base + offset, length
			}
		}
	}
	return 0, 0
}
