// Package jail compiles guest modules in a process of their own, which is killed when it takes too long: small modules can be
// made to cost a compiler minutes and gigabytes, and nothing but trying tells which.
//
// The process is this binary again. Before it reads the module it gives up what it does not need: processor time, memory, file
// sizes and descriptors by rlimits everywhere on Unix; on Linux also new privileges, the file system but its staging folder
// (Landlock), and all system calls but those of a program that computes and writes a file (seccomp).
package jail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

const (
	stageVariable = "COCOON_JAIL_STAGE"
	timeVariable  = "COCOON_JAIL_SECONDS"
	// memoryLimit is the most that the process may allocate.
	memoryLimit = 1 << 30
	// collectAt is when the collector begins to save memory rather than time. The compiler holds some 180 bytes for each byte of a
	// module at its peak, so that less would have it collect all the time for modules of 2 MiB.
	collectAt = "GOMEMLIMIT=800MiB"
	// codeLimit is the most that it may write.
	codeLimit = 512 << 20
	// moduleLimit is the largest metered module.
	moduleLimit = 64 << 20
)

// Main does the jail's work when this process was started as one, and reports whether it was. A program that gives its own
// path as Compile's command calls it before anything else.
func Main() bool {
	stage, ok := os.LookupEnv(stageVariable)
	if !ok {
		return false
	}
	if err := work(stage); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
	return true
}

// Box is what a process that confines itself keeps.
type Box struct {
	Dir       string // the one folder that it may open
	Seconds   int    // of processor time; 0 for no bound
	Memory    uint64 // bytes that it may allocate
	FileBytes uint64 // of a file that it writes
	Files     uint64 // that are open at once
	Messages  bool   // it may use sockets that it was given
}

func work(stage string) error {
	seconds, err := strconv.Atoi(os.Getenv(timeVariable))
	if err != nil {
		return fmt.Errorf("no time limit: %w", err)
	}
	cache, err := wazero.NewCompilationCacheWithDir(stage)
	if err != nil {
		return err
	}
	missing := Confine(Box{Dir: stage, Seconds: seconds, Memory: memoryLimit, FileBytes: codeLimit, Files: 64})
	if len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "not confined by: %s\n", strings.Join(missing, ", "))
	}
	module, err := io.ReadAll(io.LimitReader(os.Stdin, moduleLimit))
	if err != nil {
		return fmt.Errorf("read the module: %w", err)
	}
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, slot.RuntimeConfig(cache))
	_, err = rt.CompileModule(ctx, module)
	return err
}

// Compile runs command as a jail and gives the name and the bytes of the engine's cache file. A module that is over its
// budget is fault.TooLarge.
func Compile(ctx context.Context, command []string, module []byte, budget time.Duration) (file string, code []byte, err error) {
	stage, err := os.MkdirTemp("", "cocoon-jail-")
	if err != nil {
		return "", nil, fault.Wrap(err, fault.ReadOnly, "no folder to compile in")
	}
	defer os.RemoveAll(stage)
	seconds := int((budget + time.Second - 1) / time.Second)
	ctx, cancel := context.WithTimeout(ctx, 4*budget) // of wall time: the machine may be busy
	defer cancel()
	var said bytes.Buffer
	cmd, _, err := Spawn(func() *exec.Cmd {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = []string{stageVariable + "=" + stage, timeVariable + "=" + strconv.Itoa(seconds), collectAt, "GOMAXPROCS=1", "GOTRACEBACK=none"}
		cmd.Dir = stage
		cmd.Stdin = bytes.NewReader(module)
		cmd.Stderr = &limited{&said, 4096}
		return cmd
	})
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 {
			return "", nil, fault.New(fault.BadFile, "the module does not compile: %s", strings.TrimSpace(said.String()))
		}
		if errors.As(err, &exit) {
			return "", nil, fault.Wrap(err, fault.TooLarge, "the module is too complex: compiling it takes more than %d s or %d MiB", seconds, memoryLimit>>20)
		}
		return "", nil, fault.Wrap(err, fault.Internal, "the compiler does not start")
	}
	return collect(stage)
}

// collect reads the one file that a compilation leaves.
func collect(stage string) (string, []byte, error) {
	files, err := filepath.Glob(filepath.Join(stage, "*", "*"))
	if err != nil || len(files) != 1 {
		return "", nil, fault.New(fault.Internal, "the compiler left %d files", len(files))
	}
	info, err := os.Lstat(files[0])
	if err != nil || !info.Mode().IsRegular() || info.Size() > codeLimit {
		return "", nil, fault.New(fault.Internal, "the compiler left something that is no code")
	}
	code, err := os.ReadFile(files[0])
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Internal, "compiled code cannot be read")
	}
	return filepath.Base(files[0]), code, nil
}

// limited keeps the first bytes that are written to it.
type limited struct {
	to   *bytes.Buffer
	left int
}

// Write keeps what there is room for.
func (l *limited) Write(b []byte) (int, error) {
	n := min(len(b), l.left)
	l.to.Write(b[:n])
	l.left -= n
	return len(b), nil
}
