package ses_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/ses"
	"slipway/internal/emulator"
	"slipway/internal/run"
)

func inbox(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, emulator.Endpoint(t)+"/_ministack/ses/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSend(t *testing.T) {
	cfg, _ := emulator.Config(t)
	endpoint := awsconf.Endpoint(emulator.Environment(t), "SESV2")
	mailer := ses.New(cfg, endpoint)
	mail := ses.Mail{
		From: "slipway@example.com", To: []string{"night@example.com"}, Subject: "run failed\r\nBcc: all", Text: "Größe matters.",
		HTML: "<p>Größe</p>", Headers: []ses.Header{{Name: "X-Slipway-Stage", Value: "run/1\r\nBcc: all"}},
	}
	if err := mailer.Send(t.Context(), mail); err == nil || run.Retryable(err) {
		t.Errorf("a sender that nobody has verified: error = %v (%s), want one that no retry can help", err, run.ReasonOf(err))
	}
	client := sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = endpoint })
	if _, err := client.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(mail.From)}); err != nil {
		t.Fatal(err)
	}
	if err := mailer.Send(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	got := inbox(t)
	for _, want := range []string{"night@example.com", "run failed  Bcc: all", "matters."} {
		if !strings.Contains(got, want) {
			t.Errorf("the inbox lacks %q:\n%s", want, got)
		}
	}
}
