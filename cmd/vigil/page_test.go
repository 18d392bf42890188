package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/vigil-icu/vigil/alerts/bedside/api"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// browser is a real one, headless, that looks at the page of a demo by way of a proxy, which can be cut.
type browser struct {
	t     *testing.T
	ctx   context.Context
	base  string
	cut   atomic.Bool
	proxy *httptest.Server
	steps int // clicks of the task

	mu       sync.Mutex
	complain []string // what the page wrote to the console
}

// demoPage runs a demo and opens its page.
func demoPage(t *testing.T, args ...string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on PATH: apt-get install chromium")
	}
	ctx, interrupt := context.WithCancel(context.Background())
	var out, talk safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"demo", "--web", "127.0.0.1:0", "--store", "miniredis", "--summary", "json"}, args...), &out, &talk)
	}()
	t.Cleanup(func() {
		interrupt()
		if code := <-ended; code != boot.ExitInterrupted {
			t.Errorf("the demo ended with %d: %s", code, talk.String())
		}
	})
	address := regexp.MustCompile(`Page: (http://127\.0\.0\.1:\d+)\n`)
	for address.FindString(talk.String()) == "" {
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("the demo ended with %d: %s", code, talk.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	target, err := url.Parse(address.FindStringSubmatch(talk.String())[1])
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t}
	through := &httputil.ReverseProxy{FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	through.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode >= 400 {
			b.mu.Lock()
			b.complain = append(b.complain, r.Status+" "+r.Request.URL.String())
			b.mu.Unlock()
		}
		return nil
	}
	b.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.cut.Load() {
			http.Error(w, "cut", http.StatusServiceUnavailable)
			return
		}
		defer func() { _ = recover() }() // of a stream that was cut
		through.ServeHTTP(w, r)
	}))
	b.base = b.proxy.URL
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // a browser of root has none
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		closeTab()
		stop()
		b.proxy.CloseClientConnections()
		b.proxy.Close()
	})
	b.ctx = tab
	b.do(chromedp.Navigate("about:blank"), chromedp.EmulateViewport(1280, 800))
	messages := chromedp.Console(tab)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.complain = append(b.complain, m.String())
			b.mu.Unlock()
		}
	}()
	b.do(chromedp.Navigate(b.base + "/"))
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// until waits until an expression of the page is true, for as long as a slow machine may need.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(90*time.Second))); err != nil {
		shown, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText.slice(0, 3000)"))
		b.t.Fatalf("%s: %v\n%v\n%s", what, err, b.complain, shown)
	}
}

// text is what an expression of the page gives.
func (b *browser) text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// click clicks as a person does: on what is in sight.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.until("to click "+selector, "document.querySelector("+quoted(selector)+")")
	b.text("document.querySelector(" + quoted(selector) + ").click()")
	b.steps++
}

// slide sets the line of time to its first minute, as a click there does.
func (b *browser) slide() {
	b.t.Helper()
	b.until("the line of time", "document.querySelector('.travel input')")
	b.text("(() => { const i = document.querySelector('.travel input'); i.value = 1; i.dispatchEvent(new Event('change', { bubbles: true })); })()")
	b.steps++
}

// task is something that people want of the page. It begins at the unit and may take three clicks.
func (b *browser) task(name string, do func()) {
	b.t.Helper()
	b.text("location.hash = '#/unit'")
	b.until("the unit", "document.querySelector('.tile') && !document.querySelector('.bedside')")
	b.steps = 0
	do()
	if b.steps > 3 {
		b.t.Errorf("%s takes %d clicks, want 3 at most", name, b.steps)
	}
	b.t.Logf("%s: %d clicks", name, b.steps)
	b.keep("task " + name)
}

func quoted(s string) string {
	q, _ := json.Marshal(s)
	return string(q)
}

// keep keeps a picture in the folder that VIGIL_SCREENSHOTS names.
func (b *browser) keep(name string) {
	dir := os.Getenv("VIGIL_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// ask asks the API past the page.
func ask[T any](b *browser, path string) (answer T) {
	b.t.Helper()
	response, err := http.Get(b.base + api.Base + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		b.t.Fatal(err)
	}
	return answer
}

// People's tasks at the page of a demo, each in three clicks at most: who is the sickest, why did it alert, see it and
// take that back, see it, snooze it, which feed is old, what was known before, what is to be known of the model; and the page says so
// when it hears nothing.
func TestPageInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a demo and a browser: left out with -short")
	}
	b := demoPage(t, "--beds", "4", "--speed", "60")
	b.until("the first alert", "document.querySelector('.tile .severity')")
	b.keep("unit")
	for _, said := range []string{"not a medical device", "REPLAY"} {
		if notice := b.text("document.querySelector('.notice').innerText"); !strings.Contains(notice, said) {
			t.Errorf("the page does not say %q: %s", said, notice)
		}
	}

	// Who is the sickest: no click.
	var beds []api.Bed
	b.until("the sickest first, as the API has it", "document.querySelector('.tile h2').innerText")
	for range 50 { // they may change places between two looks
		beds = ask[[]api.Bed](b, "/patients")
		if b.text("document.querySelector('.tile h2').innerText") == beds[0].Bed {
			break
		}
	}
	sickest := b.text("document.querySelector('.tile h2').innerText")
	if sickest != beds[0].Bed {
		t.Errorf("the page shows bed %s first, want %s", sickest, beds[0].Bed)
	}

	// Why did it alert: one click.
	b.click(".tile h2 a")
	b.until("the reason", "document.querySelector('.bedside .alert') && document.querySelector('.bedside .alert').innerText.includes('at or above')")
	b.until("the signals", "document.querySelectorAll('.signal canvas').length > 3")
	b.until("the risk", "document.querySelector('[aria-labelledby=s-risk] canvas')")
	b.until("the lanes", "document.querySelectorAll('.lanes li').length == 7")
	b.until("the ECG", "document.querySelector('.ecg canvas')")
	b.keep("bed")
	if address := b.text("location.href + document.title"); strings.Contains(address, "synth") {
		t.Errorf("the address names the patient: %s", address)
	}

	// See it, and take that back: two clicks. Nothing is sent.
	b.click(".ack")
	b.click(".undo")
	b.until("the button again", "document.querySelector('.ack') && !document.querySelector('.undo')")

	// See it: one click. The alert says so, by way of the log.
	id := ask[api.Bed](b, "/patients/"+strings.TrimPrefix(b.text("location.hash"), "#/bed/")).Alerts
	for _, a := range id {
		if a.Acknowledged {
			t.Error("an answer that was taken back was sent")
		}
	}
	b.click(".ack")
	b.until("the answer", "[...document.querySelectorAll('.answer')].some((a) => a.innerText.includes('acknowledged by'))")

	// What was known before: one click on the line of time.
	b.slide()
	b.until("the past", "document.querySelector('.then') && document.querySelector('.then').innerText.includes('As it was known')")
	b.keep("then")

	// The whole unit of then: one click more. Nothing can be answered there, and the address brings a colleague to it.
	b.click("nav a[href='#/unit']")
	b.until("the unit", "document.querySelector('.tile')")
	b.slide()
	b.until("the unit of the past", "document.querySelector('.then') && document.querySelector('.tile') && !document.querySelector('.tile .ack')")
	at := b.text("new URLSearchParams(location.hash.split('?')[1]).get('at')")
	then := ask[api.Unit](b, "/unit?as_of="+url.QueryEscape(at))
	if shown := b.text("document.querySelectorAll('.tile').length"); shown != fmt.Sprint(len(then.Beds)) || len(then.Beds) == 0 {
		t.Errorf("the page shows %s beds at %s, want %d", shown, at, len(then.Beds))
	}
	for _, bed := range then.Beds {
		if bed.AsOf == nil || *bed.AsOf > then.AsOf {
			t.Errorf("bed %s has a score of %v, which was not known at %s", bed.Bed, bed.AsOf, at)
		}
	}
	b.keep("unit-then")
	b.do(chromedp.Reload())
	b.until("the same view by its address", "document.querySelector('.then') && document.querySelector('.tile') && !document.querySelector('.tile .ack')")

	// Which feed is old, and what is to be known of the model: one click each.
	b.click("nav a[href='#/health']")
	b.until("the feeds", fmt.Sprintf("document.querySelectorAll('[aria-label=Feeds] tbody tr').length == %d", len(beds)))
	b.keep("health")
	b.click("nav a[href='#/model']")
	b.until("the model's card", "document.body.innerText.includes('Regulatory approval')")
	b.click("nav a[href='#/alerts']")
	b.until("the alerts", "document.querySelectorAll('.alerts > li').length > 0")
	b.tasks()
	b.click("nav a[href='#/alerts']")
	b.axe()
	b.keep("alerts")

	// Nothing is heard: the page says so, and goes on by itself.
	b.cut.Store(true)
	b.proxy.CloseClientConnections()
	b.until("that nothing is heard", "document.querySelector('.freeze') && document.querySelector('.freeze').innerText.includes('Nothing heard')")
	b.keep("frozen")
	b.cut.Store(false)
	b.until("that it goes on", "!document.querySelector('.freeze')")

	if others := b.text("performance.getEntriesByType('resource').map((r) => r.name).filter((n) => !n.startsWith(location.origin))"); others != "" {
		t.Errorf("the page asked other hosts: %s", others)
	}
	t.Logf("first paint after %s ms", b.text("Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)"))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.complain {
		if !strings.Contains(line, "503") && !strings.Contains(line, "net::ERR") { // of the cut
			t.Errorf("the page complains: %s", line)
		}
	}
}

// tasks are what people want of a page, one after the other, with their clicks counted.
func (b *browser) tasks() {
	b.t.Helper()
	b.task("find the sickest bed", func() { b.until("its number", "document.querySelector('.tile h2').innerText") })
	b.task("why did it alert", func() {
		b.click(".tile.alerting h2 a")
		b.until("the reason", "document.querySelector('.bedside .alert')?.innerText.length > 20")
	})
	b.task("what the model read for this risk", func() {
		b.click(".tile h2 a")
		b.until("the window, the modalities and the channels", "document.querySelectorAll('.lanes li').length == 7 && document.querySelector('.bedside')?.innerText.includes('The model sees the last 48 hours') && document.querySelectorAll('.signal canvas').length > 3")
	})
	b.task("acknowledge and undo", func() {
		b.click(".ack")
		b.click(".undo")
		b.until("the button again", "document.querySelector('.ack') && !document.querySelector('.undo')")
	})
	b.task("snooze with a reason", func() {
		b.click(".tile.alerting h2 a")
		b.click(".bedside [aria-label^='Snooze the alert']")
		b.until("the reason's field", "document.querySelector('.answers input')")
		b.text("(() => { const i = document.querySelector('.answers input'); i.value = 'physiotherapy'; i.dispatchEvent(new Event('input', { bubbles: true })); })()")
		b.click(".answers [type=submit]")
		b.until("the snooze by way of the log", "[...document.querySelectorAll('.bedside .answer')].some((a) => a.innerText.includes('physiotherapy'))")
	})
	b.task("which feed is old, which beds have no data", func() {
		b.click("nav a[href='#/health']")
		b.until("an age or its absence in words for each", "[...document.querySelectorAll('[aria-label=Feeds] td')].every((c) => c.innerText != '') && document.querySelector('[aria-label=Feeds] td.absent')")
	})
	b.task("what was refused, and why", func() {
		b.click("nav a[href='#/health']")
		letters := ask[[]api.DeadLetter](b, "/deadletters")
		b.until("the refused", fmt.Sprintf("%d > 0 ? document.querySelectorAll('[aria-label=\"Refused messages\"] tbody tr').length > 0 : document.querySelector('main .empty')?.innerText == 'None.'", len(letters)))
	})
	b.task("what was known before", func() {
		b.slide()
		b.until("the past", "document.querySelector('.then') && document.querySelector('.tile')")
	})
	b.task("the wall", func() {
		b.text("[...document.querySelectorAll('.tools button')].find((x) => x.innerText == 'Wall').click()")
		b.steps++
		b.until("the wall", "document.querySelector('main.wall .tile')")
	})
	b.task("send a colleague the same view", func() {
		b.text("[...document.querySelectorAll('.tools button')].find((x) => x.innerText == 'by bed').click()")
		b.steps++
		b.until("the order in the address", "location.hash.includes('by=bed')")
		b.do(chromedp.Reload())
		b.until("the same order", "document.querySelector('.tools [aria-pressed=true]') && document.querySelector('.tools [aria-pressed=true]').innerText == 'by bed' && document.querySelector('.tile')")
	})
	b.task("open the card of the model", func() {
		b.click("nav a[href='#/model']")
		b.until("the card", "document.body.innerText.includes('Regulatory approval')")
	})
}

// axe holds each view in each theme against axe-core, where VIGIL_AXE names its script (make test-page).
func (b *browser) axe() {
	file := os.Getenv("VIGIL_AXE")
	if file == "" {
		b.t.Log("VIGIL_AXE is not set: axe-core was left out (make test-page)")
		return
	}
	script, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	bed := ask[[]api.Bed](b, "/patients")[0].Key
	for _, theme := range []string{"dark", "light", "contrast"} {
		for i, view := range []string{"/unit", "/bed/" + bed, "/unit?wall=1", "/alerts?all=1", "/health", "/model", "/unit?at=2026-01-01T00:05:00.000Z"} {
			if theme == "contrast" && i > 1 {
				break // its colours are in these two
			}
			b.text(fmt.Sprintf("(() => { localStorage.setItem('vigil-theme', %s); location.hash = %s; })()", quoted(theme), quoted("#"+view)))
			b.do(chromedp.Reload())
			b.until("the view "+view, "document.querySelector('main h1') && !document.querySelector('main .empty')")
			if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](string(script)+"\n;1")); err != nil {
				b.t.Fatal(err)
			}
			found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")).join("\n"))`, chromedp.EvalAwaitPromise))
			if err != nil {
				b.t.Fatal(err)
			}
			if found != "" {
				b.t.Errorf("%s in %s: %s", view, theme, found)
			}
			b.keep("axe" + strings.ReplaceAll(strings.ReplaceAll(view[:5], "/", "-"), "?", "-") + "-" + theme)
		}
	}
}
