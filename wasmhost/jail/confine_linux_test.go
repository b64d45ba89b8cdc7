package jail

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tryVariable names the folder of a process that gives up what it has, and then tries to reach others.
const tryVariable = "COCOON_JAIL_TRY"

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(tryVariable); ok {
		attempt(dir)
		return
	}
	os.Exit(m.Run())
}

// attempt says what this process could do, a name a line.
func attempt(dir string) {
	parent, pipe := os.Getppid(), make([]int, 2)
	if err := unix.Pipe(pipe); err != nil {
		panic(err)
	}
	missing := Confine(Box{Dir: dir, Memory: 1 << 30, FileBytes: 1 << 20, Files: 64, Messages: true})
	if slices.Contains(missing, "seccomp") {
		fmt.Println("no seccomp")
		return
	}
	tid, limit := unix.Gettid(), unix.Rlimit{Cur: 64, Max: 64}
	for _, x := range []struct {
		name string
		do   func() error
	}{
		{"its own signal", func() error { return unix.Tgkill(os.Getpid(), tid, 0) }},
		{"its own limits", func() error { return unix.Prlimit(0, unix.RLIMIT_NOFILE, nil, &limit) }},
		{"a file's flags", func() error { return fcntl(pipe[0], unix.F_GETFL, 0) }},
		{"a file of its folder", func() error { return os.WriteFile(dir+"/a", nil, 0o600) }},
		{"signal to its parent", func() error { return unix.Tgkill(parent, parent, 0) }},
		{"kill of its parent", func() error { return unix.Kill(parent, 0) }},
		{"limits of its parent", func() error { return unix.Prlimit(parent, unix.RLIMIT_NOFILE, nil, &limit) }},
		{"a file that sends signals", func() error { return fcntl(pipe[0], unix.F_SETOWN, parent) }},
		{"a file that ends", func() error { return fcntl(pipe[0], unix.F_SETSIG, int(unix.SIGKILL)) }},
		{"a socket", func() error { _, err := net.DialTimeout("tcp", "127.0.0.1:9", time.Second); return denied(err) }},
		{"a file elsewhere", func() error { _, err := os.ReadFile("/proc/self/environ"); return err }},
		{"a process", func() error { return exec.Command("/bin/true").Run() }},
		{"memory of its parent", func() error { return unix.PtraceAttach(parent) }},
		{"a link", func() error { return os.Symlink("/etc/passwd", dir+"/link") }},
		{"a namespace", func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
	} {
		if x.do() == nil && (x.name != "a file elsewhere" || !slices.Contains(missing, "Landlock")) {
			fmt.Println(x.name)
		}
	}
}

func fcntl(fd, command, arg int) error {
	_, err := unix.FcntlInt(uintptr(fd), command, arg)
	return err
}

// denied is nil for a call that was made and failed otherwise.
func denied(err error) error {
	if err != nil && strings.Contains(err.Error(), "not permitted") {
		return err
	}
	return nil
}

// TestConfined: what has given up its rights computes and writes into its folder, and reaches nobody else, not even a process of the same
// user's that it is not kept from seeing.
func TestConfined(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = []string{tryVariable + "=" + t.TempDir()}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.TrimSpace(string(out))
	if got == "no seccomp" {
		t.Skip("this system has no seccomp")
	}
	if want := "its own signal\nits own limits\na file's flags\na file of its folder"; got != want {
		t.Errorf("it could do:\n%s\nwant:\n%s", got, want)
	}
}
