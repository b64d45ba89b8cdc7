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
func Log(text string) {
	p, n := atText(text)
	hostLog(1, p, n)
}

// Progress says how far the running node is, and reports whether the call goes on; if not, return soon.
func Progress(value, total float64) bool { return hostProgress(value, total) == 0 }

// ProgressText shows a line on the running node.
func ProgressText(text string) { hostProgressText(atText(text)) }

// Preview shows the first picture of a batch on the running node, no side longer than maxSide pixels.
func Preview(i Image, maxSide int) error {
	return check(int64(hostPreview(int64(i.ID), uint32(maxSide), 0, 0)))
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
