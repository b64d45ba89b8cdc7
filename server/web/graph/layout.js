// Where the nodes of a prompt stand: left to right, layers by longest path. No DOM.

// links lists [from, to] of a prompt, each pair once.
export function links(prompt) {
  const out = new Map();
  for (const id in prompt) {
    for (const v of Object.values(prompt[id]?.inputs || {})) {
      if (Array.isArray(v) && v.length === 2 && typeof v[0] === "string" && typeof v[1] === "number" && prompt[v[0]] && v[0] !== id) out.set(v[0] + ">" + id, [v[0], id]);
    }
  }
  return [...out.values()];
}

// layers gives each id its column: the longest path to it, with sources pulled to their first reader. A cycle is cut.
function layers(ids, ins, outs) {
  const layer = new Map(), busy = new Set();
  const depth = start => {
    const stack = [start];
    while (stack.length) {
      const id = stack.at(-1);
      if (layer.has(id)) { stack.pop(); continue; }
      busy.add(id);
      const open = ins.get(id).filter(i => !layer.has(i) && !busy.has(i));
      if (open.length) { stack.push(...open); continue; }
      layer.set(id, 1 + Math.max(-1, ...ins.get(id).filter(i => layer.has(i)).map(i => layer.get(i))));
      busy.delete(id);
      stack.pop();
    }
  };
  ids.forEach(depth);
  for (const id of ids) if (!ins.get(id).length && outs.get(id).length) layer.set(id, Math.max(0, Math.min(...outs.get(id).map(o => layer.get(o))) - 1));
  return layer;
}

// bend routes the links over the layers between: one shared point a layer for all links of a source.
function bend(edges, layer, size) {
  const routes = [], near = new Map();
  const meet = (a, b) => {
    for (const [x, y] of [[a, b], [b, a]]) near.has(x) ? near.get(x).add(y) : near.set(x, new Set([y]));
  };
  for (const [a, b] of edges) {
    const via = [a];
    for (let k = layer.get(a) + 1; k < layer.get(b); k++) {
      const id = `${a}@${k}`;
      layer.set(id, k);
      size.set(id, 4);
      via.push(id);
    }
    via.push(b);
    for (let i = 1; i < via.length; i++) meet(via[i - 1], via[i]);
    routes.push({ from: a, to: b, via });
  }
  return { routes, near };
}

// stack sets a column's centres around 0, in its order.
function stack(column, size, gap, y) {
  let top = -(column.reduce((s, id) => s + size.get(id), 0) + gap * (column.length - 1)) / 2;
  for (const id of column) {
    y.set(id, top + size.get(id) / 2);
    top += size.get(id) + gap;
  }
}

// settle moves a column's members towards the mean of their neighbours, keeping order and gaps: the least squares
// answer, by pooling those that would overlap.
function settle(column, size, gap, y, mean) {
  const pools = [];
  let offset = 0;
  column.forEach((id, i) => {
    if (i) offset += (size.get(column[i - 1]) + size.get(id)) / 2 + gap;
    pools.push({ sum: mean(id) - offset, n: 1 });
    while (pools.length > 1 && pools.at(-2).sum / pools.at(-2).n > pools.at(-1).sum / pools.at(-1).n) {
      const last = pools.pop();
      pools.at(-1).sum += last.sum;
      pools.at(-1).n += last.n;
    }
  });
  let i = 0;
  offset = 0;
  for (const p of pools) {
    for (let k = 0; k < p.n; k++, i++) {
      if (i) offset += (size.get(column[i - 1]) + size.get(column[i])) / 2 + gap;
      y.set(column[i], p.sum / p.n + offset);
    }
  }
}

// layout places ids (with heightOf(id) in px) and their edges. It gives {x, y, layer, routes, size, width, top, bottom}:
// x and y are maps to a node's left edge and centre; routes are {from, to, via} with the ids of bends between.
export function layout(ids, edges, box, heightOf = () => box.h) {
  const ins = new Map(ids.map(id => [id, []])), outs = new Map(ids.map(id => [id, []]));
  const real = edges.filter(([a, b]) => ins.has(a) && ins.has(b));
  for (const [a, b] of real) {
    ins.get(b).push(a);
    outs.get(a).push(b);
  }
  const size = new Map(ids.map(id => [id, heightOf(id)])), layer = layers(ids, ins, outs);
  const { routes, near } = bend(real.filter(([a, b]) => layer.get(a) < layer.get(b)), layer, size);
  const columns = [];
  for (const [id, k] of layer) (columns[k] ??= []).push(id);
  const y = new Map();
  for (const c of columns) stack(c.sort((a, b) => size.get(a) - size.get(b)), size, box.gy, y);
  const mean = id => {
    const all = near.get(id);
    if (!all) return y.get(id);
    let sum = 0;
    for (const o of all) sum += y.get(o);
    return sum / all.size;
  };
  for (let sweep = 0; sweep < 4; sweep++) {
    for (const c of columns) {
      const m = new Map(c.map(id => [id, mean(id)]));
      stack(c.sort((a, b) => m.get(a) - m.get(b)), size, box.gy, y);
    }
  }
  place(columns, ins, size, box, y, mean);
  const x = new Map([...layer].map(([id, k]) => [id, k * (box.w + box.gx)]));
  const tops = ids.map(id => y.get(id) - size.get(id) / 2), bends = [...y.values()];
  return {
    x, y, layer, routes, size, width: Math.max(box.w, columns.length * (box.w + box.gx) - box.gx),
    top: Math.min(0, ...tops, ...bends), bottom: Math.max(0, ...ids.map(id => y.get(id) + size.get(id) / 2), ...bends),
  };
}

// place settles tall graphs; in low ones a node alone in its column goes on the middle line, so that the main path is straight.
function place(columns, ins, size, box, y, mean) {
  const low = columns.every(c => c.filter(id => ins.has(id)).length <= 4);
  if (low) {
    for (const c of columns) {
      const alone = c.filter(id => ins.has(id));
      if (alone.length !== 1) continue;
      const by = y.get(alone[0]);
      for (const id of c) y.set(id, y.get(id) - by);
    }
    return;
  }
  for (let sweep = 0; sweep < 3; sweep++) for (const c of sweep % 2 ? [...columns].reverse() : columns) settle(c, size, box.gy, y, mean);
}

// pathOf draws a route as cubic curves.
export function pathOf(route, l, w) {
  let d = "";
  for (let i = 1; i < route.via.length; i++) {
    const from = route.via[i - 1], to = route.via[i];
    const x1 = l.x.get(from) + w, x2 = l.x.get(to), y1 = l.y.get(from), y2 = l.y.get(to), m = (x2 - x1) / 2;
    d += `${i > 1 ? "L" : "M"}${x1} ${y1}C${x1 + m} ${y1} ${x2 - m} ${y2} ${x2} ${y2}`;
  }
  return d;
}
