package kern

// Pause waits a moment inside a loop that watches memory.
func Pause()
