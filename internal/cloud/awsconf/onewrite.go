package awsconf

import (
	"bytes"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// oneWriteMost is the largest body, in bytes, that is sent with its headers: a message of SQS has 1 MiB at most.
const oneWriteMost = 1 << 20

// OneWrite makes a client that sends the headers and the body of a request of up to 1 MiB together; what is larger, or of
// unknown length, passes as it is. Nil stands for the SDK's own client.
//
// The SDK hides from net/http that a body is in memory. It is then sent in a second packet, and read once more at its
// end; when the answer comes first, which a slow or throttled CPU lets happen, the SDK has closed the body, and net/http
// cuts the connection under the answer. The call has had its effect, and the SDK makes it again.
// https://github.com/aws/aws-sdk-go-v2/issues/2737
func OneWrite(client aws.HTTPClient) aws.HTTPClient {
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	return oneWrite{client}
}

type oneWrite struct{ client aws.HTTPClient }

// Do sends a request. The SDK closes the body that it has made itself, as it would without this.
func (c oneWrite) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.ContentLength <= 0 || r.ContentLength > oneWriteMost {
		return c.client.Do(r) //nolint:wrapcheck // the SDK tells its kinds apart
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	whole := *r
	whole.Body = io.NopCloser(bytes.NewReader(body))
	whole.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return c.client.Do(&whole) //nolint:wrapcheck // as above
}
