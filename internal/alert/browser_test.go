package alert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/alert"
	"slipway/internal/run"
)

// browser is the program that mails are looked at with. CI has it; elsewhere the test is skipped without it.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no Chromium, and CI has to look at the mails")
	}
	t.Skip("there is no Chromium here")
	return ""
}

// widths are those of a telephone and of a mail reader's column, in pixels; screen is what one sees first.
var widths = []int{360, 600}

const screen = 640

// measure runs beside the mails, each in a frame. For each it says how wide it is, where the remedy ends, and the least
// contrast between a text and its ground.
// https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
const measure = `
function light(c){const f=c.map(v=>{v/=255;return v<=0.03928?v/12.92:Math.pow((v+0.055)/1.055,2.4)});return 0.2126*f[0]+0.7152*f[1]+0.0722*f[2]}
function rgb(s){return (s.match(/[\d.]+/g)||[]).map(Number)}
function ground(e,w){for(;e;e=e.parentElement){const c=rgb(w.getComputedStyle(e).backgroundColor);if(c.length==3||c[3]===1)return c.slice(0,3)}return [255,255,255]}
function look(f){const d=f.contentDocument,w=f.contentWindow;let least=99,where="";
const walk=d.createTreeWalker(d.body,4);
for(let n;n=walk.nextNode();){if(!n.data.trim())continue;const e=n.parentElement,s=w.getComputedStyle(e);
if(!e.getClientRects().length||s.display=="none")continue;
let a=light(rgb(s.color).slice(0,3)),b=light(ground(e,w));if(a<b)[a,b]=[b,a];
const r=(a+0.05)/(b+0.05);if(r<least){least=r;where=n.data.trim().slice(0,40)+" "+s.color}}
const remedy=d.querySelector("[data-part=remedy]"),box=remedy?remedy.getBoundingClientRect():null;
return {width:Number(f.width),scroll:d.documentElement.scrollWidth,least:least,where:where,remedy:box?box.bottom:0,
dark:w.matchMedia("(prefers-color-scheme: dark)").matches}}
window.onload=()=>{document.body.innerHTML="<pre>RESULT"+JSON.stringify([...document.querySelectorAll("iframe")].map(look))+"END</pre>"}
`

// seen is what a browser says of one mail at one width.
type seen struct {
	Width  int     `json:"width"`
	Scroll int     `json:"scroll"`
	Least  float64 `json:"least"`
	Where  string  `json:"where"`
	Remedy float64 `json:"remedy"`
	Dark   bool    `json:"dark"`
}

// frames is a page with every mail at every width.
func frames(bodies ...string) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset="utf-8"><body style="margin:0">`)
	for _, body := range bodies {
		for _, w := range widths {
			fmt.Fprintf(&b, `<iframe width="%d" height="%d" style="border:0" srcdoc="%s"></iframe>`, w, screen, html.EscapeString(body))
		}
	}
	return b.String()
}

var results = regexp.MustCompile(`RESULT(.*)END`)

// open shows a page in the browser, in light or dark colours.
func open(t *testing.T, program, page string, dark bool, more ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	scheme := "1"
	if dark {
		scheme = "0"
	}
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--user-data-dir=" + t.TempDir(),
		"--blink-settings=preferredColorScheme=" + scheme, "--window-size=1000,1400", "--virtual-time-budget=2000",
	}, append(more, "file://"+file)...)
	cmd := exec.CommandContext(t.Context(), program, args...) //nolint:gosec // a browser of this machine
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out.Bytes()
}

// mails are one of each kind, with what is short and what is long.
func mails() map[string]alert.Mail {
	long := aCase()
	long.Object.Key = "incoming/" + strings.Repeat("a-very-long-name-without-any-space", 20) + ".png"
	long.Outcome.Reason = "CannotPullContainerError: " + strings.Repeat("pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-north-1.amazonaws.com/example; ", 8)
	long.Outcome.Summary = strings.Repeat("The image or its tag does not exist. ", 10)
	long.Outcome.Remedy = strings.Repeat("Push the tag, or correct the image in the task definition. ", 6)
	long.Log = alert.Tail([]string{"starting", strings.Repeat("x", 390), `{"level":"error","msg":"` + strings.Repeat("word ", 60) + `"}`}, 20)
	drill := aCase()
	drill.Drill = true
	warning, info := aCase(), aCase()
	warning.Outcome.Severity, info.Outcome.Severity = "warning", "info"
	many := alert.Add(run.Incident{}, aCase(), noon)
	for k := range 99 {
		c := aCase()
		c.At = noon.Add(time.Duration(k) * time.Second)
		many = alert.Add(many, c, c.At)
	}
	many = alert.Advance(many, time.Time{}, noon.Add(alert.FirstWait))
	over := alert.Resolve(alert.Add(run.Incident{}, scheduled(noon), noon), alert.BySuccess, noon.Add(time.Hour))
	last := func(i run.Incident) alert.Mail { return alert.Compose("slipway-prod", i, i.Notices[len(i.Notices)-1]) }
	return map[string]alert.Mail{
		"error": first(aCase()), "warning": first(warning), "info": first(info), "long": first(long), "drill": first(drill),
		"digest": last(many), "recovered": last(over),
	}
}

func TestMailsInABrowser(t *testing.T) {
	program := browser(t)
	all := mails()
	names := slices.Sorted(maps.Keys(all))
	var bodies []string
	for _, name := range names {
		bodies = append(bodies, all[name].HTML)
	}
	for _, dark := range []bool{false, true} {
		t.Run(fmt.Sprintf("dark %t", dark), func(t *testing.T) {
			shoot(t, program, names, bodies, dark)
			out := results.FindSubmatch(open(t, program, frames(bodies...)+"<script>"+measure+"</script>", dark, "--dump-dom"))
			var looks []seen
			if len(out) != 2 || json.Unmarshal([]byte(html.UnescapeString(string(out[1]))), &looks) != nil || len(looks) != len(widths)*len(names) {
				t.Fatalf("the browser says nothing: %s", out)
			}
			for k, s := range looks {
				if s.Scroll > s.Width || s.Least < 4.5 || s.Remedy <= 0 || s.Remedy > screen || s.Dark != dark {
					t.Errorf("%s: %+v; want no overflow, a contrast of 4.5 and the remedy in the first %d pixels", names[k/len(widths)], s, screen)
				}
			}
		})
	}
}

// shoot keeps pictures of the mails in the folder that SLIPWAY_SCREENSHOTS names.
func shoot(t *testing.T, program string, names, bodies []string, dark bool) {
	t.Helper()
	folder := os.Getenv("SLIPWAY_SCREENSHOTS")
	if folder == "" {
		return
	}
	for k, name := range names {
		open(t, program, frames(bodies[k]), dark, fmt.Sprintf("--screenshot=%s/%s-%t.png", folder, name, dark))
	}
}
