package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
)

// doctor says what this machine can do and what is missing.
func doctor(ctx context.Context, args []string, std streams) error {
	var o options
	f := newFlags("doctor", "cocoon doctor says what this machine can do and what is missing.", std)
	o.add(f)
	if _, err := parse(f, args); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	b := cpu.New(cpu.Options{Threads: o.cpuThreads})
	defer b.Close()
	free, total := b.Memory()
	w := std.out
	fmt.Fprintf(w, "cocoon      %s, %s %s/%s\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(w, "processor   %d cores, kernels: %s\n", runtime.GOMAXPROCS(0), isa.Best())
	fmt.Fprintf(w, "memory      %.1f GB free of %.1f GB\n", gigabytes(free), gigabytes(total))
	fmt.Fprintln(w, "gpu         none is used by this build")
	problems := 0
	for _, dir := range []struct{ name, path string }{
		{"models", o.models}, {"output", o.output}, {"input", o.input}, {"user", o.user},
	} {
		problems += reportFolder(w, dir.name, dir.path)
	}
	if err := reportCheckpoints(w, &o); err != nil {
		return err
	}
	if err := reportConfinement(ctx, w); err != nil {
		return err
	}
	reportCompilers(w)
	if problems > 0 {
		return exitCode(1)
	}
	return nil
}

// reportCheckpoints tells how many checkpoints there are to choose from.
func reportCheckpoints(w io.Writer, o *options) error {
	f, err := o.folders()
	if err != nil {
		return err
	}
	names, err := f.List("checkpoints")
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		fmt.Fprintln(w, "checkpoints none yet; the first start unpacks the demo model")
	default:
		fmt.Fprintf(w, "checkpoints %d; \"cocoon models list\" says what they are\n", len(names))
	}
	return nil
}

func gigabytes(n int64) float64 { return float64(n) / 1e9 }

// reportFolder tells whether a folder is there and can be written; it returns the number of problems.
func reportFolder(w io.Writer, name, dir string) int {
	st, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		fmt.Fprintf(w, "%-11s %s: not there yet; the first start makes it\n", name, dir)
		return 0
	case err != nil || !st.IsDir():
		fmt.Fprintf(w, "%-11s %s: PROBLEM: this is no folder that can be read\n", name, dir)
		return 1
	}
	probe, err := os.CreateTemp(dir, ".cocoon-doctor-")
	if err != nil {
		fmt.Fprintf(w, "%-11s %s: PROBLEM: cannot be written: %v\n", name, dir, err)
		return 1
	}
	probe.Close()
	os.Remove(probe.Name())
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	fmt.Fprintf(w, "%-11s %s: %d entries\n", name, dir, len(files))
	return 0
}
