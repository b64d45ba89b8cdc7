// Package workflow turns what a client saves into the prompt that a server runs.
//
// A client's file is a drawing: nodes with widget values by position, links by slot number, subgraphs, notes, nodes that only
// exist on the canvas. A prompt is the flat graph behind it. Open reads any file a client accepts (a workflow, a prompt, a
// picture, sound, video or mesh that carries one) and gives the prompt; a Canvas is the drawing in between, which also knows
// how seeds move on from one run to the next.
//
// The package knows no node: it is told about them by the JSON of /object_info (ParseObjectInfo). All values of a drawing are
// IEEE doubles, as they are for the client; numbers of a prompt keep their digits.
//
// Compat: the behaviour is that of the official web client (comfyui-frontend-package 1.53.6, default settings), held to
// recorded conversions in testdata/goldens/workflows. Where it loses a link into an input of a dynamic combo's option, we keep it.
package workflow
