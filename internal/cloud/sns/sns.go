package sns

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"slipway/internal/cloud/refusal"
)

// Actions are the IAM actions that this package needs on the topic.
var Actions = []string{"sns:Publish"}

// permanent are the codes that no retry can help.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
var permanent = refusal.Codes{
	"NotFound":              "no-such-topic",
	"NotFoundException":     "no-such-topic",
	"InvalidParameter":      "mail-refused",
	"InvalidParameterValue": "mail-refused",
}

// SNS is Amazon SNS in one region. It may be used by several goroutines at once.
type SNS struct {
	client *sns.Client
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *SNS {
	return &SNS{sns.NewFromConfig(cfg, func(o *sns.Options) { o.BaseEndpoint = endpoint })}
}

// Publish sends a mail in plain text to the subscribers of a topic.
func (s *SNS) Publish(ctx context.Context, topicARN, subject, text string) error {
	in := &sns.PublishInput{TopicArn: &topicARN, Message: &text}
	if fit := fitting(subject); fit != "" {
		in.Subject = &fit
	}
	_, err := s.client.Publish(ctx, in)
	return refusal.Of("publish to "+topicARN, err, permanent)
}

// maxSubject is how many characters a subject may have: fewer than 100.
const maxSubject = 99

// fitting is a subject that SNS takes: printable ASCII that does not begin with a space.
func fitting(subject string) string {
	s := strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, subject))
	return s[:min(len(s), maxSubject)]
}
