package guest

import "unsafe"

// held makes what the host is shown live on the heap: a stack moves when it grows.
var held unsafe.Pointer

// at gives the host a slice: where it is and how many bytes it has.
func at[T any](b []T) (ptr, n uint32) {
	if len(b) == 0 {
		return 0, 0
	}
	var zero T
	held = unsafe.Pointer(unsafe.SliceData(b))
	return uint32(uintptr(held)), uint32(len(b) * int(unsafe.Sizeof(zero)))
}

func atText(s string) (ptr, n uint32) {
	if s == "" {
		return 0, 0
	}
	held = unsafe.Pointer(unsafe.StringData(s))
	return uint32(uintptr(held)), uint32(len(s))
}

// fetched calls a host function with an out buffer, and drains with take what did not fit.
func fetched(call func(out, limit uint32) int64) ([]byte, error) {
	b := make([]byte, 512)
	n := call(at(b))
	if err := check(n); err != nil {
		return nil, err
	}
	if n <= int64(len(b)) {
		return b[:n], nil
	}
	b = make([]byte, n)
	hostTake(at(b))
	return b, nil
}
