"use strict";
// The page is whole without this: here are only sorting, filtering, pointing at marks and choosing rows by them.
const all = (selector, under = document) => [...under.querySelectorAll(selector)];
const make = (name, given = {}, ...inside) => {
  const made = Object.assign(document.createElement(name), given);
  made.append(...inside);
  return made;
};
const said = document.getElementById("said");
const value = (cell) => {
  const text = cell ? cell.dataset.v ?? cell.textContent.trim().replaceAll(",", "").replace("−", "-") : "";
  const number = Number(text);
  return text !== "" && !Number.isNaN(number) ? number : text;
};

// a table: sorted by a heading, filtered by words or by conditions such as AP<0.5, narrowed to rows chosen in a chart
const tables = new Map();
const enlivenTable = (table) => {
  const heads = all("thead th", table), body = table.tBodies[0], rows = all("tr", body);
  rows.forEach((row, place) => { row.dataset.place = place; });
  const state = { text: "", chosen: null };
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" });
    head.dataset.name = head.textContent; // on paper a button is not repeated on the next page
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const keys = new Map(rows.map((row) => [row, value(row.cells[column])]));
      const empty = (one) => one === "" || one === "–" || one === "NaN";
      const order = (a, b) => {
        const [x, y] = [keys.get(a), keys.get(b)];
        if (empty(x) || empty(y)) return empty(x) - empty(y);
        const by = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
        return up ? by : -by;
      };
      body.append(...[...rows].sort(order));
    });
  });
  const names = heads.map((head) => head.textContent.trim());
  const test = (text) => {
    const found = /^(.+?)(>=|<=|!=|=|>|<)(.+)$/.exec(text);
    const column = found ? names.indexOf(found[1].trim()) : -1;
    if (column < 0) return (row) => row.textContent.toLowerCase().includes(text.toLowerCase());
    const wanted = found[3].trim(), number = Number(wanted);
    const compare = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b }[found[2]];
    return (row) => {
      const own = value(row.cells[column]);
      if (Number.isNaN(number)) return compare(String(own).toLowerCase(), wanted.toLowerCase());
      return typeof own === "number" ? compare(own, number) : found[2] === "!=";
    };
  };
  const count = make("span", { className: "soft" });
  const clear = make("button", { type: "button", textContent: "show all rows", hidden: true });
  const box = make("input", { type: "search", placeholder: "filter: words, or " + (names[heads.findIndex((head) => head.classList.contains("n"))] ?? "column") + ">0.5" });
  box.setAttribute("aria-label", "filter the rows of " + table.dataset.name);
  const refresh = () => {
    const keep = state.text ? test(state.text) : () => true;
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(keep(row) && (!state.chosen || state.chosen.has(row.dataset.place)));
      shown += !row.hidden;
    }
    const less = shown < rows.length;
    count.textContent = less ? `${shown} of ${rows.length} rows` : "";
    clear.hidden = !less;
    if (less) said.textContent = `${table.dataset.name}: ${shown} of ${rows.length} rows are shown`;
  };
  box.addEventListener("input", () => { state.text = box.value.trim(); refresh(); });
  clear.addEventListener("click", () => { state.text = box.value = ""; state.chosen = null; refresh(); });
  if (rows.length > 5) (table.closest(".box") || table).before(make("div", { className: "tools" }, box, count, clear));
  const show = (places) => {
    for (let one = table.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    state.chosen = places;
    refresh();
    rows.forEach((row) => row.classList.toggle("here", places?.has(row.dataset.place) && places.size === 1));
    table.scrollIntoView({ block: "center" });
  };
  const row = (place) => rows[place] && names.map((name, column) => [name, rows[place].cells[column].textContent])
    .filter(([, text]) => text).map(([name, text]) => `${name}: ${text.length > 60 ? text.slice(0, 59) + "…" : text}`).join("\n");
  const values = (place) => rows[place] ? Object.fromEntries(names.map((name, column) => [name, String(value(rows[place].cells[column]))])) : {};
  tables.set(table.id, { show, row, rows, names, values });
};

// a gallery: its marks are rows of a table; what they are chosen by are columns of it, in words or from a number up
const galleries = [];
const enlivenGallery = (gallery) => {
  const table = tables.get(gallery.dataset.table);
  if (!table) return;
  const scenes = all(".scene", gallery).map((scene) => ({
    scene,
    marks: all("[data-row]", scene).map((node) => ({ nodes: [node, ...all(`[data-of="${node.dataset.row}"]`, scene)], of: table.values(node.dataset.row) })),
  }));
  const marks = scenes.flatMap((one) => one.marks), wanted = new Map();
  const fits = (mark) => [...wanted].every(([name, one]) => typeof one === "number" ? mark.of[name] === "" || Number(mark.of[name]) >= one : mark.of[name] === one);
  const count = make("span", { className: "soft" }), clear = make("button", { type: "button", textContent: "show all", hidden: true });
  const links = make("span", { className: "soft" });
  const controls = new Map();
  const refresh = () => {
    let shown = 0, pictures = 0;
    for (const { scene, marks } of scenes) {
      let here = 0;
      for (const mark of marks) {
        const keep = fits(mark);
        mark.nodes.forEach((node) => node.classList.toggle("off", !keep));
        here += keep;
      }
      scene.hidden = wanted.size > 0 && !here;
      shown += here;
      pictures += !scene.hidden;
    }
    clear.hidden = !wanted.size;
    count.textContent = wanted.size ? `${shown} of ${marks.length} marks, on ${pictures} of ${scenes.length} pictures` : "";
    links.textContent = [...wanted].filter(([name]) => !controls.has(name)).map(([name, one]) => `${name}: ${one}`).join(", ");
    for (const [name, control] of controls) control.show(wanted.get(name));
    if (wanted.size) said.textContent = `pictures: ${count.textContent}`;
  };
  const filters = make("div", { className: "tools filters" });
  const listed = (text) => text.split("\t").filter(Boolean);
  const keys = listed(gallery.dataset.words);
  for (const name of listed(gallery.dataset.filters)) {
    const found = marks.map((mark) => mark.of[name]).filter((one) => one !== "");
    if (!found.length) continue;
    if (!keys.includes(name)) {
      const low = Math.min(...found), high = Math.max(...found), output = make("output", { textContent: "" });
      const slider = make("input", { type: "range", min: low, max: high, step: "any", value: low });
      slider.setAttribute("aria-label", `${name} from`);
      slider.addEventListener("input", () => { Number(slider.value) > low ? wanted.set(name, Number(slider.value)) : wanted.delete(name); refresh(); });
      controls.set(name, { show: (one) => { slider.value = one ?? low; output.textContent = one === undefined ? "any" : Number(one).toPrecision(2); } });
      filters.append(make("label", {}, `${name} from `, slider, " ", output));
    } else {
      const many = new Map();
      found.forEach((one) => many.set(one, (many.get(one) ?? 0) + 1));
      const choice = make("select", {}, make("option", { value: "", textContent: "all" }));
      [...many].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).forEach(([one, times]) => choice.append(make("option", { value: one, textContent: `${one} (${times})` })));
      choice.addEventListener("input", () => { choice.value ? wanted.set(name, choice.value) : wanted.delete(name); refresh(); });
      controls.set(name, { show: (one) => { choice.value = one ?? ""; } });
      filters.append(make("label", {}, `${name} `, choice));
    }
  }
  clear.addEventListener("click", () => { wanted.clear(); refresh(); });
  filters.append(links, count, clear);
  gallery.prepend(filters);
  refresh();
  galleries.push({
    gallery,
    table: gallery.dataset.table,
    keys,
    // what of a row is said of marks too, if there are marks of which all of it is true
    of: (row) => {
      const told = keys.filter((key) => key in row && row[key] !== "").map((key) => [key, row[key]]);
      const key = "part" in row ? keys.find((one) => marks.some((mark) => mark.of[one] === row.part)) : undefined;
      if (key) told.push([key, row.part]);
      const pictures = told.length ? scenes.filter(({ marks }) => marks.some((mark) => told.every(([key, one]) => mark.of[key] === one))).length : 0;
      return pictures && { told, pictures };
    },
    pick: (told) => {
      wanted.clear();
      told.forEach(([key, one]) => wanted.set(key, one));
      refresh();
      gallery.scrollIntoView();
    },
  });
};
const pictured = (row, of) => {
  for (const gallery of galleries) {
    const found = gallery.gallery.isConnected && gallery.table !== of && gallery.of(row);
    if (found) return { ...found, go: () => gallery.pick(found.told) };
  }
  return null;
};
// a row that leads to pictures is a button where it says of what
const enlivenRows = ({ id }) => {
  const table = tables.get(id), column = Math.max(-1, ...galleries.map((one) => table.names.findLastIndex((name) => name === "part" || one.keys.includes(name))));
  if (column < 0 || galleries.some((one) => one.table === id)) return;
  table.rows.forEach((row, place) => {
    const found = pictured(table.values(place), id), cell = row.cells[column];
    if (!found || !cell.textContent) return;
    const button = make("button", { type: "button", className: "see", title: `${found.pictures} pictures` });
    button.append(...cell.childNodes);
    button.addEventListener("click", found.go);
    cell.append(button);
  });
};

// marks: what they say when pointed at; a click leads to the row, a drag chooses the rows of what lies within
const tip = make("div", { id: "tip", hidden: true });
document.body.append(tip);
const enlivenFigure = (figure) => {
  const svg = figure.querySelector("svg"), table = tables.get(figure.dataset.table);
  if (!svg) return;
  let from = null, brush = null;
  const at = (event) => {
    const box = svg.getBoundingClientRect(), whole = svg.viewBox.baseVal;
    return [(event.clientX - box.left) * whole.width / box.width, (event.clientY - box.top) * whole.height / box.height];
  };
  const rulers = ["x", "y"].flatMap((name, place) => svg.dataset[name] ? [[place, ...svg.dataset[name].split("\t")]] : []);
  const read = (point) => rulers.map(([place, name, kind, ...ends]) => {
    const [start, stop, low, high] = ends.map(Number), share = (point[place] - start) / (stop - start);
    const found = kind === "log" ? low * (high / low) ** share : low + share * (high - low);
    return `${name}: ${found.toPrecision(3)}`;
  });
  svg.addEventListener("pointermove", (event) => {
    const mark = event.target.closest("rect, circle, line, path");
    const own = mark?.querySelector("title")?.textContent ?? (mark?.dataset.row && table?.row(mark.dataset.row));
    const line = mark?.tagName === "path" && !figure.classList.contains("scene");
    const text = line && !mark.dataset.row ? [...own ? [own] : [], ...read(at(event))].join("\n") : own;
    tip.hidden = !text || !!brush;
    if (text) {
      tip.textContent = text;
      tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)) + "px";
      tip.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)) + "px";
    }
    if (!from) return;
    const [x, y] = at(event), [left, top] = [Math.min(x, from[0]), Math.min(y, from[1])];
    const [wide, high] = [Math.abs(x - from[0]), Math.abs(y - from[1])];
    if (!brush && wide + high > 6) {
      brush = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      brush.setAttribute("class", "brush");
      svg.append(brush);
    }
    if (brush) Object.entries({ x: left, y: top, width: wide, height: high }).forEach(([name, one]) => brush.setAttribute(name, one));
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  if (!table) return;
  const released = () => {
    const within = brush?.getBoundingClientRect();
    brush?.remove();
    const dragged = !!brush;
    from = brush = null;
    if (!dragged) return;
    const chosen = all("[data-row]", svg).filter((mark) => {
      const box = mark.getBoundingClientRect(), x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
      return x >= within.left && x <= within.right && y >= within.top && y <= within.bottom;
    });
    if (chosen.length) table.show(new Set(chosen.map((mark) => mark.dataset.row)));
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = at(event);
    event.preventDefault();
    addEventListener("pointerup", released, { once: true });
  });
  svg.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-row], path");
    if (!mark || !svg.contains(mark)) return;
    const { row } = mark.dataset;
    const lines = (mark.querySelector("title")?.textContent ?? "").split("\n").map((line) => line.split(": ")).filter((line) => line.length === 2);
    const found = pictured(row === undefined ? Object.fromEntries(lines) : table.values(row), figure.dataset.table);
    if (found) found.go();
    else if (row !== undefined) table.show(new Set([row]));
  });
};

const enlivenCommand = (pre) => {
  const button = make("button", { type: "button", className: "copy", textContent: "copy" });
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(pre.textContent); button.textContent = "copied"; }
    catch { getSelection().selectAllChildren(pre); }
  });
  pre.before(button);
};
// whatever is under an element of the page: of all of it at first, of a part that took another's place later
const enliven = (under) => {
  all("table[data-rows]", under).forEach(enlivenTable);
  all(".gallery", under).forEach(enlivenGallery);
  all("table[data-rows]", under).forEach(enlivenRows);
  all("figure[data-table]", under).forEach(enlivenFigure);
  all("pre[data-copy]", under).forEach(enlivenCommand);
};
enliven(document);
// a link into something folded unfolds it
const unfold = () => {
  const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let one = there?.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  if (there) there.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
let folded = [];
addEventListener("beforeprint", () => { folded = all("details:not([open])"); folded.forEach((one) => { one.open = true; }); });
addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
