package query

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

func TestProblemsOfEachProtocol(t *testing.T) {
	for name, tc := range map[string]struct{ answer, code, message string }{
		"of EC2":         {`<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`, "UnauthorizedOperation", "no"},
		"of IAM":         {`<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>none</Message></Error></ErrorResponse>`, "NoSuchEntity", "none"},
		"of ECR":         {`{"__type":"com.amazonaws.ecr#ImageNotFoundException","message":"none"}`, "ImageNotFoundException", "none"},
		"of a proxy":     {`<html>Bad gateway</html>`, "HTTP 502", ""},
		"nothing":        {``, "HTTP 502", ""},
		"JSON of no API": {`{"message":"Forbidden"}`, "HTTP 502", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var api smithy.APIError
			err := problem(502, []byte(tc.answer))
			if !errors.As(err, &api) || api.ErrorCode() != tc.code || api.ErrorMessage() != tc.message {
				t.Errorf("got %v, want %s with %q", err, tc.code, tc.message)
			}
		})
	}
}

func TestHost(t *testing.T) {
	for region, want := range map[string]string{
		"eu-north-1": "https://ec2.eu-north-1.amazonaws.com", "cn-north-1": "https://ec2.cn-north-1.amazonaws.com.cn",
	} {
		if got := New(aws.Config{Region: region}, nil, "ec2", "ec2").Endpoint; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
