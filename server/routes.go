package server

import "net/http"

// route is one line of the API.
type route struct {
	method, path string
	alias        bool // also stands under /api
	do           handler
	help         string
	as           string // how the documentation writes the path when the router needs another form
}

// table is the whole API. A line without a method is a heading. The router bears no fixed name beside a parameter, so that a few handlers branch; each branch has
// its own line, whose as is the path as clients know it.
func (s *Server) table() []route {
	const plain, both = false, true
	return []route{
		{"", "The queue", plain, nil, "", ""},
		{"GET", "/prompt", both, s.remaining, "How many prompts wait or run.", ""},
		{"POST", "/prompt", both, s.submit, "Queues a prompt. With ?wait=SECONDS (up to 600) the answer comes when it is done, with its outputs.", ""},
		{"GET", "/queue", both, s.queue, "The prompts that run and wait.", ""},
		{"POST", "/queue", both, s.editQueue, `Takes waiting prompts out: {"clear": true} or {"delete": [ids]}.`, ""},
		{"POST", "/interrupt", both, s.interrupt, `Stops what runs, or only {"prompt_id": id}.`, ""},
		{"POST", "/free", both, s.free, `Gives memory back: {"unload_models": true, "free_memory": true}.`, ""},
		{"GET", "/history", both, s.history, "Finished prompts, oldest first; max_items and offset select.", ""},
		{"GET", "/history/:prompt_id", both, s.historyOf, "One finished prompt, or an empty object.", ""},
		{"POST", "/history", both, s.editHistory, `Forgets finished prompts: {"clear": true} or {"delete": [ids]}.`, ""},
		{"GET", "/api/jobs", both, s.jobs, "All prompts as jobs; status, workflow_id, sort_by, sort_order, limit and offset select.", ""},
		{"GET", "/api/jobs/:job_id", both, s.job, "One job with its outputs.", ""},
		{"POST", "/api/jobs/:job_id", both, s.cancelJobs, `Cancels several jobs: {"job_ids": [ids]}.`, "/api/jobs/cancel"},
		{"POST", "/api/jobs/:job_id/cancel", both, s.cancelJob, "Cancels one job, waiting or running.", ""},
		{"GET", "/ws", both, s.socket, "WebSocket of events; clientId names the client.", ""},
		{"GET", "/cocoon/events", plain, s.events, "The same events as Server-Sent Events; Last-Event-ID replays what was missed.", ""},
		{"", "Nodes and models", plain, nil, "", ""},
		{"GET", "/object_info", both, s.objectInfo, "All nodes with their inputs and outputs.", ""},
		{"GET", "/object_info/:class", both, s.objectInfoOf, "One node, or an empty object.", ""},
		{"GET", "/node_replacements", both, s.nodeReplacements, "How classes of the past are rewritten.", ""},
		{"GET", "/embeddings", both, s.embeddings, "Names of textual-inversion embeddings.", ""},
		{"GET", "/models", both, s.modelFolders, "Keys of the model folders.", ""},
		{"GET", "/models/:folder", both, s.modelFiles, "Files of a model folder.", ""},
		{"GET", "/experiment/models", both, s.modelRoots, "Model folders with their places on disk.", ""},
		{"GET", "/experiment/models/:folder", both, s.modelDetails, "Files of a model folder with sizes and times.", ""},
		{"GET", "/experiment/models/:folder/*rest", both, s.modelPreview, "A model's preview picture as WebP.", "/experiment/models/preview/:folder/:path_index/*filename"},
		{"GET", "/view_metadata/:folder", both, s.viewMetadata, "What a safetensors file says of itself; filename names it.", ""},
		{"", "Files", plain, nil, "", ""},
		{"GET", "/view", both, s.view, "A file; filename, subfolder and type name it, preview, channel and res give another form of a picture.", ""},
		{"POST", "/upload/image", both, s.uploadImage, "Stores a file: multipart form with image, type, subfolder, overwrite.", ""},
		{"POST", "/upload/mask", both, s.uploadMask, "Stores a picture with the upload's alpha; original_ref names the picture.", ""},
		{"", "Users", plain, nil, "", ""},
		{"GET", "/users", both, s.users, "Where settings lie, and who the users are.", ""},
		{"POST", "/users", both, s.addUser, `Makes a user: {"username": name}.`, ""},
		{"GET", "/settings", both, s.settings, "All settings of the user.", ""},
		{"GET", "/settings/:id", both, s.setting, "One setting, or null.", ""},
		{"POST", "/settings", both, s.setSettings, "Changes the settings that are named.", ""},
		{"POST", "/settings/:id", both, s.setSetting, "Changes one setting.", ""},
		{"GET", "/userdata", both, s.userFiles, "Files below dir; recurse, full_info and split say how they are listed.", ""},
		{"GET", "/v2/userdata", both, s.userTree, "Files and folders below path.", ""},
		{"GET", "/userdata/:file", both, s.userFile, "A file of the user.", ""},
		{"POST", "/userdata/:file", both, s.putUserFile, "Writes a file of the user; overwrite=false keeps one that is there.", ""},
		{"DELETE", "/userdata/:file", both, s.deleteUserFile, "Deletes a file of the user.", ""},
		{"POST", "/userdata/:file/move/:dest", both, s.moveUserFile, "Moves a file of the user.", ""},
		{"", "What packs and the client bring", plain, nil, "", ""},
		{"GET", "/", both, s.index, "The web client.", ""},
		{"GET", "/extensions", both, s.extensions, "Scripts that the client loads.", ""},
		{"GET", "/extensions/:pack", plain, s.extensionFile, "", ""},
		{"GET", "/extensions/:pack/*path", plain, s.extensionFile, "A web file of a node pack.", ""},
		{"GET", "/workflow_templates", both, s.workflowTemplates, "Example workflows of node packs.", ""},
		{"GET", "/api/workflow_templates/:pack/:file", plain, s.workflowTemplate, "One example workflow.", ""},
		{"GET", "/i18n", both, s.i18n, "Translations of node packs.", ""},
		{"GET", "/global_subgraphs", both, s.subgraphs, "Subgraphs that packs bring.", ""},
		{"GET", "/global_subgraphs/:id", both, s.subgraph, "One subgraph with its data, or null.", ""},
		{"GET", "/templates/*path", plain, s.templates, "Files of the workflow templates.", ""},
		{"GET", "/docs/*path", plain, s.nodeDocs, "Pages about nodes.", ""},
		{"GET", "/ext/:id/*path", both, s.guestRoute, "A route of an extension.", ""},
		{"POST", "/ext/:id/*path", both, s.guestRoute, "A route of an extension.", ""},
		{"PUT", "/ext/:id/*path", both, s.guestRoute, "A route of an extension.", ""},
		{"PATCH", "/ext/:id/*path", both, s.guestRoute, "A route of an extension.", ""},
		{"DELETE", "/ext/:id/*path", both, s.guestRoute, "A route of an extension.", ""},
		{"", "The server", plain, nil, "", ""},
		{"GET", "/system_stats", both, s.systemStats, "Versions, memory and devices.", ""},
		{"GET", "/features", both, s.features, "Feature flags of the server.", ""},
		{"GET", "/internal/logs", plain, s.logText, "The last lines of the log as one string.", ""},
		{"GET", "/internal/logs/raw", plain, s.logEntries, "The last lines of the log.", ""},
		{"PATCH", "/internal/logs/subscribe", plain, s.logSubscribe, `Sends log lines to a WebSocket: {"clientId": id, "enabled": true}.`, ""},
		{"GET", "/internal/folder_paths", plain, s.folderPaths, "Where model folders lie on disk.", ""},
		{"GET", "/internal/files/:kind", plain, s.internalFiles, "Files of the folder output, input or temp, newest first.", ""},
		{"GET", "/healthz", plain, s.healthz, "Answers while the process lives.", ""},
		{"GET", "/readyz", plain, s.readyz, "Answers 200 when prompts can be taken.", ""},
		{"GET", "/metrics", plain, s.metricsText, "Counters in the text format of Prometheus.", ""},
		{"GET", "/openapi.json", plain, s.openAPI, "This API as OpenAPI 3.1.", ""},
		{"GET", "/cocoon/api", plain, s.apiPage, "This API as a page for people.", ""},
		{"GET", "/cocoon/info", plain, s.info, "What the page shows of the server.", ""},
		{"GET", "/cocoon/model", plain, s.model, "What a checkpoint is; name names it.", ""},
		{"POST", "/cocoon/workflow", plain, s.openWorkflow, "Makes a prompt of any file that carries a workflow.", ""},
		{"GET", "/cocoon", plain, s.ownPage, "Cocoon's own page, also when another client is at the root.", ""},
		{"", "Assets", plain, nil, "", ""},
		{"GET", "/api/assets", plain, s.assets, "Lists assets.", ""},
		{"POST", "/api/assets", plain, s.assets, "Uploads an asset.", ""},
		{"GET", "/api/tags", plain, s.assets, "Lists tags.", ""},
		{"HEAD", "/api/assets/*rest", plain, s.assets, "Tells whether content of a hash is there.", "/api/assets/hash/:hash"},
		{"GET", "/api/assets/*rest", plain, s.assets, "One asset.", "/api/assets/:uuid"},
		{"GET", "/api/assets/*rest", plain, s.assets, "An asset's bytes.", "/api/assets/:uuid/content"},
		{"GET", "/api/assets/*rest", plain, s.assets, "Counts tags of the assets that match.", "/api/assets/tags/refine"},
		{"GET", "/api/assets/*rest", plain, s.assets, "How far the scan is.", "/api/assets/seed/status"},
		{"PUT", "/api/assets/*rest", plain, s.assets, "Changes an asset.", "/api/assets/:uuid"},
		{"DELETE", "/api/assets/*rest", plain, s.assets, "Deletes an asset.", "/api/assets/:uuid"},
		{"DELETE", "/api/assets/*rest", plain, s.assets, "Takes tags away.", "/api/assets/:uuid/tags"},
		{"POST", "/api/assets/*rest", plain, s.assets, "Adds tags.", "/api/assets/:uuid/tags"},
		{"POST", "/api/assets/*rest", plain, s.assets, "Makes an asset of content that is there.", "/api/assets/from-hash"},
		{"POST", "/api/assets/*rest", plain, s.assets, "Scans the folders.", "/api/assets/seed"},
		{"POST", "/api/assets/*rest", plain, s.assets, "Stops the scan.", "/api/assets/seed/cancel"},
		{"POST", "/api/assets/*rest", plain, s.assets, "Marks assets whose files are gone.", "/api/assets/prune"},
	}
}

// handler answers a request or says why not.
type handler func(w http.ResponseWriter, r *http.Request, p params) error
