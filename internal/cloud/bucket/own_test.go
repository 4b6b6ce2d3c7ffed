package bucket_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"slipway/internal/cloud/bucket"
	"slipway/internal/emulator"
)

func TestABucketWithVersionsIsEmptiedAndRemoved(t *testing.T) {
	ctx := t.Context()
	cfg, url := emulator.Config(t)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = url, true })
	name := fmt.Sprintf("emptied-%d", time.Now().UnixNano())
	b := bucket.New(cfg, url, name)
	if standing, err := b.Standing(ctx, "000000000000"); standing != bucket.Missing || err != nil {
		t.Errorf("got %s and %v, want it to be missing", standing, err)
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}))
	must(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}))
	for _, key := range []string{"stack/a", "stack/a", "stack-2/a", "b"} {
		must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("x")}))
	}
	must(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: aws.String("b")})) // leaves a marker and a version

	if err := b.Empty(ctx, "stack/"); err != nil {
		t.Fatal(err)
	}
	left, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &name})
	if err != nil || len(left.Versions) != 2 || len(left.DeleteMarkers) != 1 {
		t.Errorf("got %d versions, %d markers and %v, want only those below stack/ to be gone", len(left.Versions), len(left.DeleteMarkers), err)
	}
	if holds, err := b.Holds(ctx); !holds || err != nil {
		t.Errorf("got %v and %v, want it to hold something", holds, err)
	}
	if err := b.Remove(ctx); err == nil {
		t.Error("a bucket that holds something was removed")
	}
	for range 2 { // the second time it is gone already
		if err := b.Empty(ctx, ""); err != nil {
			t.Fatal(err)
		}
		if err := b.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if holds, err := b.Holds(ctx); holds || err != nil {
		t.Errorf("got %v and %v from a bucket that is gone", holds, err)
	}
}
