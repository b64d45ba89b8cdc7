package server

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/workflow"
	"github.com/cocoonhq/cocoon/server/reply"
)

// openWorkflow is POST /cocoon/workflow?name=: any file that carries a workflow becomes a prompt.
func (s *Server) openWorkflow(w http.ResponseWriter, r *http.Request, _ params) error {
	name := queryOf(r).Get("name")
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	types, err := workflow.ParseObjectInfo(node.ObjectInfo(r.Context(), s.c.Registry))
	if err != nil {
		return err
	}
	o, err := workflow.Open(r.Context(), name, b, types, workflow.Options{})
	if err != nil {
		return err
	}
	answer := struct {
		Source   string              `json:"source"`
		Prompt   json.RawMessage     `json:"prompt"`
		Workflow json.RawMessage     `json:"workflow"`
		Problems []workflow.Problem  `json:"problems"`
		Linear   []workflow.AppInput `json:"linear"` // the inputs that the workflow's author shows; null for all
		Media    string              `json:"media"`
	}{o.Source, o.Prompt, o.Workflow, o.Problems, nil, o.Media}
	if answer.Problems == nil {
		answer.Problems = []workflow.Problem{}
	}
	if o.App != nil {
		answer.Linear = o.App.Inputs
	}
	reply.JSON(w, 200, answer)
	return nil
}
