package guest

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Now is the time. Without the capability real_clock it is the start of the call and what it has slept since.
func Now() time.Time { return time.UnixMilli(hostNowMs()) }

// TimeLeft is how long the call may still run, without the time that it waits.
func TimeLeft() time.Duration { return time.Duration(hostDeadlineMs()) * time.Millisecond }

// HTTPRequest is a request to an address that the operator granted. {{secret:NAME}} in a header is filled in by the host.
type HTTPRequest struct {
	Method, URL string
	Headers     map[string]string
	Body        []byte
	Timeout     time.Duration // 0 is a minute
}

// HTTPResponse is the answer; the names of headers are in lower case.
type HTTPResponse struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

// Fetch sends a request and waits for its answer without using fuel.
func Fetch(q HTTPRequest) (r HTTPResponse, err error) {
	m, err := asked(hostHttpFetch, map[string]any{"method": q.Method, "url": q.URL, "headers": anyMap(q.Headers), "body": q.Body,
		"timeout_ms": q.Timeout.Milliseconds()})
	if err != nil {
		return r, err
	}
	return answerOf(m), nil
}

// asked sends a message to a host function and gives the message that it answers with.
func asked(call func(p, n, out, limit uint32) int64, request map[string]any) (abi.Map, error) {
	b, err := abi.Append(nil, request)
	if err != nil {
		return nil, err
	}
	out, err := fetched(func(o, limit uint32) int64 {
		p, n := at(b)
		return call(p, n, o, limit)
	})
	if err != nil {
		return nil, err
	}
	v, err := abi.Decode(out, abi.DefaultLimits())
	return abi.AsMap(v), err
}

// File names a file of the input, output or temp folder: that is its Type.
type File struct{ Type, Subfolder, Filename string }

// Asset is an open file. It is closed when the call ends.
type Asset struct{ Handle abi.Handle }

// Open opens a file for reading.
func (f File) Open() (Asset, error) {
	b, err := abi.Append(nil, map[string]any{"type": f.Type, "subfolder": f.Subfolder, "filename": f.Filename})
	if err != nil {
		return Asset{}, err
	}
	h := hostAssetOpen(at(b))
	return Asset{abi.Handle{Kind: abi.KindAsset, ID: uint64(h)}}, check(h)
}

// Size is how many bytes the file has.
func (a Asset) Size() int64 { return hostAssetSize(int64(a.Handle.ID)) }

// Read copies bytes from an offset on into b: how many, 0 at the end.
func (a Asset) Read(b []byte, offset int64) (int, error) {
	p, n := at(b)
	got := hostAssetRead(int64(a.Handle.ID), offset, p, n)
	return int(got), check(got)
}

// Close gives the file back before the call ends.
func (a Asset) Close() { hostHDrop(int64(a.Handle.ID)) }

// Save writes a file of the output folder under a name that is free, and says which.
func Save(name string, data []byte) (File, error) {
	return savedAs(func(o, limit uint32) int64 {
		k, kn := atText(name)
		p, n := at(data)
		return hostAssetSave(k, kn, p, n, o, limit)
	})
}

// Send sends a JSON object to the client that asked, as an event of type ext.<id>.<name>.
func Send(name, json string) error {
	k, kn := atText(name)
	p, n := atText(json)
	return check(int64(hostWsSend(k, kn, p, n)))
}
