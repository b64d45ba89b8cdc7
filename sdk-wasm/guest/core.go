package guest

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

func reply(b []byte) { hostReply(at(b)) }

func fail(code int32, text string) {
	p, n := atText(text)
	hostFail(code, p, n)
}

// Log writes a line to the extension's log.
func Log(text string) { LogAt(1, text) }

// LogAt is Log with a level: 0 debug, 1 info, 2 warning, 3 error.
func LogAt(level int, text string) {
	p, n := atText(text)
	hostLog(int32(level), p, n)
}

// Progress says how far the running node is, and reports whether the call goes on; if not, return soon.
func Progress(value, total float64) bool { return hostProgress(value, total) == 0 }

// ProgressText shows a line on the running node.
func ProgressText(text string) { hostProgressText(atText(text)) }

// ProgressState is Progress for clients that follow the state of all nodes: it makes no event of its own.
func ProgressState(value, total float64) bool { return hostProgressState(value, total) == 0 }

// ProgressTextAll is ProgressText for every client of the tenant, not only the one who asked.
func ProgressTextAll(text string) { hostProgressTextAll(atText(text)) }

// Picture is how a preview is shown.
type Picture struct {
	MaxSide int  // pixels; 0 for its own size
	PNG     bool // else JPEG
}

// ProgressWith is Progress with the first picture of a batch as a preview.
func ProgressWith(value, total float64, i Image, p Picture) (goesOn bool, err error) {
	format := uint32(0)
	if p.PNG {
		format = 1
	}
	const withProgress = 1
	if err := check(int64(hostPreview(int64(i.ID), uint32(p.MaxSide), format, withProgress))); err != nil {
		return false, err
	}
	return Progress(value, total), nil
}

// Preview shows the first picture of a batch on the running node, no side longer than maxSide pixels.
func Preview(i Image, maxSide int) error {
	return check(int64(hostPreview(int64(i.ID), uint32(maxSide), 0, 0)))
}

// PreviewPNG is Preview in a format without loss. Both fail with Error(abi.EUNSUP) for what is no image.
func PreviewPNG(i Image, maxSide int) error {
	return check(int64(hostPreview(int64(i.ID), uint32(maxSide), 1, 0)))
}

// Sleep waits without using fuel. It fails when the call is cancelled meanwhile.
func Sleep(d time.Duration) error { return check(int64(hostSleepMs(uint32(d.Milliseconds())))) }

// FuelLeft is how many instructions the call may still execute.
func FuelLeft() int64 { return hostFuelLeft() }

// Has reports whether the host has a feature: one of abi's.
func Has(feature uint32) bool { return hostFeature(feature) == 1 }

// Random fills b with random bytes; equal calls get equal bytes, unless secure_random is granted.
func Random(b []byte) error { return check(int64(hostRandom(at(b)))) }

// NodeCall runs a granted built-in node and gives its outputs.
func NodeCall(class string, inputs map[string]any) ([]any, error) {
	b, err := abi.Append(nil, map[string]any{"class": class, "inputs": inputs})
	if err != nil {
		return nil, err
	}
	out, err := fetched(func(o, limit uint32) int64 {
		p, n := at(b)
		return hostNodeCall(p, n, o, limit)
	})
	if err != nil {
		return nil, err
	}
	v, err := abi.Decode(out, abi.DefaultLimits())
	return abi.AsMap(v).List("outputs"), err
}
