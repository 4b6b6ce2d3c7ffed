package awsconf

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// connections is how many idle connections to one service are kept: as many as one invocation makes calls at once.
const connections = 20

// New returns the configuration that the environment describes: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
// and AWS_SESSION_TOKEN, which Lambda sets. Credentials are read for each signature, since Lambda may renew them.
func New(getenv func(string) string) (aws.Config, error) {
	region := getenv("AWS_REGION")
	if region == "" {
		return aws.Config{}, fmt.Errorf("read the environment: AWS_REGION is not set")
	}
	go warmRoots()
	return aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
				SessionToken: getenv("AWS_SESSION_TOKEN"), Source: "environment",
			}, nil
		}),
		HTTPClient: OneWrite(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = connections
		}).WithTimeout(20 * time.Second)),
		Retryer: func() aws.Retryer { return retry.NewStandard() },
	}, nil
}

// Endpoint is the endpoint to use for a service: AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL, else nil for AWS's
// own. A configuration built by hand does not read these by itself.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func Endpoint(getenv func(string) string, service string) *string {
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if url := getenv(name); url != "" {
			return &url
		}
	}
	return nil
}

// warmRoots loads the system's certificate roots, which costs ten milliseconds, while main goes on. An error shows at
// the first call.
func warmRoots() { _, _ = x509.SystemCertPool() }
