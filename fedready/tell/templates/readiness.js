"use strict";
// Enhancement only: everything below is also there, readable and in order, without a script.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const filters = one("filters");
  const rows = all("table.findings tbody tr[data-control]");
  const controls = all("details.control");
  const bodies = new Map(rows.map((row) => [row, row.parentElement.dataset.section]));
  const words = new Map();

  // The subjects that a group lists, or the group before it that has the same.
  const listed = (group) => {
    const before = group.querySelector("p.same a");
    return (before ? one(before.hash.slice(1)) : group)?.querySelector("details.list pre");
  };

  // What a row can be found by: its own text, and the subjects that its group lists further down.
  const text = (row) => {
    if (!words.has(row)) {
      const group = row.dataset.group && one(row.dataset.group);
      const parts = [row, group, group && group.querySelector("p.same") && listed(group)];
      words.set(row, parts.map((part) => (part ? part.textContent : "")).join(" ").toLowerCase());
    }
    return words.get(row);
  };
  const subjects = (row) => {
    const group = row.dataset.group && one(row.dataset.group);
    const list = group && (listed(group) || (group.matches(".lines") && group));
    return (row.querySelector(".subject")?.textContent + "\n" + (list ? list.textContent : "")).toLowerCase();
  };

  const fill = (select, values) => {
    for (const value of new Set(values)) select.add(new Option(value, value));
  };
  fill(one("f-state"), rows.map((row) => row.dataset.state));
  fill(one("f-severity"), ["critical", "high", "medium", "low", "info"].filter(
    (level) => rows.some((row) => row.dataset.severity === level)));
  fill(one("f-section"), bodies.values());

  const apply = () => {
    const wanted = one("f-text").value.trim().toLowerCase();
    const who = one("f-subject").value.trim().toLowerCase();
    const state = one("f-state").value;
    const severity = one("f-severity").value;
    const section = one("f-section").value;
    const kept = new Set();
    let count = 0;
    for (const row of rows) {
      const keep = (!state || row.dataset.state === state) && (!severity || row.dataset.severity === severity)
        && (!section || bodies.get(row) === section)
        && (!wanted || text(row).includes(wanted)) && (!who || subjects(row).includes(who));
      row.hidden = !keep;
      if (keep) { kept.add(row.dataset.control); count += 1; }
    }
    for (const body of all("table.findings tbody")) {
      body.hidden = !all("tr[data-control]", body).some((row) => !row.hidden);
    }
    for (const control of controls) control.hidden = !kept.has(control.dataset.control);
    for (const chapter of all(".chapter")) {
      chapter.hidden = !all("details.control", chapter).some((control) => !control.hidden);
    }
    const filtered = wanted || who || state || severity || section;
    one("shown").textContent = filtered ? `${count} of ${rows.length} rows` : `${rows.length} rows`;
  };
  const clear = () => { filters.reset(); apply(); };
  filters.addEventListener("input", apply);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(apply));
  filters.hidden = false;
  apply();

  // Sorting: one body holds the sorted rows; the third click brings the article's order back.
  const table = document.querySelector("table.findings");
  const order = {
    Verdict: ["fail", "error", "unknown", "waived", "advisory", "pass", "n/a", "not run"],
    Severity: ["critical", "high", "medium", "low", "info"],
  };
  const home = rows.map((row) => [row, row.parentElement]);
  const sorted = document.createElement("tbody");
  const goHome = () => {
    for (const [row, body] of home) body.append(row);
    sorted.remove();
  };
  all("thead th", table).forEach((head, column) => {
    const name = head.textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort || "none"];
      for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
      if (next === "none") {
        goHome();
      } else {
        head.setAttribute("aria-sort", next);
        const key = (row) => {
          if (name === "Verdict") return order.Verdict.indexOf(row.dataset.state);
          if (name === "Severity") return order.Severity.indexOf(row.dataset.severity);
          return row.cells[column] ? row.cells[column].textContent.trim() : "";
        };
        const sign = next === "ascending" ? 1 : -1;
        const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
        const keyed = rows.map((row) => [key(row), row]);
        keyed.sort((a, b) => sign * compare(a[0], b[0]));
        sorted.replaceChildren(...keyed.map((pair) => pair[1]));
        table.append(sorted);
      }
      apply();
    });
  });

  const expand = one("expand");
  expand.addEventListener("click", () => {
    const open = expand.dataset.done !== "yes";
    for (const details of all("#controls details, #evidence details")) details.open = open;
    expand.dataset.done = open ? "yes" : "no";
    expand.textContent = open ? "Collapse all" : "Expand all";
  });

  for (const command of all(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const pre = command.querySelector("pre");
      try {
        await navigator.clipboard.writeText(pre.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(pre);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    command.append(button);
  }

  // A deep link opens what it points to, also where the browser does not by itself.
  const reveal = () => {
    let at = null;
    try { at = one(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!at) return;
    if (at.closest("[hidden]")) clear();
    if (at.matches("tbody") && sorted.isConnected) {
      for (const head of all("thead th", table)) head.removeAttribute("aria-sort");
      goHome();
      apply();
    }
    for (let node = at; node; node = node.parentElement) if (node.matches("details")) node.open = true;
    const details = at.closest("details");
    const goal = details || at;
    requestAnimationFrame(() => {
      goal.scrollIntoView();
      if (details) details.querySelector("summary").focus({ preventScroll: true });
    });
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });
  // After the browser went there itself, or it would take the focus back.
  if (location.hash) addEventListener("load", () => setTimeout(reveal));

  addEventListener("keydown", (event) => {
    const field = event.target.closest && event.target.closest("input, select, textarea");
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && field && filters.contains(field)) { clear(); return; }
    if (field && field.type !== "checkbox") return;
    if (!one("keys").checked) return;
    if (event.key === "/") {
      event.preventDefault();
      one("f-text").focus();
    } else if (event.key === "j" || event.key === "k") {
      const heads = controls.filter((c) => !c.hidden).map((c) => c.querySelector("summary"));
      const now = heads.indexOf(document.activeElement);
      const next = heads[event.key === "j" ? now + 1 : Math.max(now - 1, 0)];
      if (next) next.focus();
    }
  });
})();
