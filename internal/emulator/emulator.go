package emulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/cloud/awsconf"
)

var (
	once     sync.Once
	endpoint string
	problem  error
)

// running keeps the emulator alive: it ends when its standard input is closed, at the latest with this process.
var running struct{ lifeline io.Closer }

// Endpoint returns the URL of an emulator that this test process shares. It starts one, unless SLIPWAY_TEST_EMULATOR
// names one that runs, and it ends with the process.
func Endpoint(tb testing.TB) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("the emulator is not started with -short")
	}
	once.Do(func() { endpoint, problem = start() })
	if problem != nil {
		tb.Fatalf("start the AWS emulator: %v", problem)
	}
	return endpoint
}

// Root is the folder of go.mod.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

func start() (string, error) {
	if url := os.Getenv("SLIPWAY_TEST_EMULATOR"); url != "" {
		return url, nil
	}
	program := filepath.Join(Root(), ".tools", "ministack", "bin", "ministack")
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("%w; run make tools", err)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "slipway-emulator")
	if err != nil {
		return "", err
	}
	// The emulator ends with this process: its watcher's standard input closes.
	cmd := exec.CommandContext(context.Background(), "sh", "-c", `"$0" >"$1" 2>&1 & p=$!; cat >/dev/null; kill $p; rm -rf "$2"`, program, filepath.Join(dir, "log"), dir) //nolint:gosec // our own program
	cmd.Env = append(os.Environ(), "BIND_HOST=127.0.0.1", fmt.Sprintf("GATEWAY_PORT=%d", port), "DOCKER_HOST=unix:///nonexistent", "HOME="+dir)
	if running.lifeline, err = cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	return url, ready(url, filepath.Join(dir, "log"))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func ready(url, log string) error {
	for range 300 {
		resp, err := http.Get(url + "/_ministack/health") //nolint:noctx // our own server
		if err == nil {
			_ = resp.Body.Close()
			return nil
		}
		time.Sleep(100 * time.Millisecond) // another program's start: there is no clock to pass
	}
	text, _ := os.ReadFile(log)                                                                            //nolint:gosec // our own log
	return fmt.Errorf("%s does not answer; its log ends with: %s", url, bytes.TrimSpace(tail(text, 2000))) //nolint:err113 // for a person
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// Environment is what a function would find: the emulator as AWS, with keys that mean nothing.
func Environment(tb testing.TB) func(string) string {
	url := Endpoint(tb)
	env := map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": url,
	}
	return func(name string) string { return env[name] }
}

// Config is the AWS configuration for the emulator, as a function has it.
func Config(tb testing.TB) (aws.Config, *string) {
	tb.Helper()
	getenv := Environment(tb)
	cfg, err := awsconf.New(getenv)
	if err != nil {
		tb.Fatal(err)
	}
	return cfg, awsconf.Endpoint(getenv, "DYNAMODB")
}

func tableCharacter(r rune) rune {
	if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return r
	}
	return '-'
}

// Table makes an empty ledger table, named after the test, and returns its name.
func Table(ctx context.Context, tb testing.TB) string {
	tb.Helper()
	cfg, url := Config(tb)
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = url })
	name := fmt.Sprintf("%.60s-%d", strings.Map(tableCharacter, tb.Name()), time.Now().UnixNano())
	attribute := func(name string, t types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: t}
	}
	key := func(name string, t types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: t}
	}
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			attribute("pk", types.ScalarAttributeTypeS), attribute("sk", types.ScalarAttributeTypeS),
			attribute("open", types.ScalarAttributeTypeS), attribute("due", types.ScalarAttributeTypeN),
			attribute("job", types.ScalarAttributeTypeS), attribute("admitted", types.ScalarAttributeTypeN),
		},
		KeySchema: []types.KeySchemaElement{key("pk", types.KeyTypeHash), key("sk", types.KeyTypeRange)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("open"),
			KeySchema:  []types.KeySchemaElement{key("open", types.KeyTypeHash), key("due", types.KeyTypeRange)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}, {
			IndexName: aws.String("history"),
			KeySchema: []types.KeySchemaElement{key("job", types.KeyTypeHash), key("admitted", types.KeyTypeRange)},
			Projection: &types.Projection{
				ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"state", "object", "etag"},
			},
		}},
	})
	if err != nil {
		tb.Fatalf("create table %s: %v", name, err)
	}
	return name
}
