//go:build !wasip1

package guest

func memoryPages() int32 { panic(noHost) }
