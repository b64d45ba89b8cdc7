package guest

// memoryPages is how large the module's memory is now, in pages.
func memoryPages() int32
