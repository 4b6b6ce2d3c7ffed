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

// What s3-trigger asks: the claim of all objects in one call, then for each the launch and the record of its task. The
// sizes are those of its requests.
const (
	claim  = 2600
	launch = 1300
	record = 2300
)

func main() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
	url := os.Getenv("AWS_ENDPOINT_URL")
	lambda.Start(func(ctx context.Context, event struct{ Records []json.RawMessage }) error {
		post(ctx, client, url, "DynamoDB_20120810.TransactWriteItems", claim*len(event.Records))
		var wait sync.WaitGroup
		for range event.Records {
			wait.Go(func() {
				post(ctx, client, url, "AmazonEC2ContainerServiceV20141113.RunTask", launch)
				post(ctx, client, url, "DynamoDB_20120810.PutItem", record)
			})
		}
		wait.Wait()
		return nil
	})
}

func post(ctx context.Context, client *http.Client, url, target string, size int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(make([]byte, size)))
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-Amz-Target", target)
	answer, err := client.Do(request)
	if err != nil {
		panic(fmt.Errorf("call %s: %w", target, err))
	}
	_, _ = io.Copy(io.Discard, answer.Body) // what it says does not matter
	_ = answer.Body.Close()
}
