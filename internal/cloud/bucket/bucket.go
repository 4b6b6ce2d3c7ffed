package bucket

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/run"
)

// Bucket is one bucket. It may be used by several goroutines at once.
type Bucket struct {
	client *s3.Client
	name   string
}

// New returns an adapter. Endpoint is nil for AWS's own; another one is asked by path.
func New(cfg aws.Config, endpoint *string, name string) *Bucket {
	return &Bucket{s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = endpoint, endpoint != nil }), name}
}

// Version is one version of an object as a listing tells of it. VersionID is empty in a bucket that has never had
// versions, and "null" for what was written while it had none. Sequencer is always empty: only events have one.
type Version struct {
	run.Object
	Modified time.Time
	Latest   bool
}

// Versioned reports whether the bucket has versions, or has had them.
func (b *Bucket) Versioned(ctx context.Context) (bool, error) {
	out, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.name})
	if err != nil {
		return false, fmt.Errorf("read the versioning of bucket %s: %w", b.name, err)
	}
	return out.Status != "", nil
}

// Objects are the objects whose keys begin with prefix, in the order of their keys. An error is the last thing that it
// yields. A folder marker is an object like any other.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (b *Bucket) Objects(ctx context.Context, prefix string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Version{}, fmt.Errorf("list bucket %s: %w", b.name, err))
				return
			}
			for _, o := range page.Contents {
				if !yield(b.version(o.Key, nil, o.ETag, o.Size, o.LastModified, true), nil) {
					return
				}
			}
		}
	}
}

// Versions are the versions of the objects whose keys begin with prefix, those of one key from the newest to the
// oldest. Delete markers are none. An error is the last thing that it yields.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (b *Bucket) Versions(ctx context.Context, prefix string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Version{}, fmt.Errorf("list the versions in bucket %s: %w", b.name, err))
				return
			}
			for _, o := range page.Versions {
				if !yield(b.version(o.Key, o.VersionId, o.ETag, o.Size, o.LastModified, aws.ToBool(o.IsLatest)), nil) {
					return
				}
			}
		}
	}
}

// version is one entry of a listing. Listings write an ETag with quotes, and events without.
func (b *Bucket) version(key, id, etag *string, size *int64, modified *time.Time, latest bool) Version {
	return Version{
		Object: run.Object{
			Bucket: b.name, Key: aws.ToString(key), VersionID: aws.ToString(id),
			ETag: strings.Trim(aws.ToString(etag), `"`), Size: aws.ToInt64(size),
		},
		Modified: aws.ToTime(modified), Latest: latest,
	}
}
