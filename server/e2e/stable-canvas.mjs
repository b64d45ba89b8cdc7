// @stable-canvas/comfyui-client.
import { Client, Workflow } from "@stable-canvas/comfyui-client";
import WebSocket from "ws";
import { check, step, finish, base, graph, slow, failing, isPNG, loadAndSave, picture, sleep, until } from "./check.mjs";

const client = new Client({ api_host: new URL(base).host, clientId: "stable-canvas-" + Date.now(), WebSocket, fetch });
await step("it connects", () => client.connect());
// Previews are among the images of a result, as data; the files have URLs.
const file = (result) => result.images.find((i) => i.type === "url");
const fetched = async (image) => new Uint8Array(await (await fetch(image.data)).arrayBuffer());

await step("what the server says of itself", async () => {
  check("a checkpoint is there", (await client.getSDModels()).includes("papercut.safetensors"));
  check("samplers are there", (await client.getSamplers()).includes("euler"));
  check("schedulers are there", (await client.getSchedulers()).includes("normal"));
  check("system stats have a device", (await client.getSystemStats()).devices.length > 0);
  check("embeddings are a list", Array.isArray(await client.getEmbeddings()));
  check("model folders are told", (await client.getModelFolders()).some((f) => f.name === "checkpoints"));
});

await step("a workflow made by its builder", async () => {
  const w = new Workflow(), c = w.classes;
  const [model, clip, vae] = c.CheckpointLoaderSimple({ ckpt_name: "papercut.safetensors" });
  const words = (text) => c.CLIPTextEncode({ text, clip })[0];
  const [samples] = c.KSampler({
    seed: Date.now() % 1e9, steps: 30, cfg: 5, sampler_name: "euler", scheduler: "normal", denoise: 1, model,
    positive: words("a red house by the sea"), negative: words(""), latent_image: c.EmptyLatentImage({ width: 128, height: 128, batch_size: 1 })[0],
  });
  c.SaveImage({ images: c.VAEDecode({ samples, vae })[0], filename_prefix: "stable" });
  const progress = [], previews = [];
  client.events.on("b_preview", (b) => previews.push(b));
  client.events.on("b_preview_with_metadata", (b) => previews.push(b));
  const result = await w.invoke(client, { progress: (p) => progress.push(p) });
  check("the result is a PNG", isPNG(await fetched(file(result))), result);
  check("progress is told", progress.length > 0);
  check("previews come", previews.length > 0, previews.length);
});

await step("the same by asking again and again", async () => {
  const result = await client.enqueue_polling(graph({ "5.seed": 77, "5.steps": 5 }), { polling_ms: 100 });
  check("the result is a PNG", isPNG(await fetched(file(result))));
});

await step("an uploaded picture goes through a workflow", async () => {
  const form = new FormData();
  form.append("image", new Blob([await picture(2)]), "stable.png");
  form.append("overwrite", "true");
  const up = await (await client.fetchApi("/upload/image", { method: "POST", body: form })).json();
  check("the upload has a name", up.name === "stable.png", up);
  const result = await client.enqueue(loadAndSave(up.name));
  check("the result is a PNG", isPNG(await fetched(file(result))));
});

await step("a prompt that fails says why", async () => {
  const told = async (p) => p.then(() => undefined, (e) => e);
  check("a bad value is refused", !!(await told(client.enqueue(graph({ "5.steps": -1 })))));
  check("a failing node is told", !!(await told(client.enqueue(failing()))));
});

await step("a running prompt is interrupted", async () => {
  const going = client.enqueue_polling(slow(4), { polling_ms: 100 }).then(() => "done", (e) => String(e));
  const [running] = await until(async () => { const q = await client.getQueue(); return q.Running.length && q.Running; });
  await sleep(300);
  await client.interrupt(running.prompt?.[1] ?? null);
  check("it failed for that reason", (await going) !== "done");
});
client.close();
finish();
