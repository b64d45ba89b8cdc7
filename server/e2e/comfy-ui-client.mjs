// comfy-ui-client.
import { ComfyUIClient } from "comfy-ui-client";
import { check, step, finish, base, graph, slow, failing, isPNG, loadAndSave, picture, until } from "./check.mjs";

const client = new ComfyUIClient(new URL(base).host, "comfy-ui-client-" + Date.now());
await step("it connects", () => client.connect());
const bytes = async (images) => new Uint8Array(await images[0].blob.arrayBuffer());

await step("what the server says of itself", async () => {
  check("nodes are there", "KSampler" in (await client.getObjectInfo()));
  check("one node is there", "KSampler" in (await client.getObjectInfo("KSampler")));
  check("embeddings are a list", Array.isArray(await client.getEmbeddings()));
  check("extensions are a list", Array.isArray(await client.getExtensions()));
  check("system stats have a device", (await client.getSystemStats()).devices.length > 0);
  check("nothing waits", (await client.getPrompt()).exec_info.queue_remaining === 0);
});

await step("a picture from words", async () => {
  const images = await client.getImages(graph({ "5.seed": Date.now() % 1e9, "5.steps": 10 }));
  check("the result is a PNG", isPNG(await bytes(images["7"])));
});

await step("an uploaded picture goes through a workflow", async () => {
  const up = await client.uploadImage(await picture(3), "third.png", true);
  check("the upload has a name", up.name === "third.png", up);
  const images = await client.getImages(loadAndSave(up.name));
  check("the result is a PNG", isPNG(await bytes(images["3"])));
});

await step("a prompt that fails says why", async () => {
  const e = await client.queuePrompt(graph({ "5.steps": -1 })).then(() => undefined, (e) => JSON.parse(e.message));
  check("the refusal names node and input", e?.node_errors?.["5"]?.errors?.[0]?.extra_info?.input_name === "steps", e);
  const { prompt_id } = await client.queuePrompt(failing());
  const h = await until(async () => (await client.getHistory(prompt_id))[prompt_id]);
  check("the history names the failing node", h.status.status_str === "error" && h.status.messages.some(([k, m]) => k === "execution_error" && m.node_id === "5"), h.status);
});

await step("a running prompt is interrupted", async () => {
  const { prompt_id } = await client.queuePrompt(slow(5));
  await until(async () => (await client.getQueue()).queue_running.length > 0);
  await client.interrupt().catch(() => {}); // it wants JSON where the protocol sends nothing
  const h = await until(async () => (await client.getHistory(prompt_id))[prompt_id]);
  check("the history says so", h.status.messages.some(([k]) => k === "execution_interrupted"), h.status);
});
await client.disconnect();
finish();
