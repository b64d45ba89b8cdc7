// Command asmgen writes the assembly of package kern: go run ./asmgen DIR. Its output is committed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	flag.Parse()
	if err := write(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "asmgen:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("write kernels: %w", err)
		}
	}
	return nil
}

// files is everything the generator makes, by name.
func files() map[string][]byte {
	out := map[string][]byte{}
	var decls []decl
	for _, m := range []machine{avx2(), avx512()} {
		tiles, pack, vec, wino := newFile(m), newFile(m), newFile(m), newFile(m)
		tiles.gemms()
		tiles.peak()
		pack.packTs()
		pack.widen()
		vec.functions()
		wino.winograd()
		out["gemm_"+m.name+"_gen_amd64.s"] = tiles.text()
		out["pack_"+m.name+"_gen_amd64.s"] = pack.text()
		out["vec_"+m.name+"_gen_amd64.s"] = vec.text()
		out["wino_"+m.name+"_gen_amd64.s"] = wino.text()
		for _, f := range []*file{tiles, pack, vec, wino} {
			decls = append(decls, f.decls...)
		}
	}
	out["asm_gen_amd64.go"] = goFile(decls)
	return out
}
