// Files that come in by drop, paste or the chooser: a workflow becomes the draft, a plain picture an input.

import { convert, tooBig } from "./api.js";
import { $, el, say } from "./dom.js";
import { nameOf } from "./draft.js";
import { noWorkflow, sentence, tooBig as tooBigSays, useAsInput } from "./words.js";

export function mountOpen(app) {
  const chooser = $("file"), veil = $("drop"), note = $("note");
  let depth = 0, busy = 0, last = null;

  let fade = 0, warned = false; // warned is whether the note is about nodes that are not known
  function tell(text, ...buttons) {
    clearTimeout(fade);
    warned = false;
    say($("note-text"), text);
    say($("live"), text); // a region that was hidden a moment ago is not read
    $("note-do").replaceChildren(...buttons);
    note.hidden = false;
  }
  app.tell = tell;
  app.hush = () => { note.hidden = true; };
  $("note-close").addEventListener("click", app.hush);

  function button(word, act) {
    const b = el("button", { type: "button", class: "plain" }, word);
    b.addEventListener("click", () => {
      app.hush();
      act();
    });
    return b;
  }

  const isPicture = f => /^image\//.test(f.type) && !/svg/.test(f.type);

  // plain offers a picture without a workflow to the first field that takes one.
  function plain(file) {
    const form = app.store.get().form, field = form && [...form.all.values()].find(f => f.kind === "image");
    if (!isPicture(file) || !field) return tell(noWorkflow(file.name));
    tell(`${noWorkflow(file.name)} ${useAsInput}`, button("Use it", async () => {
      const name = await app.upload(file);
      if (!name) return;
      app.addChoice(field, name);
      app.change(field, name);
      app.focusField(field.id);
    }));
  }

  async function open(file) {
    if (/\.cocoon$/i.test(file.name)) return app.offerPackage(file);
    if (tooBig(file)) return tell(tooBigSays(file.name));
    const turn = ++busy;
    let got;
    try {
      got = await convert(file);
    } catch {
      return tell(`${file.name} could not be sent: the server does not answer.`);
    }
    if (turn !== busy) return;
    if (got.error) {
      return isPicture(file) && got.error.type === "unsupported" ? plain(file) : tell(`${file.name}: ${sentence([got.error.message, got.error.details].filter(Boolean).join(": "))}`);
    }
    if (got.source === "media") return plain(file);
    last = { file, prompt: got.prompt };
    if (!await app.tryOpen(nameOf(file.name), got.prompt, { workflow: got.workflow || null, linear: got.linear || null, problems: got.problems || [] })) return;
    const problems = got.problems || [];
    const back = button("Back to the former one", app.back);
    if (problems.length) {
      const names = [...new Set(problems.map(p => p.title || p.class_type))].slice(0, 3).join(", ");
      tell(`${nameOf(file.name)} is open. ${sentence(problems.length === 1 ? `${names}: ${problems[0].message}` : `${problems.length} of its nodes need attention: ${names}`)}`, back);
      warned = true;
    } else {
      tell(`${nameOf(file.name)} is open.`, back);
      fade = setTimeout(app.hush, 10000); // the menu leads back as well
    }
  }
  app.openFile = open;
  // openAgain reads the last file again, if it is open and had nodes that were not known: an extension may have brought them.
  app.openAgain = async () => {
    const { draft, info } = app.store.get();
    if (warned && draft && Object.values(draft.prompt).every(n => info[n.class_type])) app.hush();
    const unknown = prompt => Object.values(prompt).filter(n => !n.class_type).length, of = app.store.get().draft, mine = last;
    if (!mine || of?.name !== nameOf(mine.file.name) || !unknown(of.prompt)) return;
    const got = await convert(mine.file).catch(() => null);
    if (!got?.prompt || last !== mine || app.store.get().draft?.name !== of.name || unknown(got.prompt) >= unknown(of.prompt)) return;
    await app.renewPrompt(mine.prompt, got);
    mine.prompt = got.prompt;
    if (warned && !got.problems?.length) app.hush();
  };
  app.choose = () => chooser.click();

  function pick(files) {
    const file = files && files[0];
    if (!file) return false;
    open(file);
    return true;
  }
  chooser.addEventListener("change", () => {
    pick(chooser.files);
    chooser.value = "";
  });

  const carries = e => [...(e.dataTransfer?.types || [])].includes("Files");
  app.dropEnds = () => {
    depth = 0;
    veil.hidden = true;
  };
  addEventListener("dragenter", e => {
    if (!carries(e)) return;
    depth++;
    veil.hidden = false;
  });
  addEventListener("dragleave", e => {
    if (carries(e) && --depth <= 0) app.dropEnds();
  });
  addEventListener("dragover", e => {
    if (carries(e)) e.preventDefault();
  });
  addEventListener("drop", e => {
    if (!carries(e)) return;
    e.preventDefault();
    app.dropEnds();
    pick(e.dataTransfer.files);
  });

  addEventListener("paste", e => {
    if (pick(e.clipboardData?.files)) return e.preventDefault();
    if (e.target.closest?.("input, textarea")) return;
    const text = e.clipboardData?.getData("text/plain").trim() || "";
    if (text.startsWith("{")) open(new File([text], "pasted.json", { type: "application/json" }));
  });
}
