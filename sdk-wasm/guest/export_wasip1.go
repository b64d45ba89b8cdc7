package guest

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// request is where the host writes requests.
var request = requestRoom[:]

// requestRoom is where those go that fit.
var requestRoom [2 << 10]byte

//go:wasmexport cocoon_abi
func cocoonABI() int32 { return abi.Major<<16 | abi.Minor }

//go:wasmexport cocoon_buf
func cocoonBuf(n int32) int32 {
	firstPages = memoryPages()
	if int(n) > len(request) {
		request = make([]byte, n)
	}
	return int32(uintptr(unsafe.Pointer(unsafe.SliceData(request))))
}

//go:wasmexport cocoon_call
func cocoonCall(op, _, n int32) int32 { return handle(op, request[:n]) }
