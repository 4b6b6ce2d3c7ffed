package scene

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/bench/internal/world"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// caught is a table that keeps the last item that was put, and no more.
type caught struct{ item world.Item }

// Do answers a call with success.
func (c *caught) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var put struct {
		Item          world.Item
		TransactItems []struct{ Put struct{ Item world.Item } }
	}
	if err := json.Unmarshal(body, &put); err != nil {
		return nil, err
	}
	c.item = put.Item
	for _, one := range put.TransactItems {
		if one.Put.Item != nil {
			c.item = one.Put.Item
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte("{}")))}, nil
}

// written is the item that the ledger makes of a run.
func written(r run.Run) (world.Item, error) {
	c := &caught{}
	cfg := aws.Config{
		Region: "eu-north-1", HTTPClient: c,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "example"}, nil
		}),
	}
	err := ledger.New(cfg, aws.String("http://127.0.0.1:1"), "runs").Write(context.Background(), run.Write{Job: r.Job, Changes: []run.Change{{Run: r}}})
	if err == nil && c.item == nil {
		err = errors.New("the ledger has put no item")
	}
	return c.item, err
}
