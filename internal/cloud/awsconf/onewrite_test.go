package awsconf_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/cloud/awsconf"
)

// countedConn counts what is written to it.
type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// counting is the SDK's client with its writes counted.
func counting() (*awshttp.BuildableClient, *atomic.Int64) {
	var writes atomic.Int64
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return countedConn{conn, &writes}, err
		}
	}), &writes
}

func TestACallOfTheSDKIsWrittenAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"MessageBody":"work"`) {
			t.Errorf("the server got %q", body)
		}
		_, _ = io.WriteString(w, `{"MessageId":"1"}`)
	}))
	defer server.Close()
	send := func(wrap func(aws.HTTPClient) aws.HTTPClient) int64 {
		client, writes := counting()
		c := sqs.New(sqs.Options{
			Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: wrap(client),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
			}),
		})
		if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(server.URL + "/q"), MessageBody: aws.String("work")}); err != nil {
			t.Fatal(err)
		}
		return writes.Load()
	}
	if n := send(awsconf.OneWrite); n != 1 {
		t.Errorf("the call took %d writes, want one", n)
	}
	if n := send(func(c aws.HTTPClient) aws.HTTPClient { return c }); n == 1 {
		t.Error("the SDK's own client writes once, too: OneWrite is no longer needed")
	}
}

// sent keeps the request that reaches the client behind.
type sent struct{ request *http.Request }

func (s *sent) Do(r *http.Request) (*http.Response, error) {
	s.request = r
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestOneWritePassesWhatItDoesNotHold(t *testing.T) {
	for name, tc := range map[string]struct {
		length int64
		body   io.ReadCloser
		same   bool
	}{
		"no body":         {0, nil, true},
		"an empty body":   {0, http.NoBody, true},
		"unknown length":  {-1, io.NopCloser(strings.NewReader("x")), true},
		"more than 1 MiB": {1<<20 + 1, io.NopCloser(bytes.NewReader(make([]byte, 1<<20+1))), true},
		"1 MiB":           {1 << 20, io.NopCloser(bytes.NewReader(make([]byte, 1<<20))), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			r.Body, r.ContentLength = tc.body, tc.length
			var s sent
			answer, err := awsconf.OneWrite(&s).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if same := s.request == r; same != tc.same {
				t.Fatalf("the request passed as it was: %t, want %t", same, tc.same)
			}
			if tc.same {
				return
			}
			again, err := s.request.GetBody()
			if err != nil {
				t.Fatal(err)
			}
			for _, body := range []io.Reader{s.request.Body, again} {
				if got, err := io.ReadAll(body); err != nil || int64(len(got)) != tc.length {
					t.Errorf("the body has %d bytes, want %d: %v", len(got), tc.length, err)
				}
			}
		})
	}
}

func TestABodyShorterThanItSaysIsNotSent(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("short")), 10
	var s sent
	if _, err := awsconf.OneWrite(&s).Do(r); !errors.Is(err, io.ErrUnexpectedEOF) || s.request != nil { //nolint:bodyclose // there is none
		t.Errorf("error = %v, sent %t, want %v and nothing sent", err, s.request != nil, io.ErrUnexpectedEOF)
	}
}
