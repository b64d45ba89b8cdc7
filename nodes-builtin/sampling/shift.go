package sampling

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
)

type shiftIn struct {
	Model sample.Source
	Shift float64
}

type modelOut struct{ Model sample.Source }

// auraFlow gives a flow model another shift. A model that predicts noise or v is left as it is: the reference would take its
// output for a velocity, which makes pictures of noise.
var auraFlow = node.Def[shiftIn, modelOut]{
	ID: "ModelSamplingAuraFlow", Category: "model/patch", Module: "comfy_extras.nodes_model_advanced",
	Help: "Moves the steps of a flow model towards more noise. Models of other kinds are left as they are.",
	Ports: func(p *node.Ports, in *shiftIn, out *modelOut) {
		node.Linked(p, "model", "MODEL", &in.Model)
		node.Number(p, "shift", &in.Shift, 1.73).Range(0.0, 100.0).Step(0.01).Help("More makes the start of sampling longer; 1 changes nothing.")
		node.Result(p, "MODEL", &out.Model)
	},
	Do: func(_ context.Context, in shiftIn) (modelOut, error) {
		own := in.Model.Sampling()
		if !own.IsFlow() {
			return modelOut{in.Model}, nil
		}
		s := param.NewFlow(in.Shift, 1)
		s.Prediction = param.Flow{NoiseScale: float64(own.NoiseScale())}
		return modelOut{in.Model.With(func(o *sample.Options) { o.Sampling = &s })}, nil
	},
}
