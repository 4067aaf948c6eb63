"use strict";
// The filter is in the address: #rows?split=train&kind=integer&q=triangle. `of` is how many rows
// the link that led here counted, of which the page may hold fewer.
(() => {
  const form = document.getElementById("filters");
  const status = document.getElementById("status");
  const rows = [...document.querySelectorAll("#table tbody tr")];
  const total = Number(document.getElementById("table").dataset.total);
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const facets = (query) => [...new Set(query.keys())].filter((name) => name !== "q" && name !== "of");

  function show(query) {
    const words = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const names = facets(query);
    let count = 0;
    for (const row of rows) {
      const shown =
        names.every((name) => {
          const own = (row.dataset[name] ?? "").split("\n");
          return query.getAll(name).some((value) => own.includes(value));
        }) && words.every((word) => text(row).includes(word));
      row.hidden = !shown;
      count += shown;
    }
    const number = (value) => value.toLocaleString("en");
    const chosen = names.map((name) => `${name}: ${query.getAll(name).join(" or ")}`);
    if (words.length) chosen.push(`search: ${words.join(" ")}`);
    const of = Number(query.get("of")) || (chosen.length ? rows.length : total);
    const here = of > count && (query.has("of") || !chosen.length) ? " are on this page" : "";
    const page = of === rows.length && total > of ? " on this page" : "";
    status.textContent =
      `${number(count)} of ${number(of)} rows${here || page}` +
      (chosen.length ? ` (${chosen.join("; ")})` : "");
  }

  function fromAddress() {
    const [place, words] = location.hash.slice(1).split("?");
    if (place !== "rows") {
      const target = /^r\d+$/.test(place) && document.getElementById(place);
      if (target && target.hidden) { show(new URLSearchParams()); target.scrollIntoView(); }
      return;
    }
    const query = new URLSearchParams(words || "");
    for (const field of form.elements) if (field.name) field.value = query.get(field.name) ?? "";
    show(query);
    if (words !== undefined) document.getElementById("rows").scrollIntoView();
  }

  function fromForm() {
    const query = new URLSearchParams();
    for (const field of form.elements) if (field.name && field.value) query.set(field.name, field.value);
    history.replaceState(null, "", `#rows${query.size ? `?${query}` : ""}`);
    show(query);
  }

  form.addEventListener("input", fromForm);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(fromForm));
  addEventListener("hashchange", fromAddress);
  show(new URLSearchParams());
  fromAddress();
})();
