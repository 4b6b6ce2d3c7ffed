package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// Service is a service in one region. Region is the region that its requests are signed for.
type Service struct {
	Config   aws.Config
	Name     string // as in signatures, such as ec2
	Endpoint string // https://…
	Region   string
}

// New is the service of a name, in the region of cfg. Host is the first label of AWS's own endpoint, which endpoint
// replaces unless it is nil.
// https://docs.aws.amazon.com/general/latest/gr/rande.html
func New(cfg aws.Config, endpoint *string, name, host string) Service {
	s := Service{Config: cfg, Name: name, Region: cfg.Region}
	if endpoint != nil {
		s.Endpoint = *endpoint
		return s
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(cfg.Region, "cn-") {
		domain += ".cn"
	}
	s.Endpoint = "https://" + host + "." + cfg.Region + "." + domain
	return s
}

const maxAnswer = 8 << 20

// Query calls an operation of the Query protocol, whose answers are XML.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
func (s Service) Query(ctx context.Context, operation, version string, parameters map[string]string, into any) error {
	form := url.Values{"Action": {operation}, "Version": {version}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	answer, err := s.call(ctx, operation, header, []byte(form.Encode()))
	if err == nil {
		err = xml.Unmarshal(answer, into)
	}
	return s.failed(operation, err)
}

// JSON calls an operation of a service that speaks JSON 1.1. Target is the name of its API, as in its documentation.
func (s Service) JSON(ctx context.Context, target, operation string, in, into any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return s.failed(operation, err)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target + "." + operation}}
	answer, err := s.call(ctx, operation, header, body)
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	return s.failed(operation, err)
}

func (s Service) failed(operation string, err error) error {
	if err == nil {
		return nil
	}
	return &smithy.OperationError{ServiceID: s.Name, OperationName: operation, Err: err}
}

func (s Service) call(ctx context.Context, _ string, header http.Header, body []byte) ([]byte, error) {
	return s.send(ctx, http.MethodPost, "/", header, body)
}

// Get reads a resource of a service whose API is a tree of paths and answers in JSON, such as Lambda's.
func (s Service) Get(ctx context.Context, operation, path string, into any) error {
	answer, err := s.send(ctx, http.MethodGet, path, http.Header{}, nil)
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	return s.failed(operation, err)
}

func (s Service) send(ctx context.Context, method, path string, header http.Header, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.Endpoint, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header
	credentials, err := s.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("find credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err = v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), s.Name, s.Region, time.Now()); err != nil {
		return nil, err
	}
	client := s.Config.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		e := problem(resp.StatusCode, answer)
		if kind, _, _ := strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":"); kind != "" { // of a tree of paths
			e.Code = kind
		}
		return nil, e
	}
	return answer, nil
}

// problem is what a service says in an answer that is no success. One without a code has its status as its code.
func problem(status int, answer []byte) *smithy.GenericAPIError {
	var x struct {
		EC2     fault `xml:"Errors>Error"` // of EC2
		Message fault `xml:"Error"`        // of IAM
	}
	var j struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	e := &smithy.GenericAPIError{Code: fmt.Sprintf("HTTP %d", status)}
	switch {
	case json.Unmarshal(answer, &j) == nil && j.Type != "":
		e.Code, e.Message = j.Type[strings.LastIndexByte(j.Type, '#')+1:], j.Message
	case xml.Unmarshal(answer, &x) == nil && x.EC2.Code != "":
		e.Code, e.Message = x.EC2.Code, x.EC2.Message
	case x.Message.Code != "":
		e.Code, e.Message = x.Message.Code, x.Message.Message
	}
	return e
}

type fault struct{ Code, Message string }
