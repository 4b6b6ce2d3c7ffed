package project_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slipway/internal/launch"
)

// The examples of docs/reference/container.md are run as they stand there, with an S3 that is a folder: an object is a
// file named by its escaped key, in a folder named by its bucket. Keys that end with "fail" cannot be reached; reading
// one that ends with "hang" takes for ever.

const stubBoto = `
import io, os, time
from urllib.parse import quote_plus
from botocore.exceptions import ClientError

def path(bucket, key): return os.path.join(os.environ["STUB_S3"], bucket, quote_plus(key))

class S3:
    def get_object(self, Bucket, Key, VersionId=None):
        if Key.endswith("hang"):
            open(os.environ["STUB_S3"] + "/hangs", "w").close()
            time.sleep(60)
        if Key.endswith("fail"): raise ClientError("SlowDown")
        if not os.path.exists(path(Bucket, Key)): raise ClientError("NoSuchKey")
        return {"Body": open(path(Bucket, Key), "rb")}
    def put_object(self, Bucket, Key, Body, ContentType=None):
        if Key.endswith("fail"): raise ClientError("SlowDown")
        os.makedirs(os.path.join(os.environ["STUB_S3"], Bucket), exist_ok=True)
        with open(path(Bucket, Key), "wb") as f: f.write(Body)

def client(name):
    assert name == "s3"
    return S3()
`

const stubBotocore = `
class BotoCoreError(Exception): pass
class ClientError(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code}}
`

// stubAWS is the part of the AWS CLI that the examples use.
const stubAWS = `
import json, sys
import boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3")
def place(url): return dict(zip(("Bucket", "Key"), url[len("s3://"):].split("/", 1)))
def run(args):
    if args[:2] == ["s3", "cp"]:
        assert args[2] == "--quiet", args
        source, to = args[3:]
        if to.startswith("s3://"): return s3.put_object(**place(to), Body=sys.stdin.buffer.read() if source == "-" else open(source, "rb").read())
        return open(to, "wb").write(s3.get_object(**place(source))["Body"].read())
    given, out = {}, args[2:]
    while out and out[0].startswith("--"): # as argparse does, a value may begin with a dash only behind "="
        name, joined, value = out.pop(0)[2:].partition("=")
        if not joined: value = out.pop(0)
        assert name in ("bucket", "key", "version-id", "body", "cli-input-json") and (joined or not value.startswith("-")), args
        given[name] = value
    named = json.loads(given["cli-input-json"]) if "cli-input-json" in given else {"Bucket": given["bucket"], "Key": given["key"]}
    if args[1] == "get-object": open(out[0], "wb").write(s3.get_object(**named)["Body"].read())
    elif args[1] == "put-object": s3.put_object(**named, Body=open(given["body"], "rb").read())
    else: sys.exit(252)
try: run(sys.argv[1:])
except ClientError as e: sys.exit("An error occurred (%s)" % e)
`

const stubConvert = "#!/bin/sh\ngrep -q picture \"$1\" || { echo \"no decode delegate: '$1'\" >&2; exit 1; }\ncp \"$1\" \"$4\"\n"

// example is a program of the page and what it runs with.
type example struct {
	dir, s3, command string
}

// pageExample finds the code below a heading of the page. Preamble stands for the reader's own work.
func pageExample(t *testing.T, heading, language, preamble string) example {
	t.Helper()
	page := readText(t, filepath.Join(root, "docs", "reference", "container.md"))
	_, rest, _ := strings.Cut(page, "\n"+heading+"\n")
	_, rest, found := strings.Cut(rest, "```"+language+"\n")
	code, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatalf("the page has no %s below %q", language, heading)
	}
	interpreter, err := python()
	if err != nil {
		t.Fatalf("find python3, which the page's examples need: %v", err)
	}
	e := example{dir: t.TempDir()}
	e.s3 = filepath.Join(e.dir, "s3")
	for name, text := range map[string]string{
		"boto3.py": stubBoto, "botocore/__init__.py": "", "botocore/exceptions.py": stubBotocore,
		"bin/aws": "#!" + interpreter + " -S\n" + stubAWS, "bin/convert": stubConvert, "example": preamble + code, "s3/uploads/.keep": "",
	} {
		write(t, filepath.Join(e.dir, name), text)
	}
	e.command = map[string]string{"python": interpreter, "sh": "/bin/sh"}[language]
	return e
}

// python is the interpreter itself: what is found by its name may be a script that looks for it, each time.
var python = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	return strings.TrimSpace(string(out)), err
})

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // our own file
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // programs of the test
		t.Fatal(err)
	}
}

func (e example) object(bucket, key string) string {
	return filepath.Join(e.s3, bucket, url.QueryEscape(key))
}

func (e example) start(t *testing.T, variables ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, e.command, filepath.Join(e.dir, "example")) //nolint:gosec // of our page
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(e.dir, "bin")+":"+os.Getenv("PATH"), "PYTHONPATH="+e.dir,
		"PYTHONDONTWRITEBYTECODE=1", "TMPDIR="+e.dir, "STUB_S3="+e.s3, "RESULTS_BUCKET=results")
	cmd.Env = append(cmd.Env, variables...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 100 * time.Millisecond // what it left behind ends with the test
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	group := cmd.Process.Pid
	t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
	return cmd, &stderr
}

func (e example) run(t *testing.T, variables ...string) (int, string) {
	t.Helper()
	cmd, stderr := e.start(t, variables...)
	return exitOf(t, cmd), stderr.String()
}

func exitOf(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// stopped sends SIGTERM once the example waits for an object that never comes.
func (e example) stopped(t *testing.T, variables ...string) int {
	t.Helper()
	cmd, _ := e.start(t, variables...)
	for range 1000 {
		if _, err := os.Stat(filepath.Join(e.s3, "hangs")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond) // another program: there is no clock to pass
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return exitOf(t, cmd)
}

func TestTheShellExampleDoesWhatThePageSays(t *testing.T) {
	e := pageExample(t, "## In shell", "sh", "")
	for _, key := range []string{"in/a b'$(x).png", "-dash"} {
		write(t, e.object("uploads", key), "a picture")
		if code, stderr := e.run(t, "S3_BUCKET=uploads", "S3_KEY="+key, "S3_VERSION_ID="); code != 0 {
			t.Errorf("%q: got %d: %s", key, code, stderr)
		}
		if got := readText(t, e.object("results", key+"/small.png")); got != "a picture" {
			t.Errorf("%q: got %q", key, got)
		}
	}
	write(t, e.object("uploads", "text"), "x")
	for key, want := range map[string]int{"text": 1, "missing": 75} {
		if code, stderr := e.run(t, "S3_BUCKET=uploads", "S3_KEY="+key); code != want || stderr == "" {
			t.Errorf("%s: got %d %q, want %d and why", key, code, stderr, want)
		}
	}
	if got := e.stopped(t, "S3_BUCKET=uploads", "S3_KEY=hang"); got != 143 {
		t.Errorf("got %d after SIGTERM", got)
	}
}

func TestThePythonExampleDoesWhatThePageSays(t *testing.T) {
	own := "def totals(start, end): return f'{start} {end}'\n"
	e := pageExample(t, "## In Python", "python", own)
	if code, stderr := e.run(t, "SLIPWAY_INTERVAL_START=a", "SLIPWAY_INTERVAL_END=b"); code != 0 {
		t.Errorf("got %d: %s", code, stderr)
	}
	if got := readText(t, e.object("results", "totals/b.csv")); got != "a b" {
		t.Errorf("got %q", got)
	}
	for code, want := range map[string]int{"SlowDown": 75, "AccessDenied": 1} {
		e := pageExample(t, "## In Python", "python", "def totals(*_): raise ClientError('"+code+"')\n")
		if got, stderr := e.run(t, "SLIPWAY_INTERVAL_END=b"); got != want || stderr != "totals: "+code+"\n" {
			t.Errorf("%s: got %d %q, want %d", code, got, stderr, want)
		}
	}
	e = pageExample(t, "## In Python", "python", "def totals(*_): boto3.client('s3').get_object('b', 'hang')\n")
	if got := e.stopped(t, "SLIPWAY_INTERVAL_END=b"); got != 143 {
		t.Errorf("got %d after SIGTERM", got)
	}
}

func TestTheBatchExamplesDoWhatThePageSays(t *testing.T) {
	own := "def resize(content):\n    if b'picture' not in content: raise ValueError('no picture')\n    return content\n"
	for name, heading := range map[string]string{"sh": "### A batch in shell", "python": "### A batch in Python"} {
		t.Run(name, func(t *testing.T) {
			preamble := own
			if name == "sh" {
				preamble = ""
				if _, err := exec.LookPath("jq"); err != nil {
					t.Skip("NOT TESTED: jq is not installed, so the shell example of the page was not run")
				}
			}
			batchExample(t, pageExample(t, heading, name, preamble))
		})
	}
}

func batchExample(t *testing.T, e example) {
	t.Helper()
	for key, text := range map[string]string{"in/a b'$(x)\"\n日.png": "a picture", "-dash": "a picture", "text": "x"} {
		write(t, e.object("uploads", key), text)
	}
	all := `{"version":1,"objects":[{"id":"1","bucket":"uploads","key":"in/a b'$(x)\"\n日.png","versionId":"v"},` +
		`{"id":"2","bucket":"uploads","key":"text"},{"id":"3","bucket":"uploads","key":"fail"},{"id":"4","bucket":"uploads","key":"-dash"}]}`
	write(t, e.object("batches", "m/1.json"), all)
	for _, manifest := range []string{all, "s3://batches/m/1.json"} {
		if code, stderr := e.run(t, "SLIPWAY_MANIFEST="+manifest, "SLIPWAY_REPORT=s3://batches/r/1.json"); code != 0 {
			t.Errorf("%.10s: got %d: %s", manifest, code, stderr)
		}
		if got := reported(t, e); got != "1=0 2=1 3=75 4=0" {
			t.Errorf("%.10s: reported %s", manifest, got)
		}
		if err := os.Remove(e.object("batches", "r/1.json")); err != nil {
			t.Fatal(err)
		}
	}
	for want, variables := range map[int][]string{
		1:  {"SLIPWAY_MANIFEST=" + all},
		2:  {`SLIPWAY_MANIFEST={"version":2}`},
		75: {"SLIPWAY_MANIFEST=" + all, "SLIPWAY_REPORT=s3://batches/fail"},
	} {
		if code, stderr := e.run(t, variables...); code != want {
			t.Errorf("got %d, want %d: %s", code, want, stderr)
		}
	}
	hangs := strings.Replace(all, `"key":"fail"`, `"key":"hang"`, 1)
	if code := e.stopped(t, "SLIPWAY_MANIFEST="+hangs, "SLIPWAY_REPORT=s3://batches/r/1.json"); code != 143 {
		t.Errorf("got %d after SIGTERM", code)
	}
	if got := reported(t, e); got != "1=0 2=1" {
		t.Errorf("reported %s after SIGTERM, want what was decided", got)
	}
}

// reported reads a report as Slipway does.
func reported(t *testing.T, e example) string {
	t.Helper()
	results, err := launch.ParseReport([]byte(readText(t, e.object("batches", "r/1.json"))))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range results {
		out = append(out, fmt.Sprintf("%s=%d", r.ID, r.ExitCode))
		if (r.ExitCode == 0) != (r.Reason == "") {
			t.Errorf("object %s ended with %d because %q", r.ID, r.ExitCode, r.Reason)
		}
	}
	return strings.Join(out, " ")
}
