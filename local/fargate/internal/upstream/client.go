package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client calls the emulator. It may be used by several goroutines at once.
type Client struct {
	URL    string
	Region string
	Key    string // access key ID: the emulator takes any, and may derive the account from it
	http   http.Client
}

// New returns a client of the emulator at the URL.
func New(url, region, key string) *Client {
	return &Client{URL: strings.TrimSuffix(url, "/"), Region: region, Key: key, http: http.Client{Timeout: 20 * time.Second}}
}

// Error is a refusal of the emulator.
type Error struct {
	Operation string
	Status    int
	Code      string
	Message   string
}

// Error names the operation, the code and the message.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (%d): %s", e.Operation, e.Code, e.Status, e.Message)
}

const maxAnswer = 16 << 20

// call speaks AWS's JSON protocol: target is prefix and operation, as in X-Amz-Target.
func (c *Client) call(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode %s: %w", target, err)
	}
	header := http.Header{"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.1"}}
	if service == "sqs" {
		header.Set("Content-Type", "application/x-amz-json-1.0")
	}
	answer, err := c.send(ctx, service, target, "/", header, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode the answer to %s: %w", target, err)
	}
	return nil
}

// Answer is what the emulator answered, whatever it was.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// Forward sends somebody else's request on, as it is.
func (c *Client) Forward(r *http.Request, body []byte) (Answer, error) {
	return c.post(r.Context(), r.URL.RequestURI(), r.Header.Clone(), body)
}

// send sends a request of our own. An answer that is a refusal is an *Error.
func (c *Client) send(ctx context.Context, service, operation, path string, header http.Header, body []byte) ([]byte, error) {
	header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", c.Key, c.Region, service))
	answer, err := c.post(ctx, path, header, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	if answer.Status >= http.StatusBadRequest {
		return nil, refusal(operation, answer.Status, answer.Body)
	}
	return answer.Body, nil
}

func (c *Client) post(ctx context.Context, path string, header http.Header, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	header.Del("Accept-Encoding") // the transport asks for what it can read
	req.Header = header
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return Answer{res.StatusCode, res.Header.Get("Content-Type"), text}, err
}

func refusal(operation string, status int, body []byte) *Error {
	var said struct {
		Type     string `json:"__type"`
		Message  string `json:"message"`
		Message2 string `json:"Message"` // both spellings occur
	}
	_ = json.Unmarshal(body, &said) // an answer that is not JSON has no code
	return &Error{operation, status, said.Type[strings.LastIndex(said.Type, "#")+1:], said.Message + said.Message2}
}

// Account is the account that the emulator shows.
func (c *Client) Account(ctx context.Context) (string, error) {
	form := url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	answer, err := c.send(ctx, "sts", "GetCallerIdentity", "/", header, []byte(form.Encode()))
	if err != nil {
		return "", err
	}
	var identity struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	if err := xml.Unmarshal(answer, &identity); err != nil {
		return "", fmt.Errorf("decode the answer to GetCallerIdentity: %w", err)
	}
	return identity.Account, nil
}
