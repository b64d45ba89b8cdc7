// The SDK of API version 2, @comfyorg/sdk.
import { createHash } from "node:crypto";
import { check, step, finish, base, graph, slow, failing, isPNG, loadAndSave, picture } from "./check.mjs";

process.env.COCOON_URL ??= base;
process.env.COMFY_BASE_URL = base;
const { Comfy, IdempotencyKeyReuse, InvalidWorkflow, JobFailed, MissingAsset, NotFound } = await import("@comfyorg/sdk");
const { schemas } = await import("@comfyorg/sdk/low");
const client = new Comfy();
const n = Math.floor(Math.random() * 256), bytes = await picture(n);

// Each answer fits the SDK's own schema.
const raw = async (path, init) => (await fetch(base + "/api/v2" + path, init)).json();

await step("an upload is new", async () => {
  const a = client.assets.fromBytes(Buffer.concat([bytes, Buffer.from(String(Math.random()))]), { filename: "photo.png" });
  await a.commit();
  check("created_new is told", a.createdNew === true);
  const again = await client.assets.get(a.id);
  check("an asset is found by id", again.id === a.id && (await again.hash()) === (await a.hash()));
  schemas.zAsset.parse(await raw("/assets/" + a.id));
  await a.delete();
  await client.assets.get(again.id).then(() => check("a deleted asset is gone", false), (e) => check("a deleted asset is gone", e instanceof NotFound, String(e)));
});

let job;
await step("an uploaded picture goes through a workflow", async () => {
  const wf = client.workflows.fromJson(loadAndSave(client.assets.fromBytes(bytes, { filename: "räume [x].png" })));
  job = await client.run(wf, { timeoutMs: 60000 });
  check("the job succeeded", job.status === "succeeded");
  const [out] = job.getOutputs("3");
  const png = await out.toBytes();
  check("its output is a PNG", isPNG(png) && png.length === out.sizeBytes, [png.length, out.sizeBytes]);
  check("its output says what it is", out.type === "image" && out.contentType === "image/png" && out.jobId === job.id);
  const head = await out.toBytes({ range: [0, 7] });
  check("a range gives that part", head.length === 8 && isPNG(head));
  const { url } = await out.getDownloadUrl();
  check("the download URL works", isPNG(new Uint8Array(await (await fetch(url)).arrayBuffer())));
});

await step("the same bytes are not sent twice", async () => {
  const a = client.assets.fromBytes(bytes, { filename: "other name.png" });
  await a.commit();
  check("created_new is false", a.createdNew === false);
});

await step("progress, preview, output and the end come as events", async () => {
  const j = await client.submit(client.workflows.fromJson(graph({ "5.seed": Date.now() % 1e9, "5.steps": 60 })));
  const seen = { statusChange: [], progress: [], preview: [], outputReady: [] };
  for await (const e of j.events()) seen[e.kind]?.push(e);
  check("the end is told", seen.statusChange.at(-1)?.status === "succeeded", seen.statusChange);
  check("progress counts nodes and steps", seen.progress.length > 2 && seen.progress.at(-1).value === 1 && seen.progress.some((p) => p.steps === 60), seen.progress.slice(-3));
  check("a preview is a JPEG", seen.preview[0]?.data?.[0] === 0xff && seen.preview[0]?.data?.[1] === 0xd8, seen.preview.length);
  check("the output is told", seen.outputReady.length === 1 && isPNG(await seen.outputReady[0].output.toBytes()));
  schemas.zJob.parse(await raw("/jobs/" + j.id));
  const { workflow, format } = await j.getWorkflow();
  check("the workflow comes back", format === "api" && workflow["5"].inputs.steps === 60);
});

await step("a running job is cancelled", async () => {
  const j = await client.submit(client.workflows.fromJson(slow(1)));
  const waiting = await client.submit(client.workflows.fromJson(slow(2)));
  check("a second one waits", waiting.status === "queued");
  await waiting.cancel();
  check("a waiting job is cancelled at once", waiting.status === "canceled", waiting.status);
  for await (const e of j.events()) if (e.kind === "progress") break;
  await j.cancel();
  await j.wait(20000);
  check("the job is canceled", j.status === "canceled", j.status);
  schemas.zJob.parse(await raw("/jobs/" + j.id));
});

await step("keys count once", async () => {
  const key = "key-" + Math.random();
  const wf = client.workflows.fromJson(loadAndSave(client.assets.fromBytes(bytes, { filename: "k.png" })));
  const first = await client.submit(wf, { idempotencyKey: key });
  await first.wait(20000);
  await client.submit(wf, { idempotencyKey: key }).then(() => check("a key is refused the second time", false), (e) => check("a key is refused the second time", e instanceof IdempotencyKeyReuse, String(e)));
});

await step("what is wrong is told by type", async () => {
  const throws = (what, kind, p) => p.then(() => check(what, false, "nothing was thrown"), (e) => check(what, e instanceof kind, String(e)));
  await throws("an unknown class is an invalid workflow", InvalidWorkflow, client.submit(client.workflows.fromJson({ 1: { class_type: "NoSuchNode", inputs: {} } })));
  await throws("a bad value is an invalid workflow", InvalidWorkflow, client.submit(client.workflows.fromJson(graph({ "5.steps": -1 }))));
  await throws("an asset that is not there is missing", MissingAsset, client.submit(client.workflows.fromJson(loadAndSave({ __type: "core/ASSET", info: { id: "asset_bm8" } }))));
  await throws("an unknown job is not found", NotFound, client.jobs.get("00000000-0000-4000-8000-000000000000"));
  await throws("a failing node fails the job", JobFailed, client.run(client.workflows.fromJson(failing()), { timeoutMs: 20000 }));
});

await step("two names of the same bytes, and a hash that does not fit", async () => {
  const form = new FormData();
  form.append("content_type", "image/png");
  form.append("file_path", "x.png");
  form.append("expected_hash", "blake3:" + createHash("sha256").update("x").digest("hex"));
  form.append("file", new Blob([bytes]), "x.png");
  const r = await fetch(base + "/api/v2/assets", { method: "POST", body: form });
  check("a wrong hash is a 409", r.status === 409 && (await r.json()).error.code === "hash_mismatch");
});
finish();
