/* Tables with a class by-column-N get a search box and, for each such column, a choice of what its cells are marked as.
   A cell may be marked as several things: a row is shown if one of them is chosen. */
function filterable(table) {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const marked = ".told, .verdict";
  const marks = (row, column) => [...row.cells[column].querySelectorAll(marked)].map((mark) => mark.textContent.replace(/^\d+ /, ""));
  const columns = [...table.classList].filter((name) => name.startsWith("by-column-")).map((name) => Number(name.slice(10)));
  const bar = document.createElement("form");
  bar.className = "filters";
  bar.addEventListener("submit", (event) => event.preventDefault());
  const labelled = (name, input) => {
    const label = document.createElement("label");
    label.append(`${name} `, input);
    bar.append(label);
    return input;
  };
  const words = labelled("search", Object.assign(document.createElement("input"), { type: "search" }));
  const choices = columns.map((column) => {
    const select = labelled(heads[column], document.createElement("select"));
    const found = [...new Set(rows.flatMap((row) => marks(row, column)))].sort();
    select.append(...["all", ...found].map((name) => new Option(name, name === "all" ? "" : name)));
    return select;
  });
  const count = document.createElement("output");
  bar.append(count);
  const show = () => {
    let shown = 0;
    for (const row of rows) {
      const said = row.textContent.toLowerCase();
      const wanted = words.value.toLowerCase().split(/\s+/).every((word) => said.includes(word));
      const chosen = choices.every((select, i) => !select.value || marks(row, columns[i]).includes(select.value));
      row.hidden = !(wanted && chosen);
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length}`;
  };
  bar.addEventListener("input", show);
  table.before(bar);
  show();
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll('table[class*="by-column-"]').forEach(filterable));
