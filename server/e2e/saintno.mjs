// @saintno/comfyui-sdk.
import { ComfyApi, CallWrapper, PromptBuilder } from "@saintno/comfyui-sdk";
import { check, step, finish, base, graph, slow, failing, isPNG, loadAndSave, picture, sleep, until } from "./check.mjs";

const api = new ComfyApi(base, "saintno-" + Date.now());
await step("it connects", () => api.init(5, 200).waitForReady());
const bytesOf = async (info) => new Uint8Array(await (await api.getImage(info)).arrayBuffer());

/** run wraps a prompt and collects what the wrapper tells. */
async function run(prompt, out) {
  const seen = { start: 0, progress: [], previews: [], failed: undefined, done: undefined };
  const builder = new PromptBuilder(prompt, [], ["images"]).setOutputNode("images", out);
  await new CallWrapper(api, builder)
    .onStart(() => seen.start++)
    .onProgress((p) => seen.progress.push(p))
    .onPreview((b) => seen.previews.push(b))
    .onFinished((d) => { seen.done = d; })
    .onFailed((e) => { seen.failed = e; })
    .run();
  return seen;
}

await step("what the server says of itself", async () => {
  check("a checkpoint is there", (await api.getCheckpoints()).includes("papercut.safetensors"));
  const s = await api.getSamplerInfo();
  check("samplers are there", JSON.stringify(s.sampler).includes("euler"));
  check("nodes are there", "KSampler" in (await api.getNodeDefs("KSampler")));
  check("system stats have a device", (await api.getSystemStats()).devices.length > 0);
  check("model folders are told", (await api.getModelTypes()).includes("checkpoints"));
  check("models of a folder are told", (await api.getModels("checkpoints")).length > 0);
  check("features are told", typeof (await api.getFeatures()) === "object");
  await api.storeSetting("e2e.saintno", { a: [1] });
  check("a setting comes back", JSON.stringify(await api.getSetting("e2e.saintno")) === '{"a":[1]}');
  check("ping answers", (await api.ping()).status === true);
});

await step("a picture from words, with progress and previews", async () => {
  const seen = await run(graph({ "5.seed": Date.now() % 1e9, "5.steps": 40 }), "7");
  check("it started", seen.start === 1, seen.start);
  check("progress is told", seen.progress.some((p) => p.max === 40 && p.value > 0), seen.progress.length);
  check("previews are pictures", seen.previews.length > 0 && seen.previews[0].size > 100, seen.previews.length);
  check("the result is a PNG", isPNG(await bytesOf(seen.done.images.images[0])));
});

await step("an uploaded picture goes through a workflow", async () => {
  const up = await api.uploadImage(new Blob([await picture(1)]), "saintno.png", { override: true });
  check("the upload has a name", up && up.info.filename === "saintno.png", up);
  const seen = await run(loadAndSave("saintno.png"), "3");
  check("the result is a PNG", isPNG(await bytesOf(seen.done.images.images[0])));
});

await step("a prompt that fails says why", async () => {
  const bad = await run(graph({ "5.steps": -1 }), "7");
  check("a bad value is refused", !!bad.failed && !bad.done, bad);
  const broken = await run(failing(), "6");
  check("a failing node is told", !!broken.failed && !broken.done, broken);
});

await step("a running prompt is interrupted", async () => {
  const going = run(slow(3), "7");
  for (let n = 0; n < 100 && (await api.getQueue()).queue_running.length === 0; n++) await sleep(50);
  await sleep(300);
  await api.interrupt();
  const seen = await going;
  check("it failed for that reason", !!seen.failed && !seen.done);
  check("nothing runs any more", await until(async () => (await api.getQueue()).queue_running.length === 0, 5000));
});
api.destroy();
finish();
