package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxProblem is how much is read of an answer that is no object, in bytes.
const maxProblem = 16 << 10

var errTooLarge = errors.New("the object is too large")

// client makes signed requests. Its methods have the names of the operations of S3, and so of their IAM actions.
type client struct {
	http        aws.HTTPClient
	credentials aws.CredentialsProvider
	region      string
	endpoint    string // empty: AWS's own
	signer      *v4.Signer
	retryer     aws.Retryer
	now         func() time.Time
	sleep       func(context.Context, time.Duration) error
}

func newClient(cfg aws.Config, endpoint *string) *client {
	c := &client{
		http: cfg.HTTPClient, credentials: cfg.Credentials, region: cfg.Region, endpoint: aws.ToString(endpoint),
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
		now:    time.Now, sleep: pause,
	}
	if cfg.Retryer != nil {
		c.retryer = cfg.Retryer()
	} else {
		c.retryer = retry.NewStandard()
	}
	return c
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// PutObject stores an object.
func (c *client) PutObject(ctx context.Context, o object, contentType string, content []byte) error {
	_, err := c.call(ctx, request{method: http.MethodPut, object: o, contentType: contentType, content: content, limit: maxProblem})
	return err
}

// GetObject reads an object of at most limit bytes; of a larger one the error is errTooLarge.
func (c *client) GetObject(ctx context.Context, o object, limit int64) ([]byte, error) {
	return c.call(ctx, request{method: http.MethodGet, object: o, limit: limit})
}

// request is what is asked of S3, and how many bytes of the answer are taken.
type request struct {
	method      string
	object      object
	contentType string
	content     []byte
	limit       int64
}

// call asks as often as the retryer of the configuration allows, which also says what may pass and how long to wait.
func (c *client) call(ctx context.Context, r request) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		answer, err := c.once(ctx, r)
		if err == nil || ctx.Err() != nil || attempt >= c.retryer.MaxAttempts() || !c.retryer.IsErrorRetryable(err) {
			return answer, err
		}
		wait, refused := c.retryer.RetryDelay(attempt, err)
		if refused != nil || c.sleep(ctx, wait) != nil {
			return nil, err
		}
	}
}

func (c *client) once(ctx context.Context, r request) ([]byte, error) {
	req, err := c.signed(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &smithyhttp.RequestSendError{Err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, problem(resp)
	}
	if resp.ContentLength > r.limit {
		return nil, errTooLarge
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, r.limit+1))
	switch {
	case err != nil: // it broke off
		return nil, &smithyhttp.RequestSendError{Err: err}
	case int64(len(answer)) > r.limit:
		return nil, errTooLarge
	}
	return answer, nil
}

func (c *client) signed(ctx context.Context, r request) (*http.Request, error) {
	to, err := address(c.endpoint, c.region, r.object)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, to.String(), bytes.NewReader(r.content))
	if err != nil {
		return nil, err
	}
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("find credentials: %w", err)
	}
	sum := sha256.Sum256(r.content)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	req.Header.Set("Accept-Encoding", "identity") // what is stored compressed stays so
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	return req, c.signer.SignHTTP(ctx, credentials, req, hash, "s3", c.region, c.now())
}

// problem is what S3 says in an answer that is no success. One without a code of S3, as a proxy may give, has its
// status as its code.
func problem(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxProblem)) // what came of it is enough
	code, message := element(text, "Code"), element(text, "Message")
	if code == "" {
		code, message = fmt.Sprintf("HTTP%d", resp.StatusCode), http.StatusText(resp.StatusCode)
	}
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: resp},
		Err:      &smithy.GenericAPIError{Code: code, Message: message},
	}
}

// element is the text of the first element of a name, or empty. The errors of S3 are two levels deep and without
// attributes, which is not worth linking a parser of XML for.
func element(text []byte, name string) string {
	_, rest, _ := strings.Cut(string(text), "<"+name+">")
	content, _, found := strings.Cut(rest, "</"+name+">")
	if !found {
		return ""
	}
	return strings.TrimSpace(content)
}
