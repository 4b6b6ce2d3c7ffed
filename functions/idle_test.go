package functions_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// calls counts what passes on its way to AWS, by action.
type calls struct {
	mu    sync.Mutex // protects following field
	count map[string]int
}

func (c *calls) handler(to string) (http.Handler, error) {
	target, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		c.mu.Lock()
		c.count[action]++
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}), nil
}

// take returns what was counted since the last time, in the words of the page: "2 Query, 1 UpdateItem".
func (c *calls) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, action := range slices.Sorted(maps.Keys(c.count)) {
		out = append(out, fmt.Sprintf("%d `%s`", c.count[action], action))
	}
	c.count = map[string]int{}
	return strings.Join(out, ", ")
}

// TestAnIdleMinute counts the calls of a tick in which nothing is to be done, with the configuration that ships, and
// holds the page on the costs of an idle month to them.
func TestAnIdleMinute(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "guide", "idle-cost.md"))
	if err != nil {
		t.Fatal(err)
	}
	c := newCloud(t)
	if err := c.ecs.SetDesired("example-cluster", "example-worker", 0); err != nil {
		t.Fatal(err)
	}
	counted := &calls{count: map[string]int{}}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"} {
		h, err := counted.handler(c.env[name])
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		c.env[name] = server.URL
	}
	dir := build(t)
	for _, folder := range []string{"scheduler", "sqs-scaler", "lifecycle-notifier"} {
		f := start(t, filepath.Join(dir, folder, "bootstrap"), c.env)
		for range 2 { // the first tick ever also makes the jobs known
			counted.take()
			if got := f.invoke(t, sample(t, "scheduler-tick"), timeout[folder]); got.failed {
				t.Fatalf("%s: %s; the log:\n%s", folder, got.body, f.log)
			}
		}
		if row := "| `" + folder + "` | " + counted.take() + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/guide/idle-cost.md lacks the row\n%s", row)
		}
	}
}
