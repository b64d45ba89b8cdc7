package frontend

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Seed prepares the folder of the user called default for a first visit of the web client: the demo workflow is in its list and
// marked, and the files that it asks for at its start are there. What is there already is left alone; a list of workflows that
// exists gets nothing, so that a deleted demo stays away. userDir is the folder of all users. The demo checkpoint, if it is in
// the folder checkpoints, gets its picture for the list of models.
func Seed(userDir, checkpoints string) error {
	if _, err := os.Stat(filepath.Join(checkpoints, "papercut.safetensors")); err == nil {
		_ = seedFile("demo/cocoon_papercut-1.png", filepath.Join(checkpoints, "papercut.png")) // a folder that cannot be written shows none
	}
	dir := filepath.Join(userDir, "default")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fault.Wrap(err, fault.ReadOnly, "the folder %s cannot be made", dir)
	}
	for _, name := range []string{"user.css", "comfy.templates.json"} {
		if err := seedFile("demo/"+name, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "subgraphs"), 0o755); err != nil {
		return fault.Wrap(err, fault.ReadOnly, "the folder %s cannot be written", dir)
	}
	workflows := filepath.Join(dir, "workflows")
	if err := os.Mkdir(workflows, 0o755); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return fault.Wrap(err, fault.ReadOnly, "the folder %s cannot be made", workflows)
	}
	if err := seedFile("demo/cocoon_papercut.json", filepath.Join(workflows, "Papercut.json")); err != nil {
		return err
	}
	return seedText(`{"bookmarks":["workflows/Papercut.json"]}`, filepath.Join(workflows, ".index.json"))
}

func seedFile(from, to string) error {
	b, err := demo.ReadFile(from)
	if err != nil {
		return err
	}
	return seedText(string(b), to)
}

func seedText(text, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fault.Wrap(err, fault.ReadOnly, "%s cannot be written", to)
	}
	return nil
}
