package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/emulator"
	"slipway/tasks/internal/result"
)

// client is a client of the emulator, with the buckets "uploads-…" and "results-…" of this test.
func client(t *testing.T) (*s3.Client, string, string) {
	t.Helper()
	cfg, url := emulator.Config(t)
	c := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint = url; o.UsePathStyle = true })
	uploads, results := "uploads-"+strings.ToLower(t.Name()), "results-"+strings.ToLower(t.Name())
	for _, bucket := range []string{uploads, results} {
		if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
	}
	return c, uploads, results
}

func read(ctx context.Context, t *testing.T, c *s3.Client, bucket, key string) []byte {
	t.Helper()
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	content, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestAwkwardKeysOnTheEmulator(t *testing.T) {
	c, uploads, results := client(t)
	for name, key := range map[string]string{
		"spaces":          "incoming/two  spaces .png",
		"plus":            "incoming/a+b.png",
		"percent":         "incoming/100%.png",
		"percent encoded": "incoming/a%20b%2Fc.png",
		"other scripts":   "incoming/ä/日本/😀.png",
		"deep folders":    "incoming/" + strings.Repeat("f/", 100) + "x.png",
		"punctuation":     `incoming/!-_.*'()&$@=;:,?"<>#[]{}|^~` + "`.png",
		"1,024 bytes":     "incoming/" + strings.Repeat("k", 1024-len("incoming/")),
	} {
		t.Run(name, func(t *testing.T) {
			content := asPNG(t, drawing(300, 150))
			if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &uploads, Key: &key, Body: bytes.NewReader(content)}); err != nil {
				t.Fatal(err)
			}
			p := processor{store: &s3Store{c, results}, settings: settings{maxPixels: defaultPixels}, now: time.Now, log: slog.New(slog.DiscardHandler)}
			if err := p.process(t.Context(), source{bucket: uploads, key: key}); err != nil {
				t.Fatal(err)
			}
			var d result.Description
			if err := json.Unmarshal(read(t.Context(), t, c, results, result.KeysFor(key).Description()), &d); err != nil {
				t.Fatal(err)
			}
			if d.Key != key || d.Width != 300 || d.Thumbnail == nil || d.ModifiedAt.IsZero() {
				t.Errorf("got %+v", d)
			}
			read(t.Context(), t, c, results, d.Thumbnail.Key)
		})
	}
}
