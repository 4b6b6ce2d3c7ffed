package s3_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/s3"
	"slipway/internal/emulator"
	"slipway/internal/run"
)

// open makes a bucket for the test and returns the adapter, a client of the test's own, and the bucket's name.
func open(t *testing.T) (*s3.S3, *awss3.Client, string) {
	t.Helper()
	cfg, _ := emulator.Config(t)
	endpoint := awsconf.Endpoint(emulator.Environment(t), "S3")
	client := awss3.NewFromConfig(cfg, func(o *awss3.Options) { o.BaseEndpoint = endpoint; o.UsePathStyle = true })
	bucket := strings.ToLower(t.Name())
	if _, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	return s3.New(cfg, endpoint), client, bucket
}

func TestAnyKeyIsTheKeyThatTheSDKMeans(t *testing.T) {
	store, client, bucket := open(t)
	for name, key := range map[string]string{
		"a plain key":     "manifests/images-abc/1.json",
		"spaces":          "in/two  spaces .json",
		"plus":            "in/a+b",
		"percent":         "in/100%",
		"percent encoded": "in/a%20b%2Fc",
		"other scripts":   "in/ä/日本/😀",
		"punctuation":     `in/!-_.*'()&$@=;:,?"<>#[]{}|^~\` + "`",
		"slashes":         "in//a/",
		"1,024 bytes":     "in/" + strings.Repeat("é", 510) + "k",
	} {
		t.Run(name, func(t *testing.T) {
			url, content := "s3://"+bucket+"/"+key, []byte(`{"key":"`+name+`"}`)
			if err := store.Put(t.Context(), url, "application/json", content); err != nil {
				t.Fatal(err)
			}
			out, err := client.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				t.Fatalf("the SDK does not find it: %v", err)
			}
			defer func() { _ = out.Body.Close() }()
			if *out.ContentType != "application/json" || *out.ContentLength != int64(len(content)) {
				t.Errorf("stored %d bytes of %s", *out.ContentLength, *out.ContentType)
			}
			if got, err := store.Get(t.Context(), url, 1000); err != nil || !bytes.Equal(got, content) {
				t.Errorf("got %q, %v, want %q", got, err, content)
			}
		})
	}
}

func TestWhatIsReadIsBounded(t *testing.T) {
	store, _, bucket := open(t)
	url := "s3://" + bucket + "/report.json"
	for size, ok := range map[int]bool{0: true, 99: true, 100: true, 101: false, 100_000: false} {
		if err := store.Put(t.Context(), url, "", make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		got, err := store.Get(t.Context(), url, 100)
		if ok && (err != nil || len(got) != size) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
		if !ok && (run.Retryable(err) || run.ReasonOf(err) != "object-too-large" || got != nil) {
			t.Errorf("%d bytes: got %d, %v, want object-too-large", size, len(got), err)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	store, _, bucket := open(t)
	if _, err := store.Get(t.Context(), "s3://"+bucket+"/none", 100); !errors.Is(err, run.ErrNotFound) {
		t.Errorf("error = %v, want run.ErrNotFound", err)
	}
	_, err := store.Get(t.Context(), "s3://"+bucket+"-none/none", 100)
	for call, err := range map[string]error{"Get": err, "Put": store.Put(t.Context(), "s3://"+bucket+"-none/x", "", nil)} {
		if run.Retryable(err) || run.ReasonOf(err) != "no-such-bucket" || errors.Is(err, run.ErrNotFound) {
			t.Errorf("%s = %v (%s), want no-such-bucket", call, err, run.ReasonOf(err))
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	cfg, endpoint := emulator.Config(t)
	store := s3.New(cfg, endpoint)
	for _, url := range []string{"", "bucket/key", "http://bucket/key", "s3://bucket", "s3://bucket/", "s3:///key"} {
		_, err := store.Get(t.Context(), url, 100)
		for _, err := range []error{err, store.Put(t.Context(), url, "", nil)} {
			if run.Retryable(err) || run.ReasonOf(err) != "not-an-s3-url" {
				t.Errorf("%q: error = %v, want not-an-s3-url", url, err)
			}
		}
	}
}
