package main

import "github.com/cocoonhq/cocoon/internal/models"

// shelf shows the model folders to the server.
type shelf struct{ f *models.Folders }

// Folders lists the keys of all folders.
func (s shelf) Folders() []string { return s.f.Keys() }

// List gives the files of a folder.
func (s shelf) List(folder string) ([]string, bool) {
	if !s.f.Has(folder) {
		return nil, false
	}
	names, err := s.f.List(folder)
	return names, err == nil
}

// Roots lists a folder's directories.
func (s shelf) Roots(folder string) []string { return s.f.Roots(folder) }

// Extensions lists the endings of a folder's files.
func (s shelf) Extensions(folder string) []string { return s.f.Extensions(folder) }

// Metadata gives what a safetensors file says of itself.
func (s shelf) Metadata(folder, name string) (map[string]string, bool) {
	return s.f.Metadata(folder, name)
}

// Describe says what a checkpoint is.
func (s shelf) Describe(name string) (any, error) {
	path, err := s.f.Find("checkpoints", name)
	if err != nil {
		return nil, err
	}
	r, err := models.InspectFile(path)
	if err != nil {
		return nil, err
	}
	side := nativeSide(r)
	return map[string]any{"family": r.Family, "label": r.Label, "width": side, "height": side, "parameters": r.Parameters()}, nil
}

// nativeSide is about how large the pictures were that a model learnt from, in pixels. No file says so: families have a usual
// size, and a model much narrower than its family's was trained on less.
func nativeSide(r models.Report) int {
	const usualChannels = 320
	switch {
	case r.UNet != nil && r.UNet.Channels < usualChannels && r.Family != models.Refiner:
		return 128
	case r.Family == models.SD1:
		return 512
	case r.Family == models.SD2:
		return 768
	}
	return 1024
}
