// What happens to the draft: values change, prompts open, settings come back.

import * as api from "./api.js";
import { newDraft, sameShape, save, values, withValue, withValues } from "./draft.js";
import { switchTo } from "./form/fields.js";
import { derive } from "./form/rules.js";
import { draw } from "./form/seed.js";
import { stringify } from "./json.js";
import { tooBig, words } from "./words.js";

export function mountActions(app) {
  const { store } = app;
  let saving = 0;

  app.keep = () => {
    clearTimeout(saving);
    const s = store.get();
    if (s.draft) save(s.draft, s.count, s.follow);
  };
  // draftIs sets the draft and stores it soon.
  function draftIs(draft, more = {}) {
    store.set({ draft, ...more });
    clearTimeout(saving);
    saving = setTimeout(app.keep, 300);
  }
  app.draftIs = draftIs;

  // change sets one value of the prompt.
  app.change = (field, value) => {
    const s = store.get(), errors = { ...s.errors };
    let draft = withValue(s.draft, field.node, field.name, value);
    delete errors[field.id];
    // A seed that was typed is meant: the dice go off.
    if (draft !== s.draft && field.kind === "seed") draft = { ...draft, modes: { ...draft.modes, [field.id]: "fixed" } };
    draftIs(draft, { errors, says: null });
    askNative(draft);
  };
  app.touch = () => store.set(s => ({ errors: { ...s.errors } }));
  app.swap = (a, b) => {
    const p = store.get().draft.prompt, va = p[a.node].inputs[a.name], vb = p[b.node].inputs[b.name];
    app.change(a, vb);
    app.change(b, va);
  };
  app.setSize = (w, h, n) => {
    app.change(w, n.width);
    app.change(h, n.height);
  };
  app.setMode = (field, mode) => {
    const { draft } = store.get();
    draftIs({ ...draft, fresh: false, modes: { ...draft.modes, [field.id]: mode } });
  };
  app.setCount = count => draftIs(store.get().draft, { count });
  app.switchOption = (field, key) => {
    const { draft } = store.get(), node = draft.prompt[field.node];
    show({ ...draft, workflow: null, prompt: { ...draft.prompt, [field.node]: { ...node, inputs: switchTo(node.inputs, field, key) } } });
    app.focusField(field.id);
  };
  app.addChoice = (field, name) => {
    if (!field.options.includes(name)) field.options.push(name);
  };
  // refreshChoices asks again what files there are: someone may have added one.
  app.refreshChoices = async field => {
    const { draft } = store.get(), className = draft.prompt[field.node].class_type;
    const info = await api.infoOf([className], true).catch(() => null);
    if (!info?.[className]) return;
    const next = derive(draft.prompt, { ...store.get().info, ...info }).all.get(field.id);
    if (next && next.options.join("\n") !== field.options.join("\n")) {
      field.options.splice(0, field.options.length, ...next.options);
      app.touch();
    }
  };

  function show(draft, more = {}) {
    const form = derive(draft.prompt, more.info || store.get().info, draft.linear);
    draftIs(draft, { form, errors: {}, says: null, ...more });
    askNative(draft);
  }

  let asked = "";
  async function askNative(draft) {
    const node = Object.values(draft.prompt).find(n => typeof n.inputs?.ckpt_name === "string"), name = node?.inputs.ckpt_name;
    if (name === asked) return;
    asked = name;
    if (!name) return store.set({ native: null });
    const field = [...(store.get().form?.all.values() || [])].find(f => f.name === "ckpt_name");
    const native = field && !field.options.includes(name) ? null : await api.modelOf(name).catch(() => null);
    if (asked === name) store.set({ native: native?.width ? native : null });
  }

  // infoFor gives what is known of all nodes, with those of a prompt as the server has them now: what it lacks is not known any more.
  async function infoFor(prompt) {
    const classes = new Set(Object.values(prompt || {}).map(n => n.class_type)), fresh = await api.infoOf(classes);
    return { ...Object.fromEntries(Object.entries(store.get().info).filter(([c]) => !classes.has(c))), ...fresh };
  }

  // openPrompt makes a prompt the draft; the former one stays one press away.
  app.openPrompt = async (name, prompt, more = {}) => {
    const info = await infoFor(prompt), former = store.get().draft;
    const draft = newDraft(name, prompt, more);
    // What was opened is to be seen again as it was: its seed stays until the dice are pressed.
    if (!more.modes && !more.fresh) for (const f of derive(prompt, info).all.values()) if (f.kind === "seed") draft.modes[f.id] = "fixed";
    store.set({ info });
    show(draft, { info, former, follow: null, view: null });
  };
  // tryOpen is openPrompt for what somebody pressed: it says when the server does not answer, and gives whether it opened.
  app.tryOpen = async (name, prompt, more) => {
    try {
      await app.openPrompt(name, prompt, more);
      app.hush();
      return true;
    } catch {
      app.tell(words.notOpened(name));
      return false;
    }
  };
  // renewInfo asks again what the draft's nodes are: extensions bring and take some.
  // What was typed meanwhile stays: the draft is taken as it is when the answer is here.
  app.renewInfo = async () => {
    api.forgetInfo();
    const classesOf = d => [...new Set(Object.values(d?.prompt || {}).map(n => n.class_type))].sort();
    for (let asked; ;) {
      const { draft } = store.get(), classes = classesOf(draft), mark = classes.join("\n");
      if (!draft || mark === asked) return;
      asked = mark;
      const info = await infoFor(draft.prompt).catch(() => null), now = store.get();
      if (!info || classesOf(now.draft).join("\n") !== mark) continue;
      if (classes.some(c => stringify(info[c] ?? null) !== stringify(now.info[c] ?? null))) show(now.draft, { info });
    }
  };
  // renewPrompt takes a prompt that was read again from the draft's file, now that more nodes are known; base is how it was read
  // before. Values that were changed since stay.
  app.renewPrompt = async (base, { prompt, problems = [], workflow = null }) => {
    const info = await infoFor(prompt), { draft } = store.get(), was = values(base), typed = values(draft.prompt);
    for (const id in typed) for (const k in typed[id]) if (typed[id][k] === was[id]?.[k]) delete typed[id][k];
    const changed = Object.values(typed).some(o => Object.keys(o).length), known = derive(prompt, info), modes = { ...draft.modes };
    for (const f of known.all.values()) if (f.kind === "seed") modes[f.id] ??= "fixed"; // as when it was opened
    show({ ...withValues({ ...draft, prompt }, typed), modes, problems, workflow: changed ? null : workflow }, { info });
  };
  app.back = () => {
    const { draft, former } = store.get();
    if (former) show(former, { former: draft });
  };
  app.startAgain = async () => {
    const prompt = await api.defaultPrompt().catch(() => null);
    return prompt ? app.tryOpen("Text to image", prompt, { fresh: true, modes: {} }) : app.tell(words.notOpened("Text to image"));
  };

  app.newSeed = () => {
    const { draft, form } = store.get();
    if (!form) return;
    let next = draft;
    for (const f of form.all.values()) if (f.kind === "seed") next = withValue(next, f.node, f.name, draw(f));
    draftIs({ ...next, fresh: true }); // the next run takes this one
  };
  // useSettings takes a run's values; when its graph is another one, the whole prompt.
  app.useSettings = run => {
    const { draft } = store.get();
    if (!run?.prompt || !draft) return;
    if (!sameShape(draft.prompt, run.prompt)) return app.tryOpen(draft.name, run.prompt);
    const next = withValues(draft, values(run.prompt)), modes = { ...draft.modes };
    for (const f of store.get().form.all.values()) if (f.kind === "seed") modes[f.id] = "fixed";
    show({ ...next, modes, fresh: false });
  };

  app.upload = async file => {
    if (api.tooBig(file)) return app.tell(tooBig(file.name));
    try {
      return await api.upload(file);
    } catch (e) {
      app.tell(`${file.name} was not stored: ${e.message}.`);
      return null;
    }
  };
}
