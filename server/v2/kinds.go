package v2

import (
	"path"
	"strings"
)

// mimes are the types of files that jobs make and take.
var mimes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif", ".bmp": "image/bmp",
	".tiff": "image/tiff", ".tif": "image/tiff", ".avif": "image/avif", ".svg": "image/svg+xml", ".exr": "image/x-exr",
	".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime", ".mkv": "video/x-matroska", ".avi": "video/x-msvideo",
	".mp3": "audio/mpeg", ".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".m4a": "audio/mp4",
	".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".json": "application/json",
	".glb": "model/gltf-binary", ".gltf": "model/gltf+json", ".obj": "model/obj", ".stl": "model/stl",
}

const binary = "application/octet-stream"

func typeOf(name string) string {
	if t, ok := mimes[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return binary
}

// shown reports whether a browser may show a type in place: pictures, films and sound, but nothing that carries code.
func shown(kind string) bool {
	family, _, _ := strings.Cut(kind, "/")
	return (family == "image" || family == "video" || family == "audio") && kind != "image/svg+xml"
}

// outputType is the protocol's word for a file.
func outputType(name string) string {
	if strings.EqualFold(path.Ext(name), ".latent") {
		return "latent"
	}
	switch family, _, _ := strings.Cut(typeOf(name), "/"); family {
	case "image", "video", "audio", "text":
		return family
	}
	return "file"
}
