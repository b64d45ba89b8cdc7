package frontend

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Pinned is the version of a published package that belongs to the version of the protocol that is spoken: what is installed
// when no version is asked for.
//
// Compat: what the reference 0.33.0 requires.
func Pinned(k Kind) string {
	return map[Kind]string{Client: "1.49.6", Templates: "0.11.44", Docs: "0.5.10"}[k]
}

// Latest asks for the newest version.
const Latest = "latest"

// published reads the name of a kind, with or without a version. The names that the packages are published under do, too.
func published(source string) (k Kind, version string, ok bool) {
	name, version, _ := strings.Cut(source, "==")
	switch name {
	case string(Client), "comfyui-frontend-package":
		k = Client
	case string(Templates), "comfyui-workflow-templates":
		k = Templates
	case string(Docs), "comfyui-embedded-docs":
		k = Docs
	default:
		return "", "", false
	}
	return k, version, version == "" || plainName(version)
}

// fromPip lets pip download the published package, and installs what it brought.
func (i Installer) fromPip(ctx context.Context, k Kind, version string) ([]Installed, error) {
	pip := i.Pip
	if pip == nil {
		if pip = findPip(); pip == nil {
			return nil, fault.New(fault.NotFound, "there is no pip on this machine; download the wheel elsewhere and give its path or URL")
		}
	}
	tmp, err := os.MkdirTemp("", "cocoon-pip-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	wanted := map[Kind]string{Client: "comfyui-frontend-package", Templates: "comfyui-workflow-templates", Docs: "comfyui-embedded-docs"}[k]
	switch version {
	case Latest:
	case "":
		wanted += "==" + Pinned(k)
	default:
		wanted += "==" + version
	}
	args := append(slices.Clone(pip[1:]), "download", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:", "--dest", tmp)
	if k != Templates { // which are spread over packages that need each other
		args = append(args, "--no-deps")
	}
	i.Say("asking %s for %s", strings.Join(pip, " "), wanted)
	cmd := exec.CommandContext(ctx, pip[0], append(args, "--", wanted)...)
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "pip could not download %s: %s", wanted, lastLine(string(out)))
	}
	wheels, err := filepath.Glob(filepath.Join(tmp, "*.whl"))
	if err != nil {
		return nil, err
	}
	var done []Installed
	for _, w := range wheels {
		p, err := i.fromArchive(ctx, w, "pip: "+filepath.Base(w))
		if errors.Is(err, errNothing) {
			continue
		}
		if err != nil {
			return done, err
		}
		done = append(done, p)
	}
	if len(done) == 0 {
		return nil, fault.New(fault.NotFound, "pip brought no package that can be served")
	}
	return done, nil
}

// findPip looks for pip in the ways it is usually called.
func findPip() []string {
	for _, c := range [][]string{{"pip"}, {"pip3"}, {"python3", "-m", "pip"}, {"python", "-m", "pip"}} {
		if _, err := exec.LookPath(c[0]); err == nil {
			return c
		}
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	const most = 300
	last := lines[len(lines)-1]
	return last[:min(len(last), most)]
}

// fromURL downloads an archive and installs it.
func (i Installer) fromURL(ctx context.Context, source string) ([]Installed, error) {
	u, err := url.Parse(source)
	if err != nil || u.Host == "" {
		return nil, fault.New(fault.BadRequest, "%q is no URL", source)
	}
	told := u.Redacted()
	i.Say("downloading %s", told)
	tmp, err := os.CreateTemp("", "cocoon-*"+path.Ext(u.Path))
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	err = download(ctx, source, tmp)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return nil, err
	}
	p, err := i.fromArchive(ctx, tmp.Name(), told)
	if err != nil {
		return nil, err
	}
	return []Installed{p}, nil
}

func download(ctx context.Context, source string, to io.Writer) error {
	const patience = 15 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return fault.Wrap(err, fault.BadRequest, "the URL cannot be used")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "the download failed")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fault.New(fault.NotFound, "the download failed: the server answered %s", resp.Status)
	}
	n, err := io.Copy(to, io.LimitReader(resp.Body, maxArchive+1))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "the download broke off")
	}
	if n > maxArchive {
		return fault.New(fault.TooLarge, "the download has over %d bytes", int64(maxArchive))
	}
	return nil
}
