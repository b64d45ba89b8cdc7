package pack

import (
	"math"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Count is a whole number that JSON may write as 2e9.
type Count int64

// UnmarshalJSON reads a whole number between ±2⁵³.
func (c *Count) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return fault.New(fault.BadFile, "%.40q is no whole number", b)
	}
	*c = Count(f)
	return nil
}
