// Package filetype knows the types of files by their names, and which of them a browser must not run.
package filetype

import (
	"path"
	"strings"
)

// types gives the type of a file by its name's end. Compat: the reference's additions to the usual table, and of that what
// clients of images, video, sound, models and text meet; the machine's own table is not asked, so that answers are the same
// everywhere.
var types = map[string]string{
	".js": "application/javascript", ".mjs": "application/javascript", ".css": "text/css", ".html": "text/html", ".htm": "text/html",
	".xhtml": "application/xhtml+xml", ".xml": "text/xml", ".svg": "image/svg+xml", ".svgz": "image/svg+xml", ".json": "application/json",
	".map": "application/json", ".txt": "text/plain", ".log": "text/plain", ".md": "text/markdown", ".csv": "text/csv",
	".tsv": "text/tab-separated-values", ".py": "text/x-python", ".c": "text/plain", ".h": "text/plain", ".eml": "message/rfc822",
	".mht": "message/rfc822", ".xsl": "application/xml", ".rdf": "application/xml", ".rss": "application/rss+xml", ".atom": "application/atom+xml",
	".vtt": "text/vtt", ".ics": "text/calendar", ".rtf": "application/rtf", ".n3": "text/n3",
	".srt": "text/plain", ".shtml": "text/html", ".xslt": "application/xslt+xml", ".dtd": "application/xml-dtd", ".sh": "text/x-sh",
	".webmanifest": "application/manifest+json", ".hta": "application/hta",
	".doc": "application/msword", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".heic": "image/heic", ".heif": "image/heif", ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff",
	".ico": "image/vnd.microsoft.icon", ".exr": "image/x-exr", ".ppm": "image/x-portable-pixmap", ".pgm": "image/x-portable-graymap",
	".pbm": "image/x-portable-bitmap", ".jxl": "image/jxl", ".apng": "image/apng",
	".hdr": "image/vnd.radiance", ".psd": "image/vnd.adobe.photoshop",
	".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".qt": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska",
	".avi": "video/x-msvideo", ".mpg": "video/mpeg", ".mpeg": "video/mpeg", ".ogv": "video/ogg", ".3gp": "video/3gpp",
	".mp3": "audio/mpeg", ".wav": "audio/x-wav", ".flac": "audio/flac", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".oga": "audio/ogg",
	".m4a": "audio/mp4", ".aac": "audio/aac", ".aif": "audio/x-aiff", ".aiff": "audio/x-aiff", ".mid": "audio/midi", ".weba": "audio/webm",
	".glb": "model/gltf-binary", ".gltf": "model/gltf+json", ".obj": "model/obj", ".stl": "model/stl", ".mtl": "model/mtl", ".fbx": "application/octet-stream",
	".usdz": "model/vnd.usdz+zip",
	".pdf":  "application/pdf", ".zip": "application/zip", ".tar": "application/x-tar", ".7z": "application/x-7z-compressed",
	".wasm": "application/wasm", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".safetensors": "application/safetensors", ".sft": "application/safetensors", ".pt": "application/pytorch", ".pth": "application/pytorch",
	".ckpt": "application/pickle", ".pkl": "application/pickle", ".gguf": "application/gguf", ".yaml": "application/yaml", ".yml": "application/yaml",
}

// Of is the type of a file of that name, application/octet-stream when it is not known.
func Of(name string) string {
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// Sandbox keeps what a browser shows of a client's file from doing anything.
const Sandbox = "sandbox; default-src 'none'"

// Dangerous reports whether a browser might run what has this type. Compat: the reference's list.
func Dangerous(contentType string) bool {
	base, _, _ := strings.Cut(contentType, ";")
	t := strings.ToLower(strings.TrimSpace(base))
	switch t {
	case "text/html", "text/html-sandboxed", "application/xhtml+xml", "text/javascript", "application/javascript",
		"application/x-javascript", "application/ecmascript", "text/css", "application/xml", "text/xml", "message/rfc822":
		return true
	}
	return strings.HasSuffix(t, "+xml") || strings.HasSuffix(t, "/xml")
}
