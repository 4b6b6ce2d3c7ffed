package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
)

// call is one of the script.
type call struct {
	Target  string          `json:"target"`
	Request json.RawMessage `json:"request"`
}

func main() {
	script, err := read(os.Getenv("SCRIPT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
	url := os.Getenv("AWS_ENDPOINT_URL")
	lambda.Start(func(ctx context.Context, _ json.RawMessage) error {
		for _, wave := range script {
			var wait sync.WaitGroup
			for _, c := range wave {
				wait.Go(func() { post(ctx, client, url, c) })
			}
			wait.Wait()
		}
		return nil
	})
}

func read(path string) (script [][]call, err error) {
	text, err := os.ReadFile(path) //nolint:gosec // of whoever measures
	if err == nil {
		err = json.Unmarshal(text, &script)
	}
	if err != nil {
		return nil, fmt.Errorf("read the script: %w", err)
	}
	return script, nil
}

func post(ctx context.Context, client *http.Client, url string, c call) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.Request))
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-Amz-Target", c.Target)
	answer, err := client.Do(request)
	if err != nil {
		panic(fmt.Errorf("call %s: %w", c.Target, err))
	}
	_, _ = io.Copy(io.Discard, answer.Body) // what it says does not matter
	_ = answer.Body.Close()
}
