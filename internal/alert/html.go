package alert

import (
	"html"
	"strings"
)

// The colours: on light ground inline, since some mail readers drop style sheets, and on dark ground by a style sheet.
// Each pair of ink and ground has a contrast of 4.5 or more, which a test measures in a browser.
const (
	ink    = "#1b1f24"
	faint  = "#57606a"
	ground = "#f3f4f6"
	card   = "#ffffff"
	tint   = "#eef2f7"
	blue   = "#0b57a4"
)

// banners are the colours of the head by severity, each with white ink.
var banners = map[string]string{"error": "#a32018", "warning": "#8a4b00", "info": "#0b57a4", "resolved": "#1a6b38"}

const style = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.ground{background:#101316 !important}
.card{background:#1b1f24 !important}
.ink{color:#e6e9ec !important}
.faint{color:#aeb6bf !important}
.tint{background:#262c33 !important}
.link{color:#8ab8f5 !important}
.line{border-color:#333a42 !important}
}`

// writer builds HTML. Only esc puts texts of others into it.
type writer struct{ b strings.Builder }

func (w *writer) raw(parts ...string) {
	for _, p := range parts {
		_, _ = w.b.WriteString(p) // never fails
	}
}

func (w *writer) esc(s string) { w.raw(html.EscapeString(s)) }

// html is the page as a mail in HTML: one column of at most 600 pixels, no picture, no script, nothing loaded.
func (p page) html() string {
	w := &writer{}
	w.raw(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">`,
		`<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>`)
	w.esc(p.badge + ": " + p.title)
	w.raw(`</title><style>`, style, `</style></head><body class="ground" style="margin:0;padding:0;background:`, ground, `">`)
	w.raw(`<div style="display:none;max-height:0;overflow:hidden">`)
	w.esc(clip(p.lead+" "+p.remedy, 140))
	w.raw(`</div><table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:`, ground, `">`,
		`<tr><td align="center" style="padding:12px 8px"><table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" `,
		`style="max-width:600px;background:`, card, `;border-radius:6px;font:15px/1.5 -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;`,
		`color:`, ink, `;table-layout:fixed">`)
	p.head(w)
	p.rows(w)
	p.rest(w)
	w.raw(`</table></td></tr></table></body></html>`)
	return w.b.String()
}

const wraps = `overflow-wrap:anywhere;word-break:break-word;`

// head is the banner, the cause and the remedy: what a reader sees first.
func (p page) head(w *writer) {
	colour, known := banners[p.severity]
	if !known {
		colour = banners["error"]
	}
	w.raw(`<tr><td style="padding:14px 16px;background:`, colour, `;color:#ffffff;border-radius:6px 6px 0 0;`, wraps, `">`,
		`<div style="font-size:13px;color:#ffffff">`)
	w.esc(clip(p.badge, 80))
	w.raw(`</div><div style="font-size:19px;line-height:1.3;font-weight:600;color:#ffffff">`)
	w.esc(clip(p.title, 120))
	w.raw(`</div></td></tr><tr><td class="ink" style="padding:14px 16px 4px;color:`, ink, `;`, wraps, `">`)
	w.esc(clip(p.lead, 400))
	w.raw(`</td></tr>`)
	if p.remedy == "" {
		return
	}
	w.raw(`<tr><td style="padding:8px 16px 12px"><div class="tint ink" data-part="remedy" style="padding:10px 12px;border-radius:4px;background:`, tint,
		`;color:`, ink, `;`, wraps, `"><strong>What to do:</strong> `)
	w.esc(clip(p.remedy, 400))
	if p.more != "" {
		w.raw(` `)
		w.anchor(p.more, "Read more")
	}
	w.raw(`</div></td></tr>`)
}

func (w *writer) anchor(href, words string) {
	w.raw(`<a class="link" style="color:`, blue, `;`, wraps, `" href="`)
	w.esc(href)
	w.raw(`">`)
	w.esc(words)
	w.raw(`</a>`)
}

// rows are the facts.
func (p page) rows(w *writer) {
	w.raw(`<tr><td style="padding:4px 16px 8px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;font-size:14px">`)
	for _, f := range p.facts {
		w.row(f)
	}
	w.raw(`</table></td></tr>`)
	if len(p.list) == 0 {
		return
	}
	w.section(p.listed)
	w.raw(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;font-size:14px">`)
	for _, f := range p.list {
		w.raw(`<tr><td class="ink line" style="padding:6px 0;border-top:1px solid #d8dde3;color:`, ink, `;`, wraps, `"><span class="faint" style="color:`, faint, `">`)
		w.esc(f.label)
		w.raw(`</span><br>`)
		w.value(f)
		w.raw(`</td></tr>`)
	}
	w.raw(`</table></td></tr>`)
}

func (w *writer) row(f fact) {
	w.raw(`<tr><td class="faint line" width="112" valign="top" style="padding:5px 8px 5px 0;border-top:1px solid #d8dde3;color:`, faint, `">`)
	w.esc(f.label)
	w.raw(`</td><td class="ink line" valign="top" style="padding:5px 0;border-top:1px solid #d8dde3;color:`, ink, `;`, wraps, `">`)
	w.value(f)
	w.raw(`</td></tr>`)
}

// value is a fact's value, as a link where it leads somewhere. What it shows of a link is short: the address is in the
// text part.
func (w *writer) value(f fact) {
	switch f.href {
	case "":
		w.esc(f.value)
	case f.value:
		w.anchor(f.href, "Open in the console")
	default:
		w.anchor(f.href, f.value)
	}
}

func (w *writer) section(title string) {
	w.raw(`<tr><td style="padding:4px 16px 8px"><div class="ink" style="font-weight:600;padding:4px 0;color:`, ink, `">`)
	w.esc(title)
	w.raw(`</div>`)
}

// rest is the log, the commands and the footer.
func (p page) rest(w *writer) {
	const pre = `font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;margin:0;padding:10px 12px;border-radius:4px;`
	if len(p.log) > 0 {
		w.section("The last lines of its log")
		w.raw(`<pre class="tint ink" style="`, pre, wraps, `background:`, tint, `;color:`, ink, `">`)
		w.esc(strings.Join(p.log, "\n"))
		w.raw(`</pre></td></tr>`)
	}
	for _, c := range p.commands {
		w.section(c.label)
		w.raw(`<pre class="tint ink" style="`, pre, wraps, `background:`, tint, `;color:`, ink, `">`)
		w.esc(c.value)
		w.raw(`</pre></td></tr>`)
	}
	w.raw(`<tr><td class="faint line" style="padding:10px 16px 14px;border-top:1px solid #d8dde3;font-size:12px;color:`, faint, `;`, wraps, `">`)
	w.esc(p.footer)
	w.raw(`</td></tr>`)
}
