package ses

import (
	"context"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"slipway/internal/cloud/refusal"
)

// Actions are the IAM actions that this package needs on the sender's identity.
var Actions = []string{"ses:SendEmail"}

// permanent are the codes that no retry can help.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
var permanent = refusal.Codes{
	"BadRequestException":                "mail-refused",
	"MessageRejected":                    "mail-refused",
	"MailFromDomainNotVerified":          "sender-not-verified",
	"MailFromDomainNotVerifiedException": "sender-not-verified",
	"NotFoundException":                  "sender-not-verified",
	"AccountSuspendedException":          "account-suspended",
}

// SES is Amazon SES in one region. It may be used by several goroutines at once.
type SES struct {
	client *sesv2.Client
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *SES {
	return &SES{sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = endpoint })}
}

// Mail is one message to one or more people, who see each other's addresses. HTML may be empty.
type Mail struct {
	From    string
	To      []string
	Subject string
	Text    string
	HTML    string
	Headers []Header
}

// Header is a header of a mail beyond those that SES writes itself.
type Header struct{ Name, Value string }

// Send hands a mail to SES.
func (s *SES) Send(ctx context.Context, m Mail) error {
	body := &types.Body{Text: content(m.Text)}
	if m.HTML != "" {
		body.Html = content(m.HTML)
	}
	simple := &types.Message{Subject: content(line(m.Subject)), Body: body}
	for _, h := range m.Headers {
		simple.Headers = append(simple.Headers, types.MessageHeader{Name: aws.String(h.Name), Value: aws.String(line(h.Value))})
	}
	_, err := s.client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: &m.From,
		Destination:      &types.Destination{ToAddresses: m.To},
		Content:          &types.EmailContent{Simple: simple},
	})
	return refusal.Of("send a mail from "+m.From, err, permanent)
}

func content(s string) *types.Content {
	return &types.Content{Data: aws.String(s), Charset: aws.String("UTF-8")}
}

// line is text without anything that could end a header.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
