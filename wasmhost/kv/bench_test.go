package kv

import (
	"fmt"
	"testing"
)

// BenchmarkPut is a value that is set anew beside others, on disk.
func BenchmarkPut(b *testing.B) {
	for _, keys := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			s, err := Open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if _, err := s.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n LIMIT ?)
				INSERT INTO kv SELECT 'a', 'x', '', printf('%05d', i), zeroblob(100), 0 FROM n`, keys); err != nil {
				b.Fatal(err)
			}
			at, q, v := Space{Tenant: "a", Extension: "x"}, Quota{Bytes: 1 << 40, Keys: 1 << 40}, make([]byte, 100)
			for b.Loop() {
				if err := s.Put(b.Context(), at, q, "00001", v, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint("get/", keys), func(b *testing.B) {
			s, err := Open("")
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			at := Space{Tenant: "a", Extension: "x"}
			if err := s.Put(b.Context(), at, Quota{Bytes: 1 << 40, Keys: 1 << 40}, "00001", make([]byte, 100), 0); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := s.Get(b.Context(), at, "00001"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
