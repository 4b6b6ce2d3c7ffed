package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/query"
)

// Lambda is AWS Lambda in one region.
type Lambda struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *Lambda {
	return &Lambda{query.New(cfg, endpoint, "lambda", "lambda")}
}

// Limit is how many instances of functions may run at once in the region.
// https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
func (l *Lambda) Limit(ctx context.Context) (int, error) {
	var out struct {
		AccountLimit struct{ ConcurrentExecutions int }
	}
	if err := l.service.Get(ctx, "GetAccountSettings", "/2016-08-19/account-settings", &out); err != nil {
		return 0, fmt.Errorf("read the limits of Lambda: %w", err)
	}
	return out.AccountLimit.ConcurrentExecutions, nil
}

const (
	maxPackage = 64 << 20 // more than Lambda takes
	maxFile    = 16 << 20
)

// File is a file of the package of a function.
// https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
func (l *Lambda) File(ctx context.Context, function, name string) ([]byte, error) {
	var out struct{ Code struct{ Location string } }
	if err := l.service.Get(ctx, "GetFunction", "/2015-03-31/functions/"+url.PathEscape(function), &out); err != nil {
		return nil, fmt.Errorf("find the package of function %s: %w", function, err)
	}
	packed, err := l.download(ctx, out.Code.Location)
	if err != nil {
		return nil, fmt.Errorf("read the package of function %s: %w", function, err)
	}
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("open the package of function %s: %w", function, err)
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the package of function %s: %w", function, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read %s of function %s: %w", name, function, err)
	}
	return text, nil
}

// download reads what a signed address gives. Nothing of it is told: whoever has the address may read the package.
func (l *Lambda) download(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, errors.New("its address is none")
	}
	client := l.service.Config.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, errors.New("it cannot be downloaded")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it cannot be downloaded: %s", resp.Status) //nolint:err113 // for a person
	}
	packed, err := io.ReadAll(io.LimitReader(resp.Body, maxPackage))
	if err != nil {
		return nil, errors.New("its download ended early")
	}
	return packed, nil
}
