package server

import "github.com/cocoonhq/cocoon/server/spec"

// shapes are the values that several operations speak of, in the notation of package spec.
var shapes = map[string]string{
	"Workflow":   `{*: {class_type: string, inputs: object, _meta?: object}}`,
	"Problem":    `{type: string, message: string, details: string, extra_info: object}`,
	"NodeErrors": `{*: {errors: [Problem], dependent_outputs: [string], class_type: string}}`,
	"Refusal":    `{error: Problem, node_errors: NodeErrors}`,
	"Error":      `{error: {type: string, message: string, details: string}}`,
	"BadQuery":   `{error: string, invalid_ids?: [string]}`,
	"Outputs":    `{*: {*: any}}`,
	"Ending":     `{status_str: "success"|"error", completed: bool, messages: [[string, object]]}`,
	"Done":       `{prompt_id: string, number: number, node_errors: NodeErrors, result?: {outputs: Outputs, status: Ending, meta: object}}`,
	"Queued":     `[number, string, Workflow, object, [string]]`,
	"Finished":   `{prompt: Queued, outputs: Outputs, status: Ending|null, meta: object}`,
	"Job": `{id: string, status: "pending"|"in_progress"|"completed"|"failed"|"cancelled", priority: number, create_time?: int,
		execution_start_time?: int, execution_end_time?: int, execution_error?: object, outputs_count?: int, previewable_outputs_count?: int,
		preview_output?: object, workflow_id?: string, outputs?: Outputs, execution_status?: Ending|object, workflow?: {prompt: Workflow, extra_data: object}}`,
	"Node": `{input: {required?: object, optional?: object, hidden?: object}, input_order: object, output: [any], output_is_list: [bool],
		output_name: [string], name: string, display_name: string, description: string, category: string, output_node: bool, python_module: string}`,
	"Uploaded":   `{name: string, subfolder: string, type: string, asset?: object}`,
	"UserFile":   `{path: string, size: int, modified: int, created: int}`,
	"Subgraph":   `{source: string, name: string, info: {node_pack: string}, data?: string}`,
	"LogEntry":   `{t: string, m: string}`,
	"AssetError": `{error: {code: string, message: string, details: object}}`,
	"Asset": `{id: uuid, name: string, hash?: string, asset_hash?: string, size?: int, mime_type?: string, tags: [string], loader_path?: string,
		display_name?: string, preview_id?: string, preview_url?: string, user_metadata: object, metadata?: object, job_id?: string, prompt_id?: string,
		created_at: string, updated_at: string, last_access_time?: string, created_new?: bool}`,
	"ScanProgress": `{scanned: int, total: int, created: int, skipped: int}|null`,
	"Extension": `{id: string, version: string, name: string, description: string, author: string, license: string, publisher: string,
		fingerprint: string, trust: string, shared: bool, changeable: bool, state: string, reason: string,
		capabilities: [{id: string, kind: string, text: string, items: [string], risk: "low"|"medium"|"high", required: bool, granted: bool, new: bool}],
		nodes: [{class: string, name: string}], routes: [string], events: [string], messages: [string], page: bool, stats: object|null}`,
	"ExtensionChanged": `{extension: Extension|null}`,
	"V2Error":          `{error: {code: string, message: string, details?: any}}`,
	"V2Asset": `{id: string, hash: string|null, size_bytes: int, content_type: string, file_path: string, created_new?: bool, created_at: string,
		url: string, url_expires_at: string, expires_at: string|null, job_id: string|null}`,
	"V2Output": `{node_id: string, name: string, type: string, content_type: string, size_bytes: int, id: string, hash: string|null, url: string,
		url_expires_at: string, job_id: string}`,
	"V2Job": `{id: string, status: string, created_at: string, started_at: string|null, completed_at: string|null, expires_at: string,
		queue_position: int|null, progress: {value: number, nodes_done: int, nodes_total: int, current_node: string|null, current_node_class: string|null,
		step: int|null, steps: int|null}|null, outputs: [V2Output], error: {code: string, message: string, node_id: string|null, class_type: string|null,
		traceback: string|null}|null, urls: {*: string}}`,
}

// What several operations have in common.
const (
	jsonRefused = "\n400 json Error # The request is at fault; the answer says how."
	noSuch      = "\n404 # There is none."
	noUser      = "\n403 text # The user is not known, or the name leads out of the user's folder."
	assetNone   = "\n404 json AssetError # There is none."
	assetBad    = "\n400 json AssetError # The request is at fault; the answer says how.\n503 json AssetError # The server runs without --enable-assets."
	extensionNo = "\n403 json Error # A key does not allow it.\n404 json Error # There is no such extension.\n409 json Error # Another change is under way, or the offer is gone."
	v2Bad       = "\n404 json V2Error # There is none.\n422 json V2Error # The request is at fault; the answer says how."
	deleteOrAll = "json {clear?: bool, delete?: [string]}"
	tagFilters  = `
		tags_all?: string # Tags with commas between, all of which must be there.
		tags_any?: string # Tags of which one must be there.
		tags_none?: string # Tags of which none may be there.
		include_tags?: string # The old name of tags_all.
		exclude_tags?: string # The old name of tags_none.
		name_contains?: string`
	whoseQuery = `
		shared?: bool # For all tenants; an operator's to say.`
	uploadForm = `image: bytes, type?: "input"|"temp"|"output", subfolder?: string, overwrite?: "true"|"1"`
)

// operations tells of each route, as its method and path, what it takes and gives.
var operations = map[string]spec.Op{
	"GET /prompt": {Answers: "200 json {exec_info: {queue_remaining: int}}"},
	"POST /prompt": {
		Query: "wait?: number # Seconds to wait for the end, up to 600.",
		Body: `json {prompt: Workflow, prompt_id?: uuid|null, number?: number|string, front?: bool, client_id?: string, extra_data?: object,
			partial_execution_targets?: [string]|null}`,
		Answers: `200 json Done # Queued. With wait: ended, and result tells how.
			202 json Done # With wait: not done yet.
			400 json Refusal # Refused; the answer names nodes and inputs.
			409 json Refusal # A prompt of this id waits or runs.
			410 json BadQuery # With wait: taken out of the queue.
			429 json Error # Too many prompts of this tenant wait.`,
	},
	"GET /queue":      {Answers: "200 json {queue_running: [Queued], queue_pending: [Queued]}"},
	"POST /queue":     {Body: deleteOrAll, Answers: "200 # Done." + jsonRefused},
	"POST /interrupt": {Body: "json {prompt_id?: string}", Answers: "200 # Done, or nothing ran." + jsonRefused},
	"POST /free":      {Body: "json {unload_models?: bool, free_memory?: bool}", Answers: "200 # It is done before the next prompt." + jsonRefused},
	"GET /history": {
		Query:   "max_items?: int # At most so many, the last ones without an offset.\noffset?: int # Leave out so many of the oldest.",
		Answers: "200 json {*: Finished}" + jsonRefused,
	},
	"GET /history/{prompt_id}": {Answers: "200 json {*: Finished} # Empty while it is not done, or not known."},
	"POST /history":            {Body: deleteOrAll, Answers: "200 # Done." + jsonRefused},
	"GET /api/jobs": {
		Query: `status?: string # States with commas between.
			workflow_id?: string
			sort_by?: "created_at"|"execution_duration"
			sort_order?: "asc"|"desc"
			limit?: int
			offset?: int`,
		Answers: `200 json {jobs: [Job], pagination: {offset: int, limit: int|null, total: int, has_more: bool}}
			400 json BadQuery # The query is at fault; the answer says how.`,
	},
	"GET /api/jobs/{job_id}":         {Answers: "200 json Job\n404 json BadQuery # There is none."},
	"POST /api/jobs/cancel":          {Body: "json {job_ids: [uuid]}", Answers: "200 json {cancelled: bool}\n400 json BadQuery # An id is none; nothing was cancelled."},
	"POST /api/jobs/{job_id}/cancel": {Answers: "200 json {cancelled: bool}"},
	"GET /ws": {
		Query:   "clientId?: string # Names the client, whose prompts name it too.\ntoken?: string # The key, on a server with keys.",
		Answers: "101 # The connection is a WebSocket now.\n400 text # The request asks for no WebSocket.\n429 # Too many are open.",
	},
	"GET /cocoon/events": {
		Query: "clientId?: string", Headers: "Last-Event-ID?: int # The last event that was heard.",
		Answers: "200 events\n429 # Too many are open." + jsonRefused,
	},
	"GET /object_info":         {Headers: "If-None-Match?: string", Answers: "200 json {*: Node}\n304 # Nothing has changed."},
	"GET /object_info/{class}": {Answers: "200 json {*: Node} # Empty when there is no such node."},
	"GET /node_replacements": {Answers: `200 json {*: [{new_node_id: string, old_node_id: string, old_widget_ids: [string]|null,
		input_mapping: [object]|null, output_mapping: [object]|null}]}`},
	"GET /embeddings":                 {Answers: "200 json [string]"},
	"GET /models":                     {Answers: "200 json [string]"},
	"GET /models/{folder}":            {Answers: "200 json [string]" + noSuch},
	"GET /experiment/models":          {Answers: "200 json [{name: string, folders: [string], extensions: [string]}]"},
	"GET /experiment/models/{folder}": {Answers: "200 json [{name: string, pathIndex: int, modified: number, created: number, size: int}]" + noSuch},
	"GET /experiment/models/preview/{folder}/{path_index}/{filename}": {
		Path: "path_index: int", Answers: "200 image\n400 # The index is no number, or the name is empty.\n403 # The name leads out of the folder." + noSuch,
	},
	"GET /view_metadata/{folder}": {Query: "filename: string", Answers: "200 json object" + noSuch},
	"GET /view": {
		Query: `filename: string # May end in [output], [input] or [temp]; or blake3: and a hash.
			type?: "output"|"input"|"temp"
			subfolder?: string
			preview?: string # webp or jpeg, and after a semicolon the quality.
			channel?: "rgba"|"rgb"|"a"
			res?: int # The longest side in pixels, of a PNG or JPEG.`,
		Headers: "Range?: string\nIf-None-Match?: string",
		Answers: `200 file
			206 file # The range that was asked for.
			304 # Nothing has changed.
			400 # The name is none, or the file no picture.
			403 # The subfolder leads out of the folder.
			404 # There is none.
			416 # The range cannot be had.`,
	},
	"POST /upload/image":  {Body: "form {" + uploadForm + "}", Answers: "200 json Uploaded\n400 json Error # There is no picture in the form, or its name leads out of the folder.\n413 text # It is too large."},
	"POST /upload/mask":   {Body: "form {" + uploadForm + ", original_ref: string}", Answers: "200 json Uploaded" + jsonRefused},
	"GET /users":          {Answers: "200 json {storage: string, migrated?: bool, users?: {*: string}}"},
	"POST /users":         {Body: "json {username: string}", Answers: "200 json string # The user's id.\n400 json BadQuery|Error # The name cannot be had."},
	"GET /settings":       {Answers: "200 json object\n401 text # The user is not known."},
	"GET /settings/{id}":  {Answers: "200 json any # null when it was never set.\n401 text # The user is not known."},
	"POST /settings":      {Body: "json object", Answers: "200 # Stored.\n401 text # The user is not known." + jsonRefused},
	"POST /settings/{id}": {Body: "json any", Answers: "200 # Stored.\n401 text # The user is not known." + jsonRefused},
	"GET /userdata": {
		Query: `dir: string
			recurse?: bool # Files of folders below it, too.
			full_info?: bool
			split?: bool # Names in parts.`,
		Answers: "200 json [string|[string]|UserFile]\n400 text # There is no dir." + noUser + "\n404 text # There is no such folder.",
	},
	"GET /v2/userdata": {
		Query: "path?: string",
		Answers: `200 json [{name: string, path: string, type: "file"|"directory", size?: int, modified?: number}]
			400 text # The path is none.` + noUser + "\n404 text # There is none.",
	},
	"GET /userdata/{file}": {Answers: "200 file\n400 # The name is empty." + noUser + noSuch},
	"POST /userdata/{file}": {
		Query: "overwrite?: bool\nfull_info?: bool", Body: "bytes",
		Answers: "200 json string|UserFile\n400 # The name cannot be had." + noUser + "\n409 text # There is one, and overwrite is false.",
	},
	"DELETE /userdata/{file}": {Answers: "204 # Deleted.\n400 json Error # It is a folder." + noUser + noSuch},
	"POST /userdata/{file}/move/{dest}": {
		Query: "overwrite?: bool\nfull_info?: bool", Answers: "200 json string|UserFile\n400 # The name cannot be had." + noUser + noSuch + "\n409 text # There is one, and overwrite is false.",
	},
	"GET /":                                     {Answers: "200 html"},
	"GET /extensions":                           {Answers: "200 json [string]"},
	"GET /extensions/{pack}/{path}":             {Answers: "200 file" + noSuch},
	"GET /workflow_templates":                   {Answers: "200 json {*: [string]}"},
	"GET /api/workflow_templates/{pack}/{file}": {Answers: "200 file" + noSuch},
	"GET /i18n":                                 {Answers: "200 json {*: object}"},
	"GET /global_subgraphs":                     {Answers: "200 json {*: Subgraph}"},
	"GET /global_subgraphs/{id}":                {Answers: "200 json Subgraph|null"},
	"GET /templates/{path}":                     {Answers: "200 file" + noSuch},
	"GET /docs/{path}":                          {Answers: "200 file" + noSuch},
	"GET /ext/{id}/{path}":                      {Answers: "default file # What the extension answers."},
	"POST /ext/{id}/{path}":                     {Body: "bytes", Answers: "default file # What the extension answers."},
	"PUT /ext/{id}/{path}":                      {Body: "bytes", Answers: "default file # What the extension answers."},
	"PATCH /ext/{id}/{path}":                    {Body: "bytes", Answers: "default file # What the extension answers."},
	"DELETE /ext/{id}/{path}":                   {Answers: "default file # What the extension answers."},
	"GET /cocoon/extensions":                    {Answers: "200 json {enabled: bool, operator: bool, extensions: [Extension]}"},
	"POST /cocoon/extensions": {
		Query: whoseQuery, Body: "bytes # A package.",
		Answers: "200 json {offer: string, bytes: int, installed: string, refused: string, warnings: [string], extension: Extension}" + jsonRefused + extensionNo,
	},
	"GET /cocoon/extensions/{id}/log":   {Answers: "200 json {lines: [{at: string, level: string, text: string}]}" + extensionNo},
	"GET /cocoon/extensions/{id}/frame": {Answers: "200 html" + extensionNo},
	"GET /cocoon/extensions/{id}/page":  {Answers: "200 html" + extensionNo},
	"POST /cocoon/extensions/{id}/install": {
		Query: whoseQuery, Body: "json {offer: string, granted: [string]}", Answers: "200 json ExtensionChanged" + jsonRefused + extensionNo,
	},
	"POST /cocoon/extensions/{id}/grant":  {Query: whoseQuery, Body: "json {granted: [string]}", Answers: "200 json ExtensionChanged" + jsonRefused + extensionNo},
	"POST /cocoon/extensions/{id}/revoke": {Query: whoseQuery, Answers: "200 json ExtensionChanged" + jsonRefused + extensionNo},
	"DELETE /cocoon/extensions/{id}": {
		Query: whoseQuery + "\ndata?: bool # Also what it stored.", Answers: "200 json ExtensionChanged" + jsonRefused + extensionNo,
	},
	"GET /system_stats": {Answers: `200 json {system: object, devices: [{name: string, type: string, index: int|null, vram_total: int, vram_free: int,
		torch_vram_total: int, torch_vram_free: int}]}`},
	"GET /features":                  {Answers: "200 json object"},
	"GET /internal/logs":             {Answers: "200 json string"},
	"GET /internal/logs/raw":         {Answers: "200 json {entries: [LogEntry], size: {cols: int, rows: int}}"},
	"PATCH /internal/logs/subscribe": {Body: "json {clientId: string, enabled: bool}", Answers: "200 # Done, if the client is there." + jsonRefused},
	"GET /internal/folder_paths":     {Answers: "200 json {*: [string]}"},
	"GET /internal/files/{kind}":     {Path: `kind: "output"|"input"|"temp"`, Answers: "200 json [string]\n400 json BadQuery # There is no such folder."},
	"GET /healthz":                   {Answers: "200 text"},
	"GET /readyz":                    {Answers: "200 text\n503 text # It cannot take prompts; the text says why."},
	"GET /metrics":                   {Answers: "200 text"},
	"GET /openapi.json":              {Answers: "200 json object"},
	"GET /cocoon/api":                {Answers: "200 html"},
	"GET /cocoon/info":               {Answers: "200 json {version: string, comfyui_version: string, device: string}"},
	"GET /cocoon/model":              {Query: "name: string", Answers: "200 json object" + jsonRefused + "\n404 json Error # There is none."},
	"POST /cocoon/workflow": {
		Query: "name?: string # The file's name.", Body: "bytes",
		Answers: "200 json {source: string, prompt: Workflow|null, workflow: object|null, problems: [object], linear: [object]|null, media: string}" + jsonRefused,
	},
	"GET /cocoon": {Answers: "302 # The page is at /cocoon/."},
	"GET /api/assets": {
		Query: tagFilters + `
			hash?: string
			limit?: int # 1 to 500; 20 without.
			offset?: int
			after?: string # next_cursor of the page before.
			sort?: "name"|"created_at"|"updated_at"|"size"|"last_access_time"
			order?: "asc"|"desc"`,
		Answers: "200 json {assets: [Asset], total: int, has_more: bool, next_cursor?: string}" + assetBad,
	},
	"POST /api/assets": {
		Body:    "form {file?: bytes, hash?: string, tags?: string, name?: string, user_metadata?: string, mime_type?: string, preview_id?: string}",
		Answers: "200 json Asset # Its bytes were there already.\n201 json Asset" + assetBad + assetNone + "\n415 json AssetError # It is no form.",
	},
	"GET /api/tags": {
		Query: `prefix?: string
			limit?: int
			offset?: int
			order?: "count_desc"|"name_asc"
			include_zero?: bool`,
		Answers: "200 json {tags: [{name: string, count: int}], total: int, has_more: bool}" + assetBad,
	},
	"HEAD /api/assets/hash/{hash}": {Answers: "200 # It is there.\n400 # It is no hash.\n404 # It is not there."},
	"GET /api/assets/{uuid}":       {Path: "uuid: uuid", Answers: "200 json Asset" + assetNone + assetBad},
	"GET /api/assets/{uuid}/content": {
		Path: "uuid: uuid", Query: `disposition?: "attachment"|"inline"`, Answers: "200 file" + assetNone + assetBad,
	},
	"GET /api/assets/tags/refine": {Query: tagFilters + "\nlimit?: int", Answers: "200 json {tag_counts: {*: int}}" + assetBad},
	"GET /api/assets/seed/status": {Answers: `200 json {state: "IDLE"|"RUNNING"|"PAUSED"|"CANCELLING", progress: ScanProgress, errors: [string]}` + assetBad},
	"PUT /api/assets/{uuid}":      {Path: "uuid: uuid", Body: "json {name?: string, user_metadata?: object, preview_id?: string}", Answers: "200 json Asset" + assetNone + assetBad},
	"DELETE /api/assets/{uuid}":   {Path: "uuid: uuid", Answers: "204 # Deleted." + assetNone + assetBad},
	"DELETE /api/assets/{uuid}/tags": {Path: "uuid: uuid", Body: "json {tags: [string]}",
		Answers: "200 json {removed: [string], not_present: [string], total_tags: [string], protected: [string]}" + assetNone + assetBad},
	"POST /api/assets/{uuid}/tags": {Path: "uuid: uuid", Body: "json {tags: [string]}",
		Answers: "200 json {added: [string], already_present: [string], total_tags: [string]}" + assetNone + assetBad},
	"POST /api/assets/from-hash": {Body: "json {hash: string, name?: string, tags?: [string], user_metadata?: object, mime_type?: string, preview_id?: string}",
		Answers: "201 json Asset" + assetNone + assetBad},
	"POST /api/assets/seed": {Query: "wait?: bool # Answer at the scan's end.", Body: `json {roots?: ["models"|"input"|"output"]}`,
		Answers: `200 json {status: "completed", progress: ScanProgress, errors: [string]}
			202 json {status: "started"}
			409 json {status: "already_running"} # A scan is under way.` + assetBad},
	"POST /api/assets/seed/cancel": {Answers: `200 json {status: "cancelling"|"idle"}` + assetBad},
	"POST /api/assets/prune":       {Answers: "200 json {status: \"completed\", marked: int}\n409 json {status: \"scan_running\", marked: int} # A scan is under way." + assetBad},
	"POST /api/v2/assets": {
		Headers: "Idempotency-Key?: string", Body: "form {file: bytes, file_path?: string, content_type?: string, expected_hash?: string}",
		Answers: "200 json V2Asset # The bytes were there.\n201 json V2Asset\n409 json V2Error # The key was used, or the hash is another." + v2Bad,
	},
	"POST /api/v2/assets/from-hash":      {Body: "json {hash: string, file_path?: string}", Answers: "200 json V2Asset # The asset was there.\n201 json V2Asset" + v2Bad},
	"HEAD /api/v2/assets/by-hash/{hash}": {Answers: "200 # It is there.\n404 # It is not there.\n422 # It is no hash."},
	"GET /api/v2/assets/{id}":            {Answers: "200 json V2Asset" + v2Bad},
	"DELETE /api/v2/assets/{id}":         {Answers: "204 # Deleted." + v2Bad},
	"GET /api/v2/assets/{id}/content":    {Headers: "Range?: string", Answers: "200 file\n206 file # The range that was asked for." + v2Bad},
	"POST /api/v2/jobs":                  {Headers: "Idempotency-Key?: string", Body: "json {workflow: Workflow, extra_data?: object}", Answers: "201 json V2Job\n409 json V2Error # The key was used for another." + v2Bad},
	"GET /api/v2/jobs/{id}":              {Answers: "200 json V2Job" + v2Bad},
	"GET /api/v2/jobs/{id}/workflow":     {Answers: `200 json {workflow: Workflow, format: "api"}` + v2Bad},
	"GET /api/v2/jobs/{id}/events":       {Headers: "Last-Event-ID?: string", Answers: "200 events\n429 json V2Error # Too many are open." + v2Bad},
	"POST /api/v2/jobs/{id}/cancel":      {Answers: "200 json V2Job" + v2Bad},
}
