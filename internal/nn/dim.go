package nn

import "github.com/cocoonhq/cocoon/internal/tensor"

// Dim is the size of dimension i of a stored tensor's shape, 0 when the tensor or the dimension is absent: constructors read
// widths with it and leave the complaint to the scope.
func Dim(s tensor.Shape, i int) int {
	if i >= len(s) {
		return 0
	}
	return s[i]
}
