/* The page of all findings: a search by name, words or number, and the way from old addresses to cards.
   On a page of cards: a name without a card is looked up there. Without this script the lists of topics and cards are whole. */
document.addEventListener("DOMContentLoaded", () => {
  const MOST = 40
  const place = document.getElementById("findings-search")
  const asked = decodeURIComponent(location.hash.slice(1))
  const isName = /^[a-z0-9]+\.[\w.@-]+$/.test(asked)

  if (!place) {
    const home = document.querySelector("a.findings-home")
    if (home && isName && !document.getElementById(asked)) location.replace(`${home.href}?words=${encodeURIComponent(asked)}`)
    return
  }
  const folder = location.href.split(/[?#]/)[0].replace(/\.html$/, "")
  const cardOf = (id) => `${folder}/${id.split(".")[0]}.html#${id}`
  const topics = [...document.querySelectorAll(".findings-topics code")].map((code) => code.textContent)
  const old = /^topic-([a-z0-9]+)-/.exec(asked)
  if (isName && topics.includes(asked.split(".")[0])) return location.replace(cardOf(asked))
  if (old && topics.includes(old[1])) return location.replace(`${folder}/${old[1]}.html#${asked}`)

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children)
    return element
  }
  let rows = null
  window.jingjinjiFindings = (told) => {
    rows = told.map((row) => ({ row, words: row.slice(0, 3).join(" ").toLowerCase().replaceAll("\u00a0", " ") }))
  }
  const load = () => new Promise((resolve) => {
    if (rows) return resolve()
    document.head.append(make("script", { src: `${folder}/index.js`, onload: resolve, onerror: resolve }))
  })
  const input = make("input", { type: "search", id: "findings-words", autocomplete: "off" })
  const status = make("p", { className: "findings-status" })
  status.setAttribute("role", "status")
  const list = make("ul", { className: "findings-found" })
  const item = ([id, label, text, hasCard]) => make("li", {},
    hasCard ? make("a", { href: cardOf(id) }, label) : label, ": ", make("strong", {}, text), " ",
    make("code", {}, id), hasCard ? "" : " (in the files only)")
  const show = async () => {
    const words = input.value.trim().toLowerCase().replaceAll("-", "[-\u2212]").split(/\s+/).filter(Boolean)
      .map((word) => new RegExp(word.replace(/[.*+?^${}()|\\]/g, "\\$&")))
    if (!words.length) { list.replaceChildren(); status.textContent = ""; return }
    await load()
    const found = (rows ?? []).filter(({ words: text }) => words.every((word) => word.test(text)))
    found.sort((one, other) => other.row[3] - one.row[3])
    list.replaceChildren(...found.slice(0, MOST).map(({ row }) => item(row)))
    const more = found.length > MOST ? `, the first ${MOST} of them` : ""
    status.textContent = `${found.length} of ${rows?.length ?? 0} findings${more}`
  }
  const form = make("form", { className: "findings-form" },
    make("label", { htmlFor: input.id }, "Find a number by its name, by words or by its value"), input)
  form.addEventListener("submit", (event) => event.preventDefault())
  input.addEventListener("input", show)
  place.append(form, status, list)
  input.value = new URLSearchParams(location.search).get("words") ?? (isName ? asked : "")
  if (input.value) show()
})
