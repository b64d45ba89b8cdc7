package workflow

// maxFileBytes bounds a file that is opened.
const maxFileBytes = 64 << 20
