/* The claims ledger: filter and sort in the page. Without this script the table is whole and in the order of its numbers. */
document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table.ledger")
  if (!table) return
  const body = table.tBodies[0]
  const rows = [...body.rows]
  const COLUMNS = { number: 0, chapter: 2, verdict: 3 }
  const text = (row, column) => row.cells[column].textContent.trim()
  const article = (row) => row.querySelector(".claim-source").textContent.split(" (")[0]
  const read = { chapter: (row) => text(row, COLUMNS.chapter), verdict: (row) => text(row, COLUMNS.verdict), article }
  const address = new URLSearchParams(location.search)

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children)
    return element
  }
  const select = (name) => {
    const values = [...new Set(rows.map(read[name]))].sort()
    const options = ["", ...values].map((value) => make("option", { value }, value || `any ${name}`))
    const field = make("select", { name }, ...options)
    if (values.includes(address.get(name))) field.value = address.get(name)
    return field
  }
  const search = make("input", { type: "search", name: "words", value: address.get("words") || "" })
  const fields = [search, ...Object.keys(read).map(select)]
  const status = make("p", { role: "status", className: "ledger-status" })
  const form = make("form", { className: "ledger-filter" }, ...fields.map((field) => make("label", {}, field.name, field)))
  form.addEventListener("submit", (event) => event.preventDefault())

  const fits = (row) => fields.every((field) => {
    if (field === search) return search.value.toLowerCase().split(/\s+/).every((word) => row.haystack.includes(word))
    return !field.value || read[field.name](row) === field.value
  })
  const filter = () => {
    rows.forEach((row) => { row.hidden = !fits(row) })
    status.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`
    const chosen = new URLSearchParams(fields.filter((field) => field.value).map((field) => [field.name, field.value]))
    const query = chosen.size ? `?${chosen}` : ""
    if (query !== location.search) history.replaceState(null, "", location.pathname + query + (query ? "" : location.hash))
  }
  const sort = (header, column) => {
    const down = header.getAttribute("aria-sort") === "ascending"
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"))
    header.setAttribute("aria-sort", down ? "descending" : "ascending")
    const order = (one, other) => text(one, column).localeCompare(text(other, column)) || one.place - other.place
    body.append(...[...rows].sort((one, other) => (down ? order(other, one) : order(one, other))))
  }
  const show = () => {
    const row = rows.find((one) => one.id === location.hash.slice(1))
    if (!row) return
    fields.forEach((field) => { field.value = "" })
    filter()
    row.querySelector("details").open = true
    row.scrollIntoView()
  }

  rows.forEach((row, place) => { row.place = place; row.haystack = row.textContent.toLowerCase() })
  Object.values(COLUMNS).forEach((column) => {
    const header = table.tHead.rows[0].cells[column]
    const button = make("button", { type: "button", className: "ledger-sort" }, header.innerText.trim())
    button.addEventListener("click", () => sort(header, column))
    header.replaceChildren(button)
  })
  fields.forEach((field) => field.addEventListener("input", filter))
  const box = table.parentElement === document.body ? table : table.closest("div") || table
  box.before(form, status)
  filter()
  addEventListener("hashchange", show)
  if (location.hash) show()
})
