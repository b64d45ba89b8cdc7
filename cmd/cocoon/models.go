package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/weights"
)

const modelsUsage = `cocoon models list              lists the files in the model folders
cocoon models inspect FILE ...  says what a file is: kind, family, parts, what is missing`

// modelsCommand is "cocoon models".
func modelsCommand(_ context.Context, args []string, std streams) error {
	var o options
	f := newFlags("models", modelsUsage, std)
	o.add(f)
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if len(plain) == 0 {
		f.Usage()
		return exitCode(2)
	}
	switch plain[0] {
	case "list":
		return listModels(&o, std.out)
	case "inspect":
		if len(plain) == 1 {
			return errors.New("which file? cocoon models inspect FILE")
		}
		var errs []error
		for _, path := range plain[1:] {
			errs = append(errs, inspectModel(path, std.out))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("there is no models command %q; it is list or inspect", plain[0])
}

func listModels(o *options, w io.Writer) error {
	folders, err := o.folders()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	n := 0
	for _, key := range folders.Keys() {
		if key == "custom_nodes" || key == "configs" {
			continue
		}
		names, err := folders.List(key)
		if err != nil {
			return err
		}
		for _, name := range names {
			n++
			path, err := folders.Find(key, name)
			if err != nil {
				return err
			}
			what := "cannot be read"
			if r, err := models.InspectFile(path); err == nil {
				what = r.String()
			}
			fmt.Fprintf(t, "%s\t%s\t%s\n", key, name, what)
		}
	}
	if n == 0 {
		fmt.Fprintf(w, "no model files in %s\n", o.models)
	}
	return t.Flush()
}

func inspectModel(path string, w io.Writer) error {
	r, err := models.InspectFile(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s is %v\n", path, r)
	for _, p := range r.Parts {
		if p.Tensors > 0 {
			fmt.Fprintf(w, "  %-16s %5d tensors  %8s parameters  %s\n", p.Name, p.Tensors, short(p.Parameters), strings.Join(p.DTypes, ", "))
		}
	}
	if len(r.Missing) > 0 {
		fmt.Fprintf(w, "  missing: %s\n", strings.Join(r.Missing, ", "))
	}
	if text := unfit(path, r); text != "" {
		fmt.Fprintf(w, "  cannot be loaded: %s\n", text)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
	if node := r.LoaderFor(); node != "" {
		fmt.Fprintf(w, "  %s loads it from models/%s\n", node, r.Folder())
	}
	return nil
}

// unfit says why a checkpoint or a VAE that looks right cannot be loaded: tensors that are missing or of the wrong shape.
// It is empty when all is well. No element is read.
func unfit(path string, r models.Report) string {
	if r.Kind != models.Checkpoint && r.Kind != models.VAEFile {
		return ""
	}
	f, err := weights.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	if r.Kind == models.Checkpoint {
		_, err = diffusion.Load(f, b)
	} else {
		_, err = diffusion.LoadVAE(f, b)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// short gives a number as people say it: "859.5 M".
func short(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f B", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f k", float64(n)/1e3)
}
