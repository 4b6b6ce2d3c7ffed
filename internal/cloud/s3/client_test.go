package s3

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/run"
)

const (
	secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // an example of AWS's documentation
	day    = "20260301"
)

// configuration is one whose calls are tried once.
func configuration(region string, client aws.HTTPClient) aws.Config {
	return aws.Config{
		Region: region, HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret, SessionToken: "a token"}, nil
		}),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// answers is an S3 whose handlers answer one request each, the last one all that follow, and the adapter for it, with
// the waits it has made.
func answers(t *testing.T, handlers ...http.HandlerFunc) (*S3, *[]time.Duration, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64 // a server may still be at a call whose connection was reset
	waits := []time.Duration{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if problem := unsigned(r); problem != "" {
			t.Error(problem)
		}
		handlers[min(int(asked.Add(1)), len(handlers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	cfg := configuration("eu-west-1", server.Client())
	cfg.Retryer = func() aws.Retryer { return retry.NewStandard() }
	store := New(cfg, &server.URL)
	store.client.now = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	store.client.sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	return store, &waits, &asked
}

// unsigned says what is wrong with the signature of a request, worked out anew from what arrived.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func unsigned(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	hash := sha256.Sum256(body)
	if got := r.Header.Get("X-Amz-Content-Sha256"); got != hex.EncodeToString(hash[:]) {
		return "the hash of the content is " + got
	}
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	names, signature, _ := strings.Cut(rest, ", Signature=")
	canonical := []string{r.Method, r.RequestURI, ""}
	for name := range strings.SplitSeq(names, ";") {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		canonical = append(canonical, name+":"+value)
	}
	canonical = append(canonical, "", names, hex.EncodeToString(hash[:]))
	sum := sha256.Sum256([]byte(strings.Join(canonical, "\n")))
	key := []byte("AWS4" + secret)
	for _, part := range []string{
		day, "eu-west-1", "s3", "aws4_request",
		"AWS4-HMAC-SHA256\n" + day + "T120000Z\n" + day + "/eu-west-1/s3/aws4_request\n" + hex.EncodeToString(sum[:]),
	} {
		m := hmac.New(sha256.New, key)
		_, _ = m.Write([]byte(part))
		key = m.Sum(nil)
	}
	if want := hex.EncodeToString(key); want != signature {
		return fmt.Sprintf("%s %s: the signature over %s is %s, want %s", r.Method, r.RequestURI, names, signature, want)
	}
	return ""
}

func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `<?xml version="1.0"?>`+"\n<Error><Code>"+code+"</Code><Message>no &amp; no</Message></Error>")
	}
}

func give(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, content) }
}

func breakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, "half")
	panic(http.ErrAbortHandler)
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func proxy(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "<html>no", http.StatusBadGateway)
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	for name, trouble := range map[string]http.HandlerFunc{
		"throttling":                    refuse(503, "SlowDown"),
		"an error of S3":                refuse(500, "InternalError"),
		"a body that came too slowly":   refuse(400, "RequestTimeout"),
		"a proxy without S3 behind it":  proxy,
		"a connection without answer":   hangUp,
		"an answer that breaks off":     breakOff,
		"throttling by another's words": refuse(429, "TooManyRequestsException"),
	} {
		t.Run(name, func(t *testing.T) {
			store, waits, asked := answers(t, trouble, trouble, give("done"))
			if got, err := store.Get(t.Context(), "s3://b/k", 2000); err != nil || string(got) != "done" {
				t.Errorf("got %q, %v, want the third answer", got, err)
			}
			if asked.Load() != 3 || len(*waits) != 2 {
				t.Errorf("asked %d times with waits of %v", asked.Load(), *waits)
			}
			store, _, asked = answers(t, trouble)
			_, err := store.Get(t.Context(), "s3://b/k", 2000)
			if asked.Load() != 3 || err == nil || !run.Retryable(err) {
				t.Errorf("asked %d times: %v, want an error that may pass after three", asked.Load(), err)
			}
		})
	}
}

func TestWhatNeverPassesIsAskedOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		reason string
		retry  bool
	}{
		"no right":                   {refuse(403, "AccessDenied"), "access-denied", false},
		"no bucket":                  {refuse(404, "NoSuchBucket"), "no-such-bucket", false},
		"another region":             {refuse(301, "PermanentRedirect"), "wrong-region", false},
		"an archived object":         {refuse(403, "InvalidObjectState"), "object-archived", false},
		"a token that is over":       {refuse(400, "ExpiredToken"), "ExpiredToken", true}, // the next invocation has another
		"a status without any words": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }, "HTTP418", true},
	} {
		t.Run(name, func(t *testing.T) {
			store, _, asked := answers(t, tc.answer)
			err := store.Put(t.Context(), "s3://b/k", "text/plain", []byte("x"))
			if run.Retryable(err) != tc.retry || run.ReasonOf(err) != tc.reason || asked.Load() != 1 {
				t.Errorf("asked %d times: %v (%s)", asked.Load(), err, run.ReasonOf(err))
			}
			if !strings.Contains(err.Error(), "write s3://b/k: ") {
				t.Errorf("error = %q, want what was being done", err)
			}
		})
	}
}

func TestAMissingObjectIsNotFound(t *testing.T) {
	store, _, asked := answers(t, refuse(404, "NoSuchKey"))
	_, err := store.Get(t.Context(), "s3://b/k", 10)
	if !errors.Is(err, run.ErrNotFound) || asked.Load() != 1 || err.Error() != "read s3://b/k: there is no such object" {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
	store, _, _ = answers(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) })
	if _, err := store.Get(t.Context(), "s3://b/k", 10); errors.Is(err, run.ErrNotFound) || !run.Retryable(err) {
		t.Errorf("error = %v, want one that may pass: S3 did not say that there is no object", err)
	}
}

func TestAnAnswerWithoutEndIsNotRead(t *testing.T) {
	store, _, asked := answers(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	if _, err := store.Get(t.Context(), "s3://b/k", 10_000); run.ReasonOf(err) != "object-too-large" || asked.Load() != 1 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

func TestItIsStoredAsItIs(t *testing.T) {
	store, _, asked := answers(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 3 || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Amz-Security-Token") != "a token" {
			t.Errorf("got %d bytes with %v", r.ContentLength, r.Header)
		}
		w.WriteHeader(200)
	}, func(_ http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			t.Errorf("got %d bytes, want a length of none", r.ContentLength)
		}
	})
	for _, content := range []string{"{ }", ""} {
		if err := store.Put(t.Context(), "s3://b/in/a b+c%20é", "application/json", []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestItEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store, waits, asked := answers(t, func(w http.ResponseWriter, r *http.Request) { cancel(); hangUp(w, r) })
	if err := store.Put(ctx, "s3://b/k", "", nil); err == nil || asked.Load() != 1 || len(*waits) != 0 {
		t.Errorf("asked %d times with waits of %v: %v", asked.Load(), *waits, err)
	}
	store, _, asked = answers(t, refuse(503, "SlowDown"))
	store.client.sleep = func(context.Context, time.Duration) error { return context.Canceled }
	if err := store.Put(t.Context(), "s3://b/k", "", nil); run.ReasonOf(err) != "SlowDown" || asked.Load() != 1 {
		t.Errorf("asked %d times: %v, want what S3 said last", asked.Load(), err)
	}
}

// addressee keeps the address of a request, and answers nothing.
type addressee struct{ host, path string }

func (a *addressee) Do(r *http.Request) (*http.Response, error) {
	a.host, a.path = r.URL.Scheme+"://"+r.URL.Host, r.URL.EscapedPath()
	return nil, context.Canceled
}

// TestAddressesAreThoseOfTheSDK compares with service/s3, which no function links.
func TestAddressesAreThoseOfTheSDK(t *testing.T) {
	keys := []string{"a", "a b+c%20d", "ä/日本/😀", "!-_.*'()&$@=;:,?\"<>#[]{}|^~`\\", "a//b/", "a/../b", "\xff", strings.Repeat("k", 1024)}
	own := "http://127.0.0.1:4566"
	for _, region := range []string{"us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1"} {
		for _, bucket := range []string{"plain-bucket", "dotted.bucket.name"} {
			for _, endpoint := range []*string{nil, &own} {
				for _, key := range keys {
					want, got := &addressee{}, &addressee{}
					client := sdk.NewFromConfig(configuration(region, want), func(o *sdk.Options) {
						o.BaseEndpoint, o.UsePathStyle = endpoint, endpoint != nil
					})
					_, _ = client.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: &bucket, Key: &key})
					_, _ = New(configuration(region, got), endpoint).Get(t.Context(), "s3://"+bucket+"/"+key, 1)
					if *got != *want {
						t.Errorf("%s in %s: got %+v, want %+v", bucket, region, got, want)
					}
				}
			}
		}
	}
}

func TestAHostileBucketNamesNoHost(t *testing.T) {
	for _, bucket := range []string{"evil.example#", "evil@x", "a:80", "UPPER", "ab", "-ab", strings.Repeat("b", 64)} {
		u, err := address("", "eu-west-1", object{bucket, "k"})
		if err != nil || u.Host != "s3.eu-west-1.amazonaws.com" {
			t.Errorf("%q: got %v, %v, want the host of the region", bucket, u, err)
		}
	}
	if u, err := address("not a url", "eu-west-1", object{"b", "k"}); err == nil {
		t.Errorf("got %v, want an error", u)
	}
}
