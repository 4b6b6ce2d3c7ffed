package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"slipway/local/internal/observe"
	"slipway/local/internal/port"
	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

// slow is how long one thing may take on a machine that does others too.
const slow = 2 * time.Minute

// world is the stack of the test, and what it is seen by.
type world struct {
	stack.Record
	options stack.Options
}

// see is a new observer: one belongs to one goroutine.
func (w world) see() *observe.Observer { return observe.New(w.Record) }

func TestTheWholeWay(t *testing.T) {
	if testing.Short() {
		t.Skip("the local stack is not started with -short")
	}
	t.Parallel()
	w := start(t)
	t.Run("the doctor finds nothing, and each fault that is planted", func(t *testing.T) { theDoctor(t, w) })
	t.Run("flows", func(t *testing.T) {
		t.Run("a picture is described and gets a thumbnail", func(t *testing.T) { t.Parallel(); pictureIsProcessed(t, w) })
		t.Run("an object delivered five times starts one task", func(t *testing.T) { t.Parallel(); fiveDeliveriesOneTask(t, w) })
		t.Run("a corrupt picture is mailed about once", func(t *testing.T) { t.Parallel(); corruptPictureOneMail(t, w) })
		t.Run("an object that no job wants starts nothing", func(t *testing.T) { t.Parallel(); unwantedObjectNothing(t, w) })
		t.Run("the service follows its queue up and down to zero", func(t *testing.T) { t.Parallel(); serviceFollowsQueue(t, w) })
		t.Run("the scheduled job writes its report", func(t *testing.T) { t.Parallel(); scheduledJobReports(t, w) })
		t.Run("small objects share a task, and a damaged one fails alone", func(t *testing.T) { t.Parallel(); batchOfObjects(t, w) })
		t.Run("a bad record among nine good ones becomes a dead letter that says why", func(t *testing.T) { t.Parallel(); badRecordAmongGood(t, w) })
	})
	t.Run("five hundred objects, delivered up to three times while ECS has its troubles", func(t *testing.T) { fiveHundredObjects(t, w) })
	secondUp(t, w)
}

// start brings up a stack on free ports, and down again when the test ends.
func start(t *testing.T) world {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	ports, err := port.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	o := stack.Options{
		Root: root, State: t.TempDir(), Config: root + "/local/demo", Port: ports[0], ECSPort: ports[1],
		Engine: "process", Screen: screen.Plain(t.Output()),
	}
	r, err := stack.Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { down(t, o, r.Record) })
	env, err := os.ReadFile(o.State + "/env")
	if want := "export SLIPWAY_UploadsBucketName='" + r.Outputs["UploadsBucketName"] + "'\n"; err != nil || !strings.Contains(string(env), want) {
		t.Errorf("got environment %q and %v, want %q in it", env, err, want)
	}
	return world{r.Record, o}
}

// down stops the stack, twice, and makes sure that nothing of it is left.
func down(t *testing.T, o stack.Options, r stack.Record) {
	t.Helper()
	if t.Failed() {
		logs(t, o)
	}
	for _, want := range []bool{true, false} {
		ran, err := stack.Down(context.Background(), o.State)
		if ran != want || err != nil {
			t.Errorf("got %v and %v from Down, want %v", ran, err, want)
		}
	}
	for _, p := range []int{r.Port, r.ECSPort} {
		if err := port.Check(p); err != nil {
			t.Errorf("after Down: %v", err)
		}
	}
}

// logs shows how the servers' logs end.
func logs(t *testing.T, o stack.Options) {
	t.Helper()
	const enough = 6000
	for _, name := range []string{"emulator", "fargate"} {
		text, err := os.ReadFile(o.State + "/log/" + name + ".log") //nolint:gosec // our own log
		t.Logf("%s (%v): %s", name, err, text[max(0, len(text)-enough):])
	}
}

// secondUp says that it runs already, and deploys nothing.
func secondUp(t *testing.T, w world) {
	t.Helper()
	r, err := stack.Up(t.Context(), w.options)
	if err != nil || !r.Ran || r.Deployed {
		t.Errorf("got %+v and %v from a second Up, want it to run already", r, err)
	}
}

// eventually waits until something is seen.
func eventually(t *testing.T, what string, seen func() (bool, error)) {
	t.Helper()
	end := time.Now().Add(slow)
	for {
		ok, err := seen()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not seen within %s", what, slow)
		}
		time.Sleep(500 * time.Millisecond) // other programs' work: there is no clock to pass
	}
}

// quiet is how long nothing more must come before "one" is taken for "only one".
func quiet() { time.Sleep(5 * time.Second) }
