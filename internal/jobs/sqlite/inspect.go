package sqlite

import "context"

// Token is the fencing token under which a job runs; 0 when it is not there. For those who look into a store from outside.
func (s *Store) Token(seq int64) int64 {
	var token int64
	if err := s.read.QueryRowContext(context.Background(), "SELECT token FROM jobs WHERE seq = ?", seq).Scan(&token); err != nil {
		return 0
	}
	return token
}
