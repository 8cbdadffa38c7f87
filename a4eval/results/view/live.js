// The page is whole without this: here its elements are replaced when the server says that they have changed.
{
  const top = document.getElementById("top"), main = document.getElementById("main");
  const element = (id) => id === "contents" ? document.querySelector("nav.contents") : document.getElementById(id);
  const state = make("span"), pause = make("button", { type: "button", textContent: "pause" });
  const bar = make("aside", { className: "live", ariaLabel: "updates" }, state, pause);
  let source = null, paused = false, told = top?.dataset.said ?? "", version = top?.dataset.version;

  // what a reader has done to an element, to be done again to what takes its place
  const kept = (one) => {
    const tools = all(".tools input[type=search]:not([name])", one).map((box) => [box.getAttribute("aria-label"), box.value]);
    const sorted = all("th[aria-sort]", one).map((head) => [head.closest("table").id, head.cellIndex, head.getAttribute("aria-sort")]);
    const folded = all("details", one).map((each) => [each.id || each.querySelector("summary").textContent, each.open]);
    const ticked = all("input[type=checkbox]:checked", one).map((box) => box.value);
    const moved = all(".box", one).filter((box) => box.scrollTop || box.scrollLeft).map((box) => [box.getAttribute("aria-label"), box.scrollTop, box.scrollLeft]);
    const focus = one.contains(document.activeElement) ? document.activeElement : null;
    const address = focus?.getAttribute("href"), label = focus?.getAttribute("aria-label");
    return (fresh) => {
      const find = (selector, test) => all(selector, fresh).find(test);
      for (const [name, open] of folded) {
        const again = find("details", (each) => (each.id || each.querySelector("summary").textContent) === name);
        if (again) again.open = open;
      }
      for (const [id, column, way] of sorted) {
        const button = document.getElementById(id)?.tHead.rows[0].cells[column]?.querySelector("button");
        button?.click();
        if (way === "descending") button?.click();
      }
      for (const [label, value] of tools.filter(([, value]) => value)) {
        const box = find(".tools input", (each) => each.getAttribute("aria-label") === label);
        if (box) { box.value = value; box.dispatchEvent(new Event("input")); }
      }
      for (const box of all("input[type=checkbox]", fresh)) box.checked = ticked.includes(box.value);
      for (const [label, down, right] of moved) find(".box", (each) => each.getAttribute("aria-label") === label)?.scrollTo(right, down);
      const again = label ? find("[aria-label]", (each) => each.getAttribute("aria-label") === label)
        : address ? find("a", (each) => each.getAttribute("href") === address) : null;
      again?.focus({ preventScroll: true });
    };
  };
  // nobody likes a field to be replaced that is being filled in, or a text that is being marked
  const busy = (one) => {
    const focus = document.activeElement, marked = getSelection();
    return one.contains(focus) && focus.matches("input:not([type=checkbox]), select")
      || !marked.isCollapsed && one.contains(marked.anchorNode) || one.querySelector(".brush");
  };

  const waiting = new Map();
  const replace = (id, html) => {
    const old = element(id);
    if (old && busy(old)) return waiting.set(id, html);
    waiting.delete(id);
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    const again = old ? kept(old) : () => {};
    if (old) old.replaceWith(fresh); else main.append(fresh);
    enliven(fresh);
    again(fresh);
  };
  const take = (news) => {
    if (news.gone) { close(news.gone); return; }
    document.title = news.title;
    for (const one of all("main > section")) if (!news.order.includes(one.id)) one.remove();
    for (const id of news.order) if (id in news.parts) replace(id, news.parts[id]);
    let last = element("top");
    for (const id of news.order.slice(2)) {
      const one = element(id);
      if (one && last && last.nextElementSibling !== one) last.after(one);
      last = one ?? last;
    }
    version = element("top").dataset.version;
    if (news.said !== told) said.textContent = told = news.said;
  };
  setInterval(() => { if (!paused) for (const [id, html] of [...waiting]) replace(id, html); }, 1000);

  const show = (words) => { state.textContent = words; };
  const close = (words) => { source?.close(); source = null; show(words); };
  const open = () => {
    if (source || paused || document.hidden) return;
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("since", version);
    source = new EventSource(address);
    source.onopen = () => show("kept up to date");
    source.onmessage = (event) => take(JSON.parse(event.data));
    source.onerror = () => {
      show("the server does not answer; this is how it was");
      if (source?.readyState === EventSource.CLOSED) { source = null; setTimeout(open, 5000); }
    };
  };
  if (version !== undefined) {
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.textContent = paused ? "go on" : "pause";
      if (paused) close("paused"); else open();
    });
    // a browser has few connections to a server: only the page that is looked at keeps one
    document.addEventListener("visibilitychange", () => { if (document.hidden) { source?.close(); source = null; } else open(); });
    document.querySelector(".whole").before(bar);
    open();
  }
}
