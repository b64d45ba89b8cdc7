package frontend

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Welcome is what a new user of the web client finds in their folder: the demo workflow, marked in their list, and the files
// that the client asks for at its start and that nobody has at first. A name that ends with a / is a folder. It is for server.Config.
func Welcome() map[string][]byte {
	files := map[string][]byte{"subgraphs/": nil, "workflows/.index.json": []byte(`{"bookmarks":["workflows/Papercut.json"]}`)}
	for to, from := range map[string]string{
		"user.css": "user.css", "comfy.templates.json": "comfy.templates.json", "workflows/Papercut.json": "cocoon_papercut.json",
	} {
		b, err := demo.ReadFile("demo/" + from)
		if err != nil {
			panic(err) // it is embedded
		}
		files[to] = b
	}
	return files
}

// Example is a picture, for input folders that have none.
func Example() []byte {
	b, err := demo.ReadFile("demo/cocoon_papercut-1.png")
	if err != nil {
		panic(err) // it is embedded
	}
	return b
}

// PictureOf gives the demo checkpoint, if it is in the folder checkpoints, its picture for the list of models. A picture that
// is there already is left alone.
func PictureOf(checkpoints string) error {
	if _, err := os.Stat(filepath.Join(checkpoints, "papercut.safetensors")); err != nil {
		return nil
	}
	to := filepath.Join(checkpoints, "papercut.png")
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write(Example())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fault.Wrap(err, fault.ReadOnly, "%s cannot be written", to)
	}
	return nil
}
